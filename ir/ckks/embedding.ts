/**
 * The canonical embedding of CKKS (Cheon, Kim, Kim, Song, ASIACRYPT 2017, section 3.2) in SEAL's order of slots: slot j of a polynomial p with N real
 * coefficients is p(zeta^(3^j)), zeta = exp(i * pi / N), so that a rotation by k to the left is the automorphism X -> X^(3^k). The other N / 2 roots
 * give the conjugates.
 */
export interface Embedding {
  readonly ringDegree: number;
  /** N coefficients -> N / 2 slots. */
  readonly toSlots: (coefficients: Float64Array) => ComplexVector;
  /** N / 2 slots -> N coefficients: the inverse. */
  readonly toCoefficients: (slots: ComplexVector) => Float64Array;
}

export interface ComplexVector {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** exp(i * pi * k / n) for k below `count`. */
function rootTable(count: number, n: number): ComplexVector {
  const angle = (k: number): number => (Math.PI * k) / n;
  return {
    real: Float64Array.from({ length: count }, (_, k) => Math.cos(angle(k))),
    imaginary: Float64Array.from({ length: count }, (_, k) => Math.sin(angle(k))),
  };
}

/**
 * Tables for one ring degree N, a power of two from 4 on. The root zeta^(4k + 1) is zeta times the k-th power of a primitive root of order N / 2: with
 * X^(N/2) = i there, values at all of these roots are one complex transform of N / 2 points; 3^j meets each of them or its conjugate.
 */
export function makeEmbedding(ringDegree: number): Embedding {
  const slots = ringDegree / 2;
  const twist = rootTable(slots, ringDegree);
  const roots = rootTable(slots / 2, slots / 2);
  const place = new Int32Array(slots);
  const conjugated = new Uint8Array(slots);
  for (let j = 0, element = 1; j < slots; j++, element = (element * 3) % (2 * ringDegree)) {
    conjugated[j] = element % 4 === 3 ? 1 : 0;
    place[j] = ((conjugated[j] ? 2 * ringDegree - element : element) - 1) / 4;
  }
  return {
    ringDegree,
    toSlots: (coefficients) => {
      const points = { real: new Float64Array(slots), imaginary: new Float64Array(slots) };
      for (let n = 0; n < slots; n++) {
        const [a, b, c, s] = [coefficients[n], coefficients[n + slots], twist.real[n], twist.imaginary[n]];
        points.real[n] = a * c - b * s;
        points.imaginary[n] = a * s + b * c;
      }
      transform(points, roots, 1);
      const [real, imaginary] = [new Float64Array(slots), new Float64Array(slots)];
      for (let j = 0; j < slots; j++) {
        const k = place[j];
        real[j] = points.real[k];
        imaginary[j] = conjugated[j] ? -points.imaginary[k] : points.imaginary[k];
      }
      return { real, imaginary };
    },
    toCoefficients: ({ real, imaginary }) => {
      const points = { real: new Float64Array(slots), imaginary: new Float64Array(slots) };
      for (let j = 0; j < slots; j++) {
        points.real[place[j]] = real[j] / slots;
        points.imaginary[place[j]] = (conjugated[j] ? -imaginary[j] : imaginary[j]) / slots;
      }
      transform(points, roots, -1);
      const coefficients = new Float64Array(ringDegree);
      for (let n = 0; n < slots; n++) {
        const [a, b, c, s] = [points.real[n], points.imaginary[n], twist.real[n], twist.imaginary[n]];
        coefficients[n] = a * c + b * s;
        coefficients[n + slots] = b * c - a * s;
      }
      return coefficients;
    },
  };
}

/**
 * x[k] becomes the sum over n of x[n] w^(sign * k * n), w the root of order x.length whose first powers stand in `roots`, in place (Cooley and
 * Tukey, Math. Comp. 19, 1965).
 */
function transform({ real, imaginary }: ComplexVector, roots: ComplexVector, sign: 1 | -1): void {
  const length = real.length;
  reverseBits(real);
  reverseBits(imaginary);
  for (let half = 1; half < length; half *= 2) {
    const stride = length / (2 * half);
    for (let from = 0; from < length; from += 2 * half) {
      for (let k = 0; k < half; k++) {
        const [c, s] = [roots.real[k * stride], sign * roots.imaginary[k * stride]];
        const [low, high] = [from + k, from + k + half];
        const x = real[high] * c - imaginary[high] * s;
        const y = real[high] * s + imaginary[high] * c;
        real[high] = real[low] - x;
        imaginary[high] = imaginary[low] - y;
        real[low] += x;
        imaginary[low] += y;
      }
    }
  }
}

/** Moves every element to the index with its bits in reverse order. */
function reverseBits(x: Float64Array): void {
  for (let i = 1, j = 0; i < x.length; i++) {
    let bit = x.length / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) [x[i], x[j]] = [x[j], x[i]];
  }
}
