import type { Backend } from '../backend.ts';

type Vector = Float64Array;

const zip = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector => {
  const one = b.length === 1;
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = f(a[i], b[one ? 0 : i]);
  return out;
};

/** Rotation to the left by `steps`, 0 < steps < a.length. */
function rotateLeft(a: Vector, steps: number): Vector {
  const out = new Float64Array(a.length);
  out.set(a.subarray(steps));
  out.set(a.subarray(0, steps), a.length - steps);
  return out;
}

/** Exact doubles: what a program means. A ciphertext is its vector of slots; levels and scales play no part. */
export const clearBackend: Backend<Vector, Vector> = {
  name: 'clear',
  encode: (vector) => vector,
  add: (a, b) => zip(a, b, (x, y) => x + y),
  sub: (a, b) => zip(a, b, (x, y) => x - y),
  negate: (a) => a.map((x) => -x),
  mul: (a, b) => zip(a, b, (x, y) => x * y),
  addPlain: (a, p) => zip(a, p, (x, y) => x + y),
  mulPlain: (a, p) => zip(a, p, (x, y) => x * y),
  relinearize: (a) => a,
  rescale: (a) => a,
  modSwitch: (a) => a,
  rotate: rotateLeft,
  releaseCipher: () => undefined,
  releasePlain: () => undefined,
};
