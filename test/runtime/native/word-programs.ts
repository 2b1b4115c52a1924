import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { isPrime } from '../../../passes/schedule/primes.ts';

/** A modulus chain with one special prime, far too small to be secure. */
export interface SmallParameters {
  readonly ringDegree: number;
  readonly primes: readonly bigint[];
  readonly specialPrime: bigint;
}

/** A prime of exactly `bits` bits that is 1 modulo `step`, searched from a place that `salt` picks. */
function primeOf(bits: number, step: bigint, salt: number, taken: ReadonlySet<bigint>): bigint {
  const low = 1n << BigInt(bits - 1);
  const count = low / step;
  for (let k = 0n; k < count; k++) {
    const q = low + ((BigInt(salt) + k) % count) * step + 1n;
    if (!taken.has(q) && isPrime(q)) return q;
  }
  throw new Error(`no prime of ${bits} bits that is 1 modulo ${step}`);
}

/** N of 1024 to 4096, two to six primes of 20 to 60 bits, and a special prime of 60. */
export const smallParameters: fc.Arbitrary<SmallParameters> = fc
  .record({
    logDegree: fc.integer({ min: 10, max: 12 }),
    primes: fc.array(fc.record({ bits: fc.integer({ min: 20, max: 60 }), salt: fc.nat() }), {
      minLength: 2,
      maxLength: 6,
    }),
  })
  .map(({ logDegree, primes }) => {
    const ringDegree = 2 ** logDegree;
    const taken = new Set<bigint>();
    for (const { bits, salt } of [...primes, { bits: 60, salt: 1 }])
      taken.add(primeOf(bits, BigInt(2 * ringDegree), salt, taken));
    const all = [...taken];
    return { ringDegree, primes: all.slice(0, -1), specialPrime: all[all.length - 1] };
  });

/** Words below their primes, [part][prime][coefficient]: any number of them zero or the largest, since edges break arithmetic. */
export function randomWords(seed: number, parts: number, ringDegree: number, primes: readonly bigint[]): Uint8Array {
  const key = Buffer.alloc(16);
  key.writeUInt32LE(seed >>> 0);
  const stream = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
  const bytes = new Uint8Array(stream.update(Buffer.alloc(8 * parts * ringDegree * primes.length)));
  const halves = new Uint32Array(bytes.buffer);
  let at = 0;
  for (let part = 0; part < parts; part++) {
    for (const q of primes) {
      const [top, bottom] = [Number(q >> 32n), Number(q & 0xffffffffn)];
      const topMask = top === 0 ? 0 : 2 ** (32 - Math.clz32(top)) - 1;
      const bottomMask = top === 0 ? 2 ** (32 - Math.clz32(bottom)) - 1 : 0xffffffff;
      for (let j = 0; j < ringDegree; j++, at += 2) {
        const chance = halves[at + 1] >>> 27;
        let high = (halves[at + 1] & topMask) >>> 0;
        let low = (halves[at] & bottomMask) >>> 0;
        if (chance === 0) high = low = 0;
        else if (chance === 1 || high > top || (high === top && low >= bottom)) {
          // The largest word; primes are odd.
          [high, low] = [top, bottom - 1];
        }
        [halves[at], halves[at + 1]] = [low, high];
      }
    }
  }
  return bytes;
}

/** What a value of a program looks like. */
export interface Shape {
  readonly level: number;
  readonly parts: number;
  readonly scale: number;
}

/** One operation on values by number: the two inputs first, then one result for each step. */
export type Step =
  | { readonly op: 'add' | 'sub' | 'multiply'; readonly a: number; readonly b: number }
  | { readonly op: 'negate' | 'square' | 'rescale'; readonly a: number }
  | { readonly op: 'add_plain' | 'multiply_plain'; readonly a: number; readonly seed: number; readonly scale: number }
  | { readonly op: 'mod_switch'; readonly a: number; readonly level: number }
  /** The second part is put to zero first, so that SEAL's key switch adds nothing. */
  | { readonly op: 'automorphism'; readonly a: number; readonly steps: number };

