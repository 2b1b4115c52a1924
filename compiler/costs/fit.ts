import { costModel } from '../../passes/analysis/cost-model.ts';
import {
  costedOps,
  sealWasmCosts,
  type Coefficients,
  type CostedOp,
  type CostTable,
} from '../../passes/analysis/cost-table.ts';
import { nativeParts, nativeWork, type NativeSpeed } from '../../passes/analysis/native-costs.ts';

/** One op as measured, on an operand (for mod_raise: to a result) of so many primes. */
export interface Measured {
  readonly op: CostedOp;
  readonly ringDegree: number;
  readonly primes: number;
  readonly specialPrimes: number;
  readonly seconds: number;
}

const rounds = 2000;

/**
 * The speed whose predictions are nearest to the measurements by the square of the relative error, no part below zero: coordinate descent on the
 * normal equations (Franc, Hlavac, Navara, Sequential coordinate-wise algorithm for the non-negative least squares problem, CAIP 2005).
 */
export function fitNativeSpeed(measured: readonly Measured[]): NativeSpeed {
  const rows = measured.map(({ op, ringDegree, primes, specialPrimes, seconds }) => {
    const work = nativeWork(op, specialPrimes, ringDegree, primes);
    return nativeParts.map((part) => work[part] / seconds);
  });
  const size = nativeParts.length;
  const gram = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)),
  );
  const gradient = Array.from({ length: size }, (_, i) => -rows.reduce((sum, row) => sum + row[i], 0));
  const speed = new Array<number>(size).fill(0);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < size; i++) {
      if (gram[i][i] === 0) continue;
      const next = Math.max(0, speed[i] - gradient[i] / gram[i][i]);
      const step = next - speed[i];
      speed[i] = next;
      for (let j = 0; j < size; j++) gradient[j] += step * gram[j][i];
    }
  }
  const [transform, keyProduct, pass, embedding, call] = speed;
  return { transform, keyProduct, pass, embedding, call };
}

/** What is not measured costs as much more or less than shipped as this op. */
const measuredBy: Partial<Record<CostedOp, CostedOp>> = { switch_key: 'relinearize' };

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * SEAL's costs on this machine: the shipped curves over the primes, each op at each measured ring degree times the median of measured over
 * predicted. Curves keep their shape, since SEAL's algorithms are the same everywhere.
 */
export function scaleSealCosts(measured: readonly Measured[]): CostTable {
  const shipped = costModel(sealWasmCosts);
  const degrees = [...new Set(measured.map((m) => m.ringDegree))].sort((a, b) => a - b);
  const tables = degrees.map((ringDegree) => {
    const factorOf = (op: CostedOp): number => {
      const of = measured.filter((m) => m.op === (measuredBy[op] ?? op) && m.ringDegree === ringDegree);
      const factors = of.map((m) => m.seconds / shipped.seconds(m.op, ringDegree, m.primes));
      return factors.length > 0 ? median(factors) : 1;
    };
    const row = costedOps.map((op) => [op, curveOf(op, ringDegree, factorOf(op))] as const);
    return [String(ringDegree), Object.fromEntries(row) as Record<CostedOp, Coefficients>] as const;
  });
  return Object.fromEntries(tables);
}

/** The shipped curve of an op, in milliseconds, through three of its points, so that degrees outside the shipped table are scaled as it scales. */
function curveOf(op: CostedOp, ringDegree: number, factor: number): Coefficients {
  const shipped = costModel(sealWasmCosts);
  const at = (primes: number): number => 1000 * factor * shipped.seconds(op, ringDegree, primes);
  const [y0, y1, y2] = [at(0), at(1), at(2)];
  const c = (y2 - 2 * y1 + y0) / 2;
  return [y0, y1 - y0 - c, c];
}
