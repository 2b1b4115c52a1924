import type { Program, Register } from '../../ir/program/program.ts';
import { ciphersOf, resultsOf, type FusedCall, type FusedStep } from './fused-steps.ts';
import { registerShapes } from './register-shapes.ts';

type CallOf<Kind extends FusedCall['kind']> = Extract<FusedCall, { kind: Kind }>;

/** How a step uses a ciphertext: with `other` it must be divided by the special primes. */
type Use = 'turned' | 'added' | 'weighed' | 'rescaled' | 'other';

/** What a product with a plaintext takes of both parts modulo one prime, in units of a transform with its base conversion (measured). */
const productCost = 0.4;
/** The same for the product of both parts with P. */
const extendCost = 0.2;

/**
 * Rewrites steps so that values stay undivided by the special primes where that takes fewer transforms by count (double hoisting: Bossuat et al.,
 * EUROCRYPT 2021, section 4): what is turned and added, of which then only the part that is turned again is divided; a rescale, which
 * becomes one with the division; and where all results of a hoisting only go into sums of products, those, with plaintexts that have
 * the special primes too. Plaintexts are counted as kept. Results differ in rounding, by less than key switching's noise.
 */
export function keepExtended(program: Program, steps: readonly FusedStep[]): readonly FusedStep[] {
  const uses = usesOf(program, steps);
  const usesAs = (r: Register, use: Use): boolean => uses.get(r)?.has(use) ?? false;
  const staysWhole = (r: Register): boolean =>
    uses.has(r) && !usesAs(r, 'other') && !usesAs(r, 'weighed') && uses.get(r)?.size !== 0;
  let next = steps.reduce((most, { call }) => Math.max(most, ...resultsOf(call)), 0) + 1;
  const matrices = findMatrices(program, steps, uses);
  const sums = new Map<FusedStep, Matrix>(matrices.flatMap((m) => m.sums.map((step) => [step, m] as const)));
  const hoistings = new Set<FusedStep>(matrices.map(({ hoisting }) => hoisting));
  /** The extended form of each source of a matrix. */
  const sources = new Map<Matrix, Register>();
  const extended = new Set<Register>();
  const kept: FusedStep[] = [];
  const emit = (call: FusedCall, covers: readonly number[] = []): void => void kept.push({ call, covers });

  /** The register for an extended result: its own where no use needs it divided, else `divided` makes that from it. */
  const extendedOut = (out: Register): Register => {
    const made = staysWhole(out) ? out : next++;
    extended.add(made);
    return made;
  };
  const divided = (out: Register, made: Register): void => {
    if (made !== out) emit({ kind: 'divide', source: made, rescale: false, out });
  };

  steps.forEach((step) => {
    const { call, covers } = step;
    const matrix = sums.get(step);
    if (call.kind === 'automorphisms' && hoistings.has(step)) emit({ ...call, extended: true }, covers);
    else if (call.kind === 'sums' && matrix) {
      const { source } = matrix.hoisting.call;
      if (!sources.has(matrix) && matrix.sums.some((s) => s.call.inputs.includes(source))) {
        sources.set(matrix, next);
        emit({ kind: 'extend', source, out: next++ });
      }
      const inputs = call.inputs.map((r) => (r === source ? (sources.get(matrix) ?? r) : r));
      const rows = call.rows.map((row) => ({ ...row, out: extendedOut(row.out) }));
      emit({ kind: 'sums', inputs, rows, extended: true }, covers);
      call.rows.forEach(({ out }, i) => divided(out, rows[i].out));
    } else if (call.kind === 'automorphism_add') {
      const operands = extended.has(call.source) || extended.has(call.addend);
      if (!operands && !staysWhole(call.out)) return void kept.push(step);
      const out = extendedOut(call.out);
      emit({ ...call, out, extended: true }, covers);
      divided(call.out, out);
    } else if (
      call.kind === 'instruction' &&
      call.instruction.op === 'rescale' &&
      extended.has(call.instruction.args[0])
    )
      emit({ kind: 'divide', source: call.instruction.args[0], rescale: true, out: call.out }, covers);
    else kept.push(step);
  });
  return kept;
}

function usesOf(program: Program, steps: readonly FusedStep[]): Map<Register, Set<Use>> {
  const uses = new Map<Register, Set<Use>>();
  const note = (r: Register, use: Use): void => void uses.set(r, (uses.get(r) ?? new Set()).add(use));
  for (const { call } of steps) {
    if (call.kind === 'automorphism_add') {
      note(call.source, 'turned');
      note(call.addend, 'added');
    } else if (call.kind === 'sums') for (const r of call.inputs) note(r, 'weighed');
    else if (call.kind === 'instruction' && call.instruction.op === 'rescale')
      note(call.instruction.args[0], 'rescaled');
    else for (const r of ciphersOf(call)) note(r, 'other');
  }
  for (const { registers } of program.outputs) for (const r of registers) note(r, 'other');
  return uses;
}

type StepOf<Kind extends FusedCall['kind']> = FusedStep & { readonly call: CallOf<Kind> };

/** A hoisting and the sums of products that use its results and its source, and nothing else. */
interface Matrix {
  readonly hoisting: StepOf<'automorphisms'>;
  readonly sums: readonly StepOf<'sums'>[];
}

const isSums = (step: FusedStep): step is StepOf<'sums'> => step.call.kind === 'sums';
const isHoisting = (step: FusedStep): step is StepOf<'automorphisms'> => step.call.kind === 'automorphisms';

/** Those that take fewer transforms without the divisions of the hoisting. */
function findMatrices(
  program: Program,
  steps: readonly FusedStep[],
  uses: ReadonlyMap<Register, ReadonlySet<Use>>,
): readonly Matrix[] {
  const shapes = registerShapes(program);
  const special = program.parameters.specialPrimes.length;
  const sumsOf = new Map<Register, StepOf<'sums'>[]>();
  for (const step of steps.filter(isSums))
    for (const r of step.call.inputs) sumsOf.set(r, [...(sumsOf.get(r) ?? []), step]);

  const gain = ({ hoisting, sums }: Matrix): number => {
    const limbs = shapes[hoisting.call.source].level + 1 + special;
    const rows = sums.flatMap(({ call }) => call.rows);
    const products = rows.reduce((sum, { terms }) => sum + terms.length, 0);
    // What is turned needs one part divided, what else is not added or rescaled both.
    const divisions = rows.reduce((sum, { out }) => {
      const as = uses.get(out);
      return sum + (as?.has('other') || as?.has('weighed') ? 2 : as?.has('turned') ? 1 : 0);
    }, 0);
    const spent = divisions * limbs + productCost * products * special + extendCost * limbs;
    return 2 * hoisting.call.results.length * limbs - spent;
  };

  return steps.filter(isHoisting).flatMap((hoisting) => {
    const { source, results } = hoisting.call;
    const own = new Set([source, ...results.map(({ out }) => out)]);
    const sums = [...new Set(results.flatMap(({ out }) => sumsOf.get(out) ?? []))];
    const onlyWeighed = results.every(({ out }) => uses.get(out)?.size === 1 && uses.get(out)?.has('weighed'));
    const matrix = { hoisting, sums };
    const closed = sums.every(({ call }) => call.inputs.every((r) => own.has(r)));
    return onlyWeighed && closed && gain(matrix) > 0 ? [matrix] : [];
  });
}