export interface WordProgram {
  readonly inputs: readonly { readonly seed: number; readonly shape: Shape }[];
  readonly steps: readonly Step[];
  readonly shapes: readonly Shape[];
}

/** The only rotations of random programs; 0 is the conjugation, as in SEAL. */
export const automorphismSteps = [0, 1, 3, 64];

const plainScale = 2 ** 5;

const operations = [
  'add',
  'sub',
  'multiply',
  'negate',
  'square',
  'rescale',
  'add_plain',
  'multiply_plain',
  'mod_switch',
  'automorphism',
] as const;

const choice = fc.record({
  op: fc.constantFrom(...operations),
  a: fc.nat(1000),
  b: fc.nat(1000),
  k: fc.nat(2 ** 30),
});

type Choice = typeof choice extends fc.Arbitrary<infer T> ? T : never;

/** SEAL refuses scales beyond the modulus. */
const fits = (scale: number, { primes }: SmallParameters, level: number): boolean =>
  Math.log2(scale) < primes.slice(0, level + 1).reduce((bits, q) => bits + Math.log2(Number(q)), -2);

function write(parameters: SmallParameters, seed: number, choices: readonly Choice[]): WordProgram {
  const level = parameters.primes.length - 1;
  const inputs = [seed, seed + 1].map((s) => ({ seed: s, shape: { level, parts: 2, scale: 2 ** 6 } }));
  const shapes: Shape[] = inputs.map((i) => i.shape);
  const steps: Step[] = [];
  const push = (step: Step, shape: Shape): void => {
    steps.push(step);
    shapes.push(shape);
  };
  for (const { op, a: first, b: second, k } of choices) {
    const recent = Math.min(shapes.length, 4);
    const a = shapes.length - 1 - (first % recent);
    const x = shapes[a];
    const same = shapes.flatMap((s, i) => (s.level === x.level && s.scale === x.scale ? [i] : []));
    const pairs = shapes.flatMap((s, i) => (s.level === x.level && s.parts === 2 ? [i] : []));
    if (op === 'add' || op === 'sub') {
      const b = same[second % same.length];
      push({ op, a, b }, { ...x, parts: Math.max(x.parts, shapes[b].parts) });
    } else if (op === 'multiply' || op === 'square') {
      if (x.parts !== 2) continue;
      const b = op === 'square' ? a : pairs[second % pairs.length];
      const scale = x.scale * shapes[b].scale;
      if (fits(scale, parameters, x.level)) {
        push(op === 'square' ? { op, a } : { op, a, b }, { ...x, parts: 3, scale });
      }
    } else if (op === 'negate') push({ op, a }, x);
    else if (op === 'rescale') {
      if (x.level > 0)
        push({ op, a }, { ...x, level: x.level - 1, scale: x.scale / Number(parameters.primes[x.level]) });
    } else if (op === 'add_plain') push({ op, a, seed: k, scale: x.scale }, x);
    else if (op === 'multiply_plain') {
      const scale = x.scale * plainScale;
      if (fits(scale, parameters, x.level)) push({ op, a, seed: k, scale: plainScale }, { ...x, scale });
    } else if (op === 'mod_switch') {
      const to = second % (x.level + 1);
      if (to < x.level && fits(x.scale, parameters, to)) push({ op, a, level: to }, { ...x, level: to });
    } else if (x.parts === 2) push({ op, a, steps: automorphismSteps[k % automorphismSteps.length] }, x);
  }
  return { inputs, steps, shapes };
}

/** Random programs over these parameters. */
export const wordPrograms = (parameters: SmallParameters): fc.Arbitrary<WordProgram> =>
  fc
    .tuple(fc.nat(2 ** 30), fc.array(choice, { minLength: 4, maxLength: 14 }))
    .map(([seed, choices]) => write(parameters, seed, choices));
