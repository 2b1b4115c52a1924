import { adjointMap, composeMaps, zeroVector, type ComplexVector, type DiagonalMap } from './complex-diagonals.ts';
import { InternalError } from '../../../ir/diagnostics.ts';

/**
 * The special Fourier transform of CKKS on n slots in SEAL's order: slot j is the root zeta^(3^j), zeta = exp(i pi / (2n)), so that the polynomial with
 * real coefficients t_0 .. t_(n-1) (and zeros up to 2n) has the slots w = V t, V[j][k] = zeta^(3^j k).
 *
 * V on inputs in bit-reversed order is a product of log2(n) butterfly stages (Cheon, Han, Hhan, eprint 2018/1073; Chen, Chillotti, Song, EUROCRYPT
 * 2019, section 4), stage s of length L = 2^(s+1): out[p] = in[p mod L/2] + zeta_(4L)^(3^p) in[p mod L/2 + L/2] for p in each block of L. For
 * L >= 4 the twiddles of the two halves differ in sign, since 3^(L/2) = 1 + 2L modulo 4L; for L = 2 they are zeta_8 and zeta_8^3: the squares of SEAL's
 * roots do not meet there, and V is not unitary. Its adjoint still gives the coefficients of any real polynomial: with 2n of them,
 * t_k = Re (V* w)_k / n for k < n, whatever the other n are.
 */
export function fourierStage(size: number, stage: number): DiagonalMap {
  const length = 2 ** (stage + 1);
  if (!(stage >= 0 && length <= size)) throw new InternalError(`no stage ${stage} in a transform of ${size} slots`);
  const half = length / 2;
  const diagonals = new Map<number, ComplexVector>();
  const at = (steps: number): ComplexVector => {
    const wrapped = (steps + size) % size;
    const vector = diagonals.get(wrapped) ?? zeroVector(length);
    diagonals.set(wrapped, vector);
    return vector;
  };
  let power = 1;
  for (let p = 0; p < length; p++) {
    const angle = (2 * Math.PI * power) / (4 * length);
    const twiddle = at(p < half ? half : 0);
    twiddle.re[p] += Math.cos(angle);
    twiddle.im[p] += Math.sin(angle);
    at(p < half ? 0 : -half).re[p] += 1;
    power = (power * 3) % (4 * length);
  }
  return { size, period: length, diagonals };
}

/** The product of the stages `first` to `last`, in order of application. */
export function mergedStages(size: number, first: number, last: number): DiagonalMap {
  let map = fourierStage(size, first);
  for (let stage = first + 1; stage <= last; stage++) map = composeMaps(fourierStage(size, stage), map);
  return map;
}

/** The adjoint of {@link mergedStages}: one factor of V*. */
export const mergedAdjointStages = (size: number, first: number, last: number): DiagonalMap =>
  adjointMap(mergedStages(size, first, last));
