/** Plain loops over the slots, each with one shape of operands so that they compile to tight code. */
type Vector = Float64Array;

export function add(out: Vector, a: Vector, b: Vector): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
}

export function sub(out: Vector, a: Vector, b: Vector): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] - b[i];
}

export function mul(out: Vector, a: Vector, b: Vector): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
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
  for (let i = 0; i < turn; i++) out[i] = a[i + steps] + strength * noise[from + i];
  for (let i = turn; i < out.length; i++) out[i] = a[i - turn] + strength * noise[from + i];
}

/** out[i] = a[i] * b[i] + sign * c[i] * d[i]. */
export function mulAdd(out: Vector, a: Vector, b: Vector, c: Vector, d: Vector, sign: 1 | -1): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i] + sign * (c[i] * d[i]);
}

/** Slots of even number times `sign`, the others times -sign. */
export function alternate(out: Vector, a: Vector, sign: 1 | -1): void {
  for (let i = 0; i < out.length; i += 2) {
    out[i] = sign * a[i];
    out[i + 1] = -sign * a[i + 1];
  }
}

/** out[i] = a[i] + factor * b[i]. */
export function addMultiple(out: Vector, a: Vector, b: Vector, factor: number): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i] + factor * b[i];
}
