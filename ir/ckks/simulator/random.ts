/** A source of 32-bit integers, reproducible from its seed. Not for secrets. */
export type Random = () => number;

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/** xoshiro128** 1.1 (Blackman and Vigna, ACM TOMS 47, 2021), its state filled from `seeds` by a 32-bit mixer (MurmurHash3's finalizer). */
export function makeRandom(...seeds: readonly number[]): Random {
  let mixed = 0x9e3779b9;
  const next = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return z ^ (z >>> 16);
  };
  for (const seed of seeds) mixed = next() ^ seed;
  let [a, b, c, d] = [next(), next(), next(), next() | 1];
  return () => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotl(d, 11);
    return result >>> 0;
  };
}

/** One standard normal number (Box and Muller, 1958). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log((random() + 1) / 2 ** 32));
  return radius * Math.cos((2 * Math.PI * random()) / 2 ** 32);
}

/** `length` standard normal numbers: noise is taken from runs of this table at random places, which costs one addition a slot. */
export function normalTable(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => normal(random));
}
