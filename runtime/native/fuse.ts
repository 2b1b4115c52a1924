import { InternalError } from '../../ir/diagnostics.ts';
import type { Instruction, Program, Register } from '../../ir/program/program.ts';
import { inputCount } from '../execute.ts';
import { findSums, usesOf, type Product, type Sum, type Uses } from './find-sums.ts';
import type { Automorphism, FusedCall, FusedStep } from './fused-steps.ts';
import { keepExtended } from './keep-extended.ts';
import { plaintextBytes, type PlaintextBytes } from './plaintext-bytes.ts';
import { registerShapes } from './register-shapes.ts';

export interface FusionLimits {
  /** Bytes of ciphertexts that one call may make, or of plaintexts that it may read, before their turn in the program. */
  readonly bytes: number;
  /** Keys that can be held at a time. */
  readonly keys: number;
}

/** Products that one call sums. */
interface Row {
  readonly out: Register;
  readonly inputs: readonly Register[];
  readonly products: readonly Product[];
  /** The instruction at which all inputs are there. */
  readonly at: number;
  /** Whether the first product leads the sum. */
  readonly leads: boolean;
}

const isAutomorphism = (instruction: Instruction | undefined): instruction is Automorphism =>
  instruction?.op === 'rotate' || instruction?.op === 'conjugate';

/** What the engine runs: the calls of {@link fuseExactly}, between which values stay undivided where that takes less ({@link keepExtended}). */
export function fuseProgram(
  program: Program,
  limits: FusionLimits,
  bytesOf: PlaintextBytes = plaintextBytes(program),
): readonly FusedStep[] {
  return keepExtended(program, fuseExactly(program, limits, bytesOf));
}

/**
 * Finds in a program what the engine does in one call: sums of products with plaintexts, those of the same ciphertexts together; automorphisms
 * of one ciphertext (hoisting); an automorphism with the addition of its result; relinearization and rescale with one rounding. The order
 * is else the program's. Only the last changes words of the results: it rounds once where the program rounds twice.
 */
export function fuseExactly(
  program: Program,
  limits: FusionLimits,
  bytesOf: PlaintextBytes = plaintextBytes(program),
): readonly FusedStep[] {
  const { instructions } = program;
  const first = inputCount(program);
  const uses = usesOf(program);
  const sums = findSums(program, uses);
  const shapes = registerShapes(program);
  const polynomial = 8 * program.parameters.ringDegree;
  const fitting = (r: Register, parts: number): number =>
    Math.floor(limits.bytes / (polynomial * parts * (shapes[r].level + 1)));
  const plainBytes = ({ products }: Row): number => products.reduce((sum, { plain }) => sum + bytesOf(plain), 0);
  let next = first + instructions.length;
  const virtual = (): Register => next++;

  const hoists = findHoists(instructions, (r) => Math.min(limits.keys, fitting(r, 2)));
  const hoisted = new Set([...hoists.values()].flat());
  const single = (r: Register): boolean =>
    isAutomorphism(instructions[r - first]) && uses.counts[r] === 1 && !hoisted.has(r - first);
  /** The operands of a sum that are added as they are made. Key switching adds to two parts: not where a product waits for its relinearization. */
  const turnedOf = (root: number, { others }: Sum): readonly Register[] =>
    shapes[first + root].parts === 2 ? others.filter(single) : [];
  const relinearizations = findRelinearizations(instructions, first, uses);

  const rowsOf = new Map<number, readonly Row[]>();
  for (const [root, sum] of sums) {
    const whole = first + root;
    rowsOf.set(
      root,
      cutRows(sum, first, (r) => Math.max(8, fitting(r, 2)), whole, virtual),
    );
  }
  const rowsAt = groupBy([...rowsOf.values()].flat(), (row) => row.at);
  const alike = groupBy([...rowsOf.values()].flat(), (row) => row.inputs.join());

  const absorbed = new Set<number>([...hoisted, ...relinearizations.values()]);
  for (const [root, sum] of sums) {
    for (const { at } of sum.products) absorbed.add(at);
    for (const at of sum.additions) absorbed.add(at);
    for (const r of turnedOf(root, sum)) absorbed.add(r - first);
  }

  const steps: FusedStep[] = [];
  const emit = (call: FusedCall, covers: readonly number[]): void => void steps.push({ call, covers });
  const done = new Set<Row>();

  /** The row, and with it as many others of the same inputs as the limit allows. */
  const emitRows = (row: Row): void => {
    if (done.has(row)) return;
    const [input] = row.inputs;
    const most = Math.max(1, fitting(input, 2));
    const batch = [row];
    let plains = plainBytes(row);
    for (const other of alike.get(row.inputs.join()) ?? []) {
      if (other === row || done.has(other) || other.at < row.at) continue;
      plains += plainBytes(other);
      if (batch.length >= most || plains > limits.bytes) break;
      batch.push(other);
    }
    for (const summed of batch) done.add(summed);
    const place = new Map(row.inputs.map((r, i) => [r, i]));
    const placed = (r: Register): number => place.get(r) ?? 0;
    const rows = batch.map(({ out, products }) => ({
      out,
      terms: products.map(({ input: r, plain }) => ({ input: placed(r), plain })),
    }));
    emit(
      { kind: 'sums', inputs: row.inputs, rows, extended: false },
      batch.flatMap((r) => r.products.map((p) => p.at)),
    );
  };

  const emitAutomorphism = (r: Register, addend: Register | undefined, leads: boolean, out: Register): void => {
    const at = r - first;
    const instruction = instructions[at];
    if (!isAutomorphism(instruction)) throw new InternalError(`register ${r} is no automorphism`);
    const source = instruction.args[0];
    if (addend === undefined) emit({ kind: 'instruction', instruction, out }, [at]);
    else emit({ kind: 'automorphism_add', extended: false, leads, source, instruction, addend, out }, [at]);
  };

  /** The rows of a sum and its other operands, so that the leading one gives the scale. */
  const emitSum = (root: number, sum: Sum): void => {
    const { others, leading, additions } = sum;
    const rows = rowsOf.get(root) ?? [];
    const leadingFirst = (a: boolean, b: boolean): number => Number(b) - Number(a);
    const made = [...rows].sort((a, b) => leadingFirst(a.leads, b.leads)).map((row) => row.out);
    // Automorphisms come last: each is added as it is made.
    const turned = [...turnedOf(root, sum)].sort((a, b) => leadingFirst(b === leading, a === leading));
    const plain = others.filter((r) => !turned.includes(r));
    const operands = plain.includes(leading) ? [leading, ...without(plain, leading), ...made] : [...made, ...plain];
    const additionsLeft = operands.length + turned.length - 1;
    let added = 0;
    const into = (): Register => (++added === additionsLeft ? first + root : virtual());
    let total = operands.at(0);
    for (const r of operands.slice(1)) {
      const out = into();
      emit({ kind: 'instruction', instruction: { op: 'add', args: [total ?? r, r] }, out }, []);
      total = out;
    }
    for (const r of turned) {
      // The first of nothing but automorphisms has nothing to be added to.
      const out = total === undefined ? r : into();
      emitAutomorphism(r, total, r === leading, out);
      total = out;
    }
    const last = steps.pop();
    if (last) steps.push({ call: last.call, covers: [...last.covers, ...additions] });
  };
  instructions.forEach((instruction, at) => {
    for (const row of rowsAt.get(at) ?? []) emitRows(row);
    const out = first + at;
    const sum = sums.get(at);
    const group = hoists.get(at);
    const relinearization = relinearizations.get(at);
    if (sum) emitSum(at, sum);
    else if (group) {
      const results = group.flatMap((member) => {
        const turned = instructions[member];
        return isAutomorphism(turned) ? [{ instruction: turned, out: first + member }] : [];
      });
      emit({ kind: 'automorphisms', extended: false, source: results[0].instruction.args[0], results }, group);
    } else if (relinearization !== undefined) {
      const relinearized = instructions[relinearization];
      if (relinearized.op !== 'relinearize')
        throw new InternalError(`instruction ${relinearization} relinearizes nothing`);
      emit({ kind: 'relinearize_rescale', source: relinearized.args[0], out }, [relinearization, at]);
    } else if (instruction.op !== 'encode' && !absorbed.has(at)) emit({ kind: 'instruction', instruction, out }, [at]);
  });
  return steps;
}

