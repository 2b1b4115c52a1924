import type { Backend } from '../backend.ts';

/**
 * A vector of slots: the real parts and, only where an op made some, the imaginary parts beside them. Real programs stay on real
 * vectors, and whoever reads a result as a vector of numbers reads its real parts, as decryption does.
 */
export type ClearVector = Float64Array & { readonly imaginary?: Float64Array };

type Part = Float64Array;

const complex = (real: Part, imaginary: Part): ClearVector => Object.assign(real, { imaginary });

const zip = (a: Part, b: Part, f: (x: number, y: number) => number): Part => {
  const one = b.length === 1;
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = f(a[i], b[one ? 0 : i]);
  return out;
};

const plus = (x: number, y: number): number => x + y;
const minus = (x: number, y: number): number => x - y;
const times = (x: number, y: number): number => x * y;
const negated = (a: Part): Part => a.map((x) => -x);

/** The slots of even number times `sign`, the others times -sign. */
const alternate = (a: Part, sign: 1 | -1): Part => a.map((x, j) => (j % 2 === 0 ? sign * x : -sign * x));

/** A public vector beside the slots of `a`: one of twice the slots is complex. */
const publicVector = (a: ClearVector, p: Part): ClearVector =>
  p.length === 2 * a.length ? complex(p.slice(0, a.length), p.subarray(a.length)) : p;

const linear = (a: ClearVector, b: ClearVector, f: (x: number, y: number) => number): ClearVector => {
  const real = zip(a, b, f);
  if (!a.imaginary && !b.imaginary) return real;
  const none = new Float64Array(a.length);
  const imaginary = zip(a.imaginary ?? none, b.imaginary ?? none, f);
  // A vector and its conjugate add up to a real one: what follows is twice as fast.
  return imaginary.some((x) => x !== 0) ? complex(real, imaginary) : real;
};

const product = (a: ClearVector, b: ClearVector): ClearVector => {
  const [real, ai, bi] = [zip(a, b, times), a.imaginary, b.imaginary];
  if (ai && bi) return complex(zip(real, zip(ai, bi, times), minus), zip(zip(a, bi, times), zip(ai, b, times), plus));
  if (ai) return complex(real, zip(ai, b, times));
  return bi ? complex(real, zip(a, bi, times)) : real;
};

/** Rotation to the left by `steps`, 0 < steps < a.length. */
function rotateLeft(a: Part, steps: number): Part {
  const out = new Float64Array(a.length);
  out.set(a.subarray(steps));
  out.set(a.subarray(0, steps), a.length - steps);
  return out;
}

/** Applies a function of real vectors to each part. */
const parts = (a: ClearVector, f: (part: Part) => Part): ClearVector =>
  a.imaginary ? complex(f(a), f(a.imaginary)) : f(a);

/** Exact doubles: what a program means. A ciphertext is its vector of slots; levels, scales and secrets play no part. */
export const clearBackend: Backend<ClearVector, Float64Array> = {
  name: 'clear',
  encode: (vector) => vector,
  add: (a, b) => linear(a, b, plus),
  sub: (a, b) => linear(a, b, minus),
  negate: (a) => parts(a, negated),
  mul: product,
  addPlain: (a, p) => linear(a, publicVector(a, p), plus),
  mulPlain: (a, p) => product(a, publicVector(a, p)),
  relinearize: (a) => a,
  rescale: (a) => a,
  modSwitch: (a) => a,
  rotate: (a, steps) => parts(a, (part) => rotateLeft(part, steps)),
  conjugate: (a) => (a.imaginary ? complex(a.slice(), negated(a.imaginary)) : a),
  mulI: (a) => complex(alternate(a.imaginary ?? new Float64Array(a.length), -1), alternate(a, 1)),
  modRaise: (a) => a,
  switchKey: (a) => a,
  releaseCipher: () => undefined,
  releasePlain: () => undefined,
};
