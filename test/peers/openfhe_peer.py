"""OpenFHE's CKKS rotation and bootstrap at parameters like fhec's, one at a time on request, so that another program can take turns.

Usage: openfhe_peer.py LOG2_RING_DEGREE, with OMP_NUM_THREADS set. Prints a JSON object when it is ready; then answers each line `rotate` or `bootstrap` on
standard input with a JSON object. Needs the package `openfhe` (1.6 or newer, for the sparse encapsulation).
N = 2^16 has 128-bit security by OpenFHE's own check; at N = 2^15 no set of OpenFHE's fits, so that the check is off and the result says so.
"""

import json
import math
import random
import sys
import time

import openfhe as fhe

LEVELS_LEFT = 5
LEVEL_BUDGET = [3, 3]
LARGE_DIGITS = 3


def context(log_degree):
    parameters = fhe.CCParamsCKKSRNS()
    distribution = fhe.SecretKeyDist.SPARSE_ENCAPSULATED
    parameters.SetSecretKeyDist(distribution)
    secure = log_degree >= 16
    level = fhe.SecurityLevel.HEStd_128_classic if secure else fhe.SecurityLevel.HEStd_NotSet
    parameters.SetSecurityLevel(level)
    parameters.SetRingDim(1 << log_degree)
    parameters.SetScalingTechnique(fhe.ScalingTechnique.FIXEDAUTO)
    parameters.SetKeySwitchTechnique(fhe.KeySwitchTechnique.HYBRID)
    parameters.SetNumLargeDigits(LARGE_DIGITS)
    parameters.SetScalingModSize(50)
    parameters.SetFirstModSize(57)
    depth = LEVELS_LEFT + fhe.CryptoContext.GetBootstrapDepth(LEVEL_BUDGET, distribution)
    parameters.SetMultiplicativeDepth(depth)
    made = fhe.GenCryptoContext(parameters)
    for feature in ("PKE", "KEYSWITCH", "LEVELEDSHE", "ADVANCEDSHE", "FHE"):
        made.Enable(getattr(fhe.PKESchemeFeature, feature))
    return made, depth, secure


def timed(action):
    began = time.perf_counter()
    result = action()
    return result, time.perf_counter() - began


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    log_degree = int(sys.argv[1])
    crypto, depth, secure = context(log_degree)
    slots = 1 << (log_degree - 1)
    keys = crypto.KeyGen()
    crypto.EvalMultKeyGen(keys.secretKey)
    crypto.EvalRotateKeyGen(keys.secretKey, [1])
    values = [random.uniform(-1, 1) for _ in range(slots)]
    fresh = crypto.Encrypt(keys.publicKey, crypto.MakeCKKSPackedPlaintext(values))
    spent = None
    say({"ringDegree": 1 << log_degree, "secure": secure, "primes": depth + 1, "digits": LARGE_DIGITS})
    for line in sys.stdin:
        if line.strip() == "rotate":
            _, seconds = timed(lambda: crypto.EvalRotate(fresh, 1))
            say({"seconds": seconds})
            continue
        if spent is None:
            crypto.EvalBootstrapSetup(LEVEL_BUDGET, [0, 0], slots)
            crypto.EvalBootstrapKeyGen(keys.secretKey, slots)
            plain = crypto.MakeCKKSPackedPlaintext(values, 1, depth - 1)
            plain.SetLength(slots)
            spent = crypto.Encrypt(keys.publicKey, plain)
        result, seconds = timed(lambda: crypto.EvalBootstrap(spent))
        found = crypto.Decrypt(result, keys.secretKey)
        found.SetLength(slots)
        errors = [abs(a - b) for a, b in zip(values, found.GetRealPackedValue())]
        say(
            {
                "seconds": seconds,
                "levelsLeft": depth - result.GetLevel(),
                "bitsMean": -math.log2(sum(errors) / slots),
                "bitsWorst": -math.log2(max(errors)),
            }
        )


main()
