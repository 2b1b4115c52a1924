"""Times OpenFHE's CKKS bootstrap and rotation at parameters like fhec's; prints one JSON object.

Usage: openfhe.py LOG2_RING_DEGREE REPETITIONS, with OMP_NUM_THREADS set. Needs the package `openfhe` (1.6 or newer, for the sparse encapsulation).
N = 2^16 has 128-bit security by OpenFHE's own check; at N = 2^15 no set of OpenFHE's fits, so that the check is off and the result says so.
"""

import json
import math
import random
import statistics
import sys
import time

import openfhe as fhe

LEVELS_LEFT = 5
LEVEL_BUDGET = [3, 3]


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
    parameters.SetNumLargeDigits(3)
    parameters.SetScalingModSize(50)
    parameters.SetFirstModSize(57)
    depth = LEVELS_LEFT + fhe.CryptoContext.GetBootstrapDepth(LEVEL_BUDGET, distribution)
    parameters.SetMultiplicativeDepth(depth)
    made = fhe.GenCryptoContext(parameters)
    for feature in ("PKE", "KEYSWITCH", "LEVELEDSHE", "ADVANCEDSHE", "FHE"):
        made.Enable(getattr(fhe.PKESchemeFeature, feature))
    return made, depth, secure


def timed(action, repetitions):
    action()
    seconds = []
    for _ in range(repetitions):
        began = time.perf_counter()
        result = action()
        seconds.append(time.perf_counter() - began)
    return result, statistics.median(seconds)


def main():
    log_degree, repetitions = int(sys.argv[1]), int(sys.argv[2])
    crypto, depth, secure = context(log_degree)
    slots = 1 << (log_degree - 1)
    crypto.EvalBootstrapSetup(LEVEL_BUDGET, [0, 0], slots)
    keys = crypto.KeyGen()
    crypto.EvalMultKeyGen(keys.secretKey)
    crypto.EvalBootstrapKeyGen(keys.secretKey, slots)
    crypto.EvalRotateKeyGen(keys.secretKey, [1])
    values = [random.uniform(-1, 1) for _ in range(slots)]

    fresh = crypto.Encrypt(keys.publicKey, crypto.MakeCKKSPackedPlaintext(values))
    _, rotation = timed(lambda: crypto.EvalRotate(fresh, 1), 5)

    spent = crypto.MakeCKKSPackedPlaintext(values, 1, depth - 1)
    spent.SetLength(slots)
    cipher = crypto.Encrypt(keys.publicKey, spent)
    result, bootstrap = timed(lambda: crypto.EvalBootstrap(cipher), repetitions)
    plain = crypto.Decrypt(result, keys.secretKey)
    plain.SetLength(slots)
    errors = [abs(a - b) for a, b in zip(values, plain.GetRealPackedValue())]
    print(
        json.dumps(
            {
                "ringDegree": 1 << log_degree,
                "secure": secure,
                "primes": depth + 1,
                "rotationSeconds": rotation,
                "bootstrapSeconds": bootstrap,
                "levelsLeft": depth - result.GetLevel(),
                "bitsMean": -math.log2(sum(errors) / slots),
                "bitsWorst": -math.log2(max(errors)),
            }
        )
    )


main()
