import { InternalError } from '../../ir/diagnostics.ts';
import type { Matrix } from '../../ir/matrix.ts';
import { bitCount, subsetsOf, topRun } from './slot-bits.ts';

/**
 * How the entries of a matrix may be placed on diagonals. An entry for output slot q that reads input slot s lies on the diagonal
 * s - q. Two freedoms keep the diagonals few: s may be any copy of the input element, and q may be any slot whose sum over the
 * folded bits ends in the output slot. In each bit of `copied` s may therefore be chosen, and in each bit of `folded` q.
 */
export interface Placement {
  readonly matrix: Matrix;
  /** The slot of each row (column), copy 0, the vector's number included: slot + slots * vector. */
  readonly rowSlots: Int32Array;
  readonly columnSlots: Int32Array;
  readonly slots: number;
  /** Vectors of the input and of the output. */
  readonly inputs: number;
  readonly outputs: number;
  /** Bits over which the input repeats, `folded` excluded. */
  readonly copied: number;
  /** Bits over which the result will be summed. */
  readonly folded: number;
  /** Bits of `copied` over which the output shall repeat. */
  readonly repeated: number;
  /** Bits over which the input was summed beforehand: only columns whose slots have zeros there are placed. */
  readonly summed: number;
}

/** The free bits at the top make rotations wrap round in them: steps count modulo this. */
export function placementModulus(p: Pick<Placement, 'copied' | 'folded' | 'slots'>): number {
  const run = topRun(p.copied | p.folded, p.slots);
  return run === 0 ? p.slots : run & -run;
}

/** The bits of a slot that matter to the diagonal. */
function diagonalMask(p: Placement): number {
  return ~(p.copied | p.folded) & (placementModulus(p) - 1);
}

/** The diagonals of a placement. Diagonal k joins vector `input[k]` to vector `output[k]` by `steps[k]`, modulo `modulus`. */
export interface Diagonals {
  readonly modulus: number;
  readonly input: Int32Array;
  readonly output: Int32Array;
  readonly steps: Int32Array;
  /** The diagonal of each stored entry of the matrix; -1 for entries that are not placed. */
  readonly ofEntry: Int32Array;
}

/** Calls `visit` for every placed entry with the diagonal's number: input vector, output vector and steps in mixed radix. */
function forEachKey(p: Placement, visit: (key: number, entry: number) => void): void {
  const { matrix, rowSlots, columnSlots, slots, summed, outputs } = p;
  const shift = bitCount(slots);
  const modulus = placementModulus(p);
  const mask = diagonalMask(p);
  for (let r = 0; r < matrix.rows; r++) {
    const q = rowSlots[r] & mask;
    const base = (rowSlots[r] >> shift) * modulus;
    for (let e = matrix.start[r]; e < matrix.start[r + 1]; e++) {
      const s = columnSlots[matrix.column[e]];
      if ((s & summed) === 0) visit((s >> shift) * outputs * modulus + base + (((s & mask) - q) & (modulus - 1)), e);
    }
  }
}

/** The vectors that slot numbers reach. */
export const vectorsOf = (slotNumbers: Int32Array, slots: number): number => {
  let most = 0;
  for (const s of slotNumbers) if (s > most) most = s;
  return Math.floor(most / slots) + 1;
};

/**
 * The number of diagonals that a placement needs; counting stops above `limit`. The loop of {@link forEachKey} without its call,
 * since the search for layouts spends its time here.
 */
export function countDiagonals(p: Placement, limit = Infinity): number {
  const { rowSlots, columnSlots, slots, summed, outputs } = p;
  const { rows, start, column } = p.matrix;
  const shift = bitCount(slots);
  const modulus = placementModulus(p);
  const mask = diagonalMask(p);
  const seen = new Uint8Array(p.inputs * outputs * modulus);
  let count = 0;
  for (let r = 0; r < rows && count <= limit; r++) {
    if (start[r] === start[r + 1]) continue;
    const q = rowSlots[r] & mask;
    const base = (rowSlots[r] >> shift) * modulus;
    for (let e = start[r]; e < start[r + 1]; e++) {
      const s = columnSlots[column[e]];
      if ((s & summed) !== 0) continue;
      const key = (s >> shift) * outputs * modulus + base + (((s & mask) - q) & (modulus - 1));
      count += 1 - seen[key];
      seen[key] = 1;
    }
  }
  return count;
}