/** Cuts the products of a sum into rows of as many inputs as `room` allows. A row that is all of the sum makes its result. */
function cutRows(
  { products, others, leading }: Sum,
  first: Register,
  room: (input: Register) => number,
  whole: Register,
  virtual: () => Register,
): readonly Row[] {
  const pieces: Product[][] = [];
  let held = new Set<Register>();
  for (const product of [...products].sort((a, b) => a.at - b.at)) {
    if (pieces.length === 0 || (held.size >= room(product.input) && !held.has(product.input))) {
      pieces.push([]);
      held = new Set();
    }
    held.add(product.input);
    pieces[pieces.length - 1].push(product);
  }
  return pieces.map((piece) => {
    const leader = piece.find((p) => first + p.at === leading);
    return {
      out: pieces.length === 1 && others.length === 0 ? whole : virtual(),
      inputs: [...new Set(piece.map((p) => p.input))].sort((a, b) => a - b),
      products: leader ? [leader, ...without(piece, leader)] : piece,
      at: piece.reduce((most, p) => Math.max(most, p.at), 0),
      leads: leader !== undefined,
    };
  });
}

/** Automorphisms of one ciphertext, at least two, at most as many as `most` says, by the first one's place. */
function findHoists(instructions: readonly Instruction[], most: (source: Register) => number): Map<number, number[]> {
  const bySource = new Map<Register, number[]>();
  instructions.forEach((instruction, at) => {
    if (!isAutomorphism(instruction)) return;
    const [source] = instruction.args;
    bySource.set(source, [...(bySource.get(source) ?? []), at]);
  });
  const hoists = new Map<number, number[]>();
  for (const [source, members] of bySource) {
    const size = Math.max(1, most(source));
    for (let i = 0; i < members.length; i += size) {
      const group = members.slice(i, i + size);
      if (group.length > 1) hoists.set(group[0], group);
    }
  }
  return hoists;
}

/** Relinearizations whose results are only rescaled, by the place of the rescale. */
function findRelinearizations(
  instructions: readonly Instruction[],
  first: Register,
  { counts }: Uses,
): Map<number, number> {
  const found = new Map<number, number>();
  instructions.forEach((instruction, at) => {
    if (instruction.op !== 'rescale') return;
    const [r] = instruction.args;
    if (r >= first && instructions[r - first].op === 'relinearize' && counts[r] === 1) found.set(at, r - first);
  });
  return found;
}

/** All but the first that is `item`. */
function without<T>(items: readonly T[], item: T): T[] {
  const at = items.indexOf(item);
  return items.filter((_, i) => i !== at);
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
