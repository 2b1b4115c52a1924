const powerModulo = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  let result = 1n;
  let square = base % modulus;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
};

/** The first twelve primes: as bases they make Miller-Rabin exact below 3.3 * 10^24 (Sorenson and Webster, Math. Comp. 86, 2017). */
const witnesses = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n] as const;

/** Deterministic Miller-Rabin test, exact for every n below 2^64. */
export function isPrime(n: bigint): boolean {
  if (n < 2n) return false;
  for (const p of witnesses) if (n % p === 0n) return n === p;
  let odd = n - 1n;
  let twos = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos++;
  }
  return witnesses.every((base) => {
    let x = powerModulo(base, odd, n);
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < twos; i++) {
      x = (x * x) % n;
      if (x === n - 1n) return true;
    }
    return false;
  });
}

/** The largest prime at most `limit` that is 1 modulo `step` and not in `taken`; undefined when there is none. */
export function primeBelow(limit: bigint, step: bigint, taken: ReadonlySet<bigint>): bigint | undefined {
  for (let q = limit - ((limit - 1n) % step); q > step; q -= step) if (isPrime(q) && !taken.has(q)) return q;
  return undefined;
}

/** The prime nearest to `target` that is 1 modulo `step` and not in `taken`; undefined when there is none up to 2 * target. */
export function primeNearest(target: bigint, step: bigint, taken: ReadonlySet<bigint>): bigint | undefined {
  const below = target - ((target - 1n) % step);
  for (let k = 0n; k * step <= target; k++) {
    const low = below - k * step;
    const high = below + (k + 1n) * step;
    const order = target - low <= high - target ? [low, high] : [high, low];
    const found = order.find((q) => q > step && !taken.has(q) && isPrime(q));
    if (found !== undefined) return found;
  }
  return undefined;
}
