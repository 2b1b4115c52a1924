/**
 * Plain loops over the slots, each with one shape of operands so that they compile to tight code. The commonest are written out four at a time:
 * measured twice as fast in V8 as a simple loop.
 */
type Vector = Float64Array;

export function add(out: Vector, a: Vector, b: Vector): void {
  const whole = out.length - (out.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const w = a[i] + b[i];
    const x = a[i + 1] + b[i + 1];
    const y = a[i + 2] + b[i + 2];
    const z = a[i + 3] + b[i + 3];
    out[i] = w;
    out[i + 1] = x;
    out[i + 2] = y;
    out[i + 3] = z;
  }
  for (let i = whole; i < out.length; i++) out[i] = a[i] + b[i];
}

export function sub(out: Vector, a: Vector, b: Vector): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] - b[i];
}

export function mul(out: Vector, a: Vector, b: Vector): void {
  const whole = out.length - (out.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const w = a[i] * b[i];
    const x = a[i + 1] * b[i + 1];
    const y = a[i + 2] * b[i + 2];
    const z = a[i + 3] * b[i + 3];
    out[i] = w;
    out[i + 1] = x;
    out[i + 2] = y;
    out[i + 3] = z;
  }
  for (let i = whole; i < out.length; i++) out[i] = a[i] * b[i];
}

/** out[i] += a[i] * b[i] + c[i] * d[i] + ...: sums of many products are memory's work, so four are added in one pass over `out`. */
export function addFourProducts(
  out: Vector,
  a: Vector,
  b: Vector,
  c: Vector,
  d: Vector,
  e: Vector,
  f: Vector,
  g: Vector,
  h: Vector,
): void {
  const whole = out.length - (out.length % 2);
  for (let i = 0; i < whole; i += 2) {
    const x = a[i] * b[i] + c[i] * d[i] + (e[i] * f[i] + g[i] * h[i]);
    const j = i + 1;
    const y = a[j] * b[j] + c[j] * d[j] + (e[j] * f[j] + g[j] * h[j]);
    out[i] += x;
    out[j] += y;
  }
  for (let i = whole; i < out.length; i++) out[i] += a[i] * b[i] + c[i] * d[i] + (e[i] * f[i] + g[i] * h[i]);
}

export function addTwoProducts(out: Vector, a: Vector, b: Vector, c: Vector, d: Vector): void {
  for (let i = 0; i < out.length; i++) out[i] += a[i] * b[i] + c[i] * d[i];
}

export function addProduct(out: Vector, a: Vector, b: Vector): void {
  for (let i = 0; i < out.length; i++) out[i] += a[i] * b[i];
}

/** out += a * b, complex: real parts without, imaginary parts with an i. */
export function addComplexProduct(out: Vector, outi: Vector, a: Vector, ai: Vector, b: Vector, bi: Vector): void {
  for (let i = 0; i < out.length; i++) {
    const x = a[i];
    const xi = ai[i];
    const y = b[i];
    const yi = bi[i];
    out[i] += x * y - xi * yi;
    outi[i] += x * yi + xi * y;
  }
}

/** out[i] += factor * a[i]. */
export function addMultiple(out: Vector, a: Vector, factor: number): void {
  for (let i = 0; i < out.length; i++) out[i] += factor * a[i];
}

export function addNumber(out: Vector, a: Vector, b: number): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] + b;
}

export function mulNumber(out: Vector, a: Vector, b: number): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] * b;
}

/** out[i] = a[i + steps] + strength * noise[from + i], the slots being a circle. */
export function rotateWithNoise(
  out: Vector,
  a: Vector,
  steps: number,
  noise: Float32Array,
  from: number,
  strength: number,
): void {
  const turn = out.length - steps;
  addNoise(out, 0, turn, a, steps, noise, from, strength);
  addNoise(out, turn, out.length, a, -turn, noise, from, strength);
}

/** out[i] = a[i + shift] + strength * noise[from + i] for i from `start` to before `end`. */
function addNoise(
  out: Vector,
  start: number,
  end: number,
  a: Vector,
  shift: number,
  noise: Float32Array,
  from: number,
  strength: number,
): void {
  const whole = end - ((end - start) % 4);
  for (let i = start; i < whole; i += 4) {
    const w = a[i + shift] + strength * noise[from + i];
    const x = a[i + shift + 1] + strength * noise[from + i + 1];
    const y = a[i + shift + 2] + strength * noise[from + i + 2];
    const z = a[i + shift + 3] + strength * noise[from + i + 3];
    out[i] = w;
    out[i + 1] = x;
    out[i + 2] = y;
    out[i + 3] = z;
  }
  for (let i = whole; i < end; i++) out[i] = a[i + shift] + strength * noise[from + i];
}

/** Slots of even number times `sign`, the others times -sign. */
export function alternate(out: Vector, a: Vector, sign: 1 | -1): void {
  for (let i = 0; i < out.length; i += 2) {
    out[i] = sign * a[i];
    out[i + 1] = -sign * a[i + 1];
  }
}
