import { InternalError } from '../../ir/diagnostics.ts';
import { sealWasmCosts, type CostedOp, type CostTable } from './cost-table.ts';

/** What each op costs on one machine and one back end. */
export interface CostModel {
  /** Seconds of `op` at a ring degree on an operand of `primes` primes (level + 1). */
  readonly seconds: (op: CostedOp, ringDegree: number, primes: number) => number;
}

/** A model from a table; a ring degree outside it costs what the nearest one costs, times the ratio of N log N. */
export function costModel(table: CostTable): CostModel {
  const degrees = Object.keys(table).map(Number);
  if (degrees.length === 0) throw new InternalError('a cost table needs at least one ring degree');
  const work = (n: number): number => n * Math.log2(n);
  return {
    seconds: (op, ringDegree, primes) => {
      const distance = (n: number): number => Math.abs(Math.log2(n / ringDegree));
      const nearest = degrees.reduce((best, n) => (distance(n) < distance(best) ? n : best));
      const [a, b, c] = table[nearest][op];
      const milliseconds = a + b * primes + c * primes * primes;
      return (milliseconds * (work(ringDegree) / work(nearest))) / 1000;
    },
  };
}

/** SEAL in WebAssembly, as measured. */
export const defaultCostModel: CostModel = costModel(sealWasmCosts);

const bytesPerResidue = 8;

/** Bytes of a ciphertext in memory: `size` polynomials with a residue of 8 bytes for each coefficient and prime. */
export function ciphertextBytes(ringDegree: number, primes: number, size = 2): number {
  return size * primes * ringDegree * bytesPerResidue;
}
