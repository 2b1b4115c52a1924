import type { Program, Register } from '../../ir/program/program.ts';
import type { CostedOp } from '../../passes/analysis/cost-table.ts';
import {
  defaultNativeSpeed,
  defaultNativeThreads,
  nativeWork,
  secondsOfWork,
  type NativePiece,
} from '../../passes/analysis/native-costs.ts';
import { fuseProgram } from '../../runtime/native/fuse.ts';
import { ciphersOf, isExtended, resultsOf, type FusedCall } from '../../runtime/native/fused-steps.ts';
import { encodesAnew } from '../../runtime/native/plaintext-store.ts';
import { fusedShapes } from '../../runtime/native/register-shapes.ts';
import type { NativeBudget } from '../../runtime/server/native-memory.ts';
import type { NativeCosts } from '../costs/cost-file.ts';

/** How often a call does what. */
type Counted = readonly [what: CostedOp | NativePiece, times: number];

/**
 * The seconds that one input takes on so many threads of the native engine when the weights that fit are encoded, by the calls into which the program is
 * fused: each is counted by its pieces. `costs`: of this machine, by default as shipped; threads are taken to share the work evenly.
 */
export function forecastNative(
  program: Program,
  { fusion, plaintexts }: NativeBudget,
  threads: number,
  costs: Pick<NativeCosts, 'threads' | 'speed'> = { threads: defaultNativeThreads, speed: defaultNativeSpeed },
): number {
  const { ringDegree, specialPrimes } = program.parameters;
  const steps = fuseProgram(program, fusion);
  const encodes = encodesAnew(program, steps, plaintexts);
  const shapes = fusedShapes(program, steps);
  const extended = new Set(steps.flatMap(({ call }) => (isExtended(call) ? resultsOf(call) : [])));
  const price = (primes: number, [what, times]: Counted): number =>
    times * secondsOfWork(nativeWork(what, specialPrimes.length, ringDegree, primes), costs.speed);
  const seconds = steps.reduce((total, { call }, s) => {
    const primes = 1 + (shapes.get(call.kind === 'instruction' ? operandOf(call) : ciphersOf(call)[0])?.level ?? 0);
    const plainPrimes = primes + (isExtended(call) ? specialPrimes.length : 0);
    const pieces = piecesOf(call, (r) => extended.has(r));
    return pieces.reduce(
      (sum, piece) => sum + price(piece[0] === 'weigh' ? plainPrimes : primes, piece),
      total + price(plainPrimes, ['encode', encodes[s]]),
    );
  }, 0);
  return (seconds * costs.threads) / threads;
}

/** The register whose primes decide what an instruction costs: its operand, but what a raise makes. */
const operandOf = ({ instruction, out }: Extract<FusedCall, { kind: 'instruction' }>): Register =>
  instruction.op === 'mod_raise' ? out : instruction.args[0];

function piecesOf(call: FusedCall, isWhole: (r: Register) => boolean): readonly Counted[] {
  switch (call.kind) {
    case 'instruction':
      return [[call.instruction.op, 1]];
    case 'automorphisms': {
      const { length } = call.results;
      return [
        ['split', 1],
        ['switch', length],
        ['divide', call.extended ? 0 : length],
      ];
    }
    case 'automorphism_add':
      // Of a source before the division one part is divided, and turned.
      return [
        ['split', 1],
        ['switch', 1],
        ['divide', (call.extended ? 0 : 1) + (isWhole(call.source) ? 0.5 : 0)],
        ['add', 1],
      ];
    case 'relinearize_rescale':
      return [
        ['split', 1],
        ['switch', 1],
        ['divide', 1],
      ];
    case 'extend':
      return [['extend', 1]];
    case 'divide':
      return [['divide', 1]];
    case 'sums':
      return [
        ['weigh', call.rows.reduce((sum, row) => sum + row.terms.length, 0)],
        ['extend', call.rows.length],
      ];
  }
}