/** Finds the diagonals of a placement, in ascending order of (input, output, steps). */
export function findDiagonals(p: Placement): Diagonals {
  const { inputs, outputs } = p;
  const modulus = placementModulus(p);
  // Plain loops: there may be a million keys, and layout search comes here often.
  const number = new Int32Array(inputs * outputs * modulus);
  forEachKey(p, (key) => (number[key] = 1));
  let count = 0;
  for (let key = 0; key < number.length; key++) if (number[key] !== 0) number[key] = ++count;
  const keys = new Int32Array(count);
  for (let key = 0; key < number.length; key++) if (number[key] !== 0) keys[number[key] - 1] = key;
  const ofEntry = new Int32Array(p.matrix.column.length).fill(-1);
  forEachKey(p, (key, e) => (ofEntry[e] = number[key] - 1));
  return {
    modulus,
    input: keys.map((key) => Math.floor(key / (outputs * modulus))),
    output: keys.map((key) => Math.floor(key / modulus) % outputs),
    steps: keys.map((key) => key % modulus),
    ofEntry,
  };
}

/**
 * The slot q at which an entry is accumulated when its diagonal is realised by exactly `steps` (any whole number congruent to the
 * diagonal's steps): q + steps is a copy of the input element, and folding brings q to the row's slot plus `repeat`.
 */
function accumulationSlot(p: Placement, row: number, column: number, repeat: number, steps: number): number {
  const { slots, folded } = p;
  const modulus = placementModulus(p);
  const lowFolded = folded & (modulus - 1);
  const s = column & (slots - 1);
  const given = (row & (slots - 1)) | repeat;
  const low = (given & (modulus - 1) & ~lowFolded) | (s & lowFolded);
  const by = steps & (slots - 1);
  let q = low;
  // Above the modulus the bits of q + by = s are solved one by one: in each, q or s is given and the other follows.
  let carry = low + (by & (modulus - 1)) >= modulus ? 1 : 0;
  for (let bit = modulus; bit < slots; bit *= 2) {
    const b = (by & bit) === 0 ? 0 : 1;
    const known = ((folded & bit ? s : given) & bit) === 0 ? 0 : 1;
    const mine = folded & bit ? known ^ b ^ carry : known;
    if (mine) q |= bit;
    carry = mine + b + carry >= 2 ? 1 : 0;
  }
  return q;
}

/** Every needed slot and weight of the diagonals: those of diagonal k are `start[k] .. start[k + 1]`, `slot` before any rotation. */
export interface DiagonalEntries {
  readonly start: Int32Array;
  readonly slot: Int32Array;
  readonly weight: Float64Array;
}

/** Places all entries, where diagonal k is realised by `steps[k]`. */
export function placeEntries(p: Placement, diagonals: Diagonals, steps: Int32Array): DiagonalEntries {
  const { matrix, rowSlots, columnSlots } = p;
  const repeats = subsetsOf(p.repeated);
  const start = new Int32Array(diagonals.steps.length + 1);
  for (const k of diagonals.ofEntry) if (k >= 0) start[k + 1] += repeats.length;
  for (let k = 0; k < diagonals.steps.length; k++) start[k + 1] += start[k];
  const next = start.slice();
  const slot = new Int32Array(start[diagonals.steps.length]);
  const weight = new Float64Array(slot.length);
  for (let r = 0; r < matrix.rows; r++) {
    for (let e = matrix.start[r]; e < matrix.start[r + 1]; e++) {
      const k = diagonals.ofEntry[e];
      if (k < 0) continue;
      for (const repeat of repeats) {
        const at = next[k]++;
        slot[at] = accumulationSlot(p, rowSlots[r], columnSlots[matrix.column[e]], repeat, steps[k]);
        weight[at] = matrix.value[e];
      }
    }
  }
  return { start, slot, weight };
}

/** The public vector of one diagonal, rotated right by `shift`; throws {@link InternalError} when two entries want one slot. */
export function diagonalVector(entries: DiagonalEntries, k: number, slots: number, shift: number): Float64Array {
  const vector = new Float64Array(slots);
  for (let i = entries.start[k]; i < entries.start[k + 1]; i++) {
    const at = (entries.slot[i] + shift) & (slots - 1);
    if (vector[at] !== 0) throw new InternalError('two matrix entries share a slot of a diagonal');
    vector[at] = entries.weight[i];
  }
  return vector;
}
