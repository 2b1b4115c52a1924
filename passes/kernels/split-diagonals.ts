/**
 * Baby-step giant-step (Halevi and Shoup, CRYPTO 2014): every step d of a diagonal is split as d = baby + giant, so that the babies
 * rotate the input once for all and each giant rotates one sum. The cost is the number of distinct babies (per input vector) and
 * giants (per output vector). The steps of convolutions are sums of parts (columns, rows, channels); the search tries every way
 * to give some of the parts to the babies, with one part divided between both.
 */
export interface Split {
  /** Parallel to the diagonals; baby + giant is congruent to the diagonal's steps. */
  readonly baby: Int32Array;
  readonly giant: Int32Array;
  /** Rotations needed: babies and giants other than 0. */
  readonly rotations: number;
}

interface DiagonalSteps {
  readonly modulus: number;
  readonly input: Int32Array;
  readonly output: Int32Array;
  readonly steps: Int32Array;
}

/** One part of the steps: `value[k] * unit`, value at least 0, once `offset` has been added to the sum of all parts. */
interface Part {
  readonly unit: number;
  readonly value: Int32Array;
  readonly size: number;
}

/** Reads `steps` as a sum of parts between the `cuts` (ascending powers of two): digits, chosen signed where that makes them compact. */
function splitParts(d: DiagonalSteps, cuts: readonly number[]): { parts: Part[]; offset: number } {
  const bounds = [1, ...cuts, d.modulus];
  let rest = d.steps.slice();
  let offset = 0;
  const parts: Part[] = [];
  for (let f = 0; f + 1 < bounds.length; f++) {
    const radix = bounds[f + 1] / bounds[f];
    const first = startAfterLargestGap(rest, radix);
    const value = rest.map((v) => (v - first) & (radix - 1));
    offset += first * bounds[f];
    rest = rest.map((v, k) => (v - first - value[k]) / radix);
    const size = value.reduce((m, v) => Math.max(m, v), 0) + 1;
    if (size > 1) parts.push({ unit: bounds[f], value, size });
  }
  return { parts, offset };
}

/** Of the residues of `values` modulo `radix`, as a circle: the one that follows the widest gap; 0 where the gaps are equal. */
function startAfterLargestGap(values: Int32Array, radix: number): number {
  const used = new Uint8Array(radix);
  for (const v of values) used[v & (radix - 1)] = 1;
  let best = 0;
  let widest = used[0] ? 0 : -1;
  let gap = 0;
  for (let i = 1; i < 2 * radix; i++) {
    if (used[i & (radix - 1)]) {
      if (gap > widest && i >= radix) {
        widest = gap;
        best = i - radix;
      }
      gap = 0;
    } else gap++;
  }
  // Numbers just below the radix are better read as small negative ones.
  return best > radix / 2 ? best - radix : best;
}

/** Counts distinct (vector, step) pairs, the step 0 left out. */
class PairCounter {
  readonly #seen: Int32Array;
  readonly #modulus: number;
  #round = 0;
  constructor(vectors: number, modulus: number) {
    this.#seen = new Int32Array(vectors * modulus);
    this.#modulus = modulus;
  }
  count(vector: Int32Array, step: Int32Array): number {
    const round = ++this.#round;
    let distinct = 0;
    for (let k = 0; k < step.length; k++) {
      const s = step[k] & (this.#modulus - 1);
      const at = vector[k] * this.#modulus + s;
      if (s === 0 || this.#seen[at] === round) continue;
      this.#seen[at] = round;
      distinct++;
    }
    return distinct;
  }
}

const vectors = (index: Int32Array): number => index.reduce((m, v) => Math.max(m, v), 0) + 1;

/** How finely a part may be divided between babies and giants: these divisors are tried. */
const radixes = (size: number): number[] => {
  if (size <= 12) return Array.from({ length: Math.max(0, size - 2) }, (_, i) => i + 2);
  const root = Math.sqrt(size);
  return [...new Set([2, 3, 4, 6, 8, 12, 16, 24, 32, Math.floor(root), Math.ceil(root)])].filter((r) => r < size);
};

/** Splits the diagonals with the fewest rotations found. `strides` are the slot strides of the layouts at both ends. */
export function splitDiagonals(d: DiagonalSteps, strides: readonly number[]): Split {
  const babies = new PairCounter(vectors(d.input), d.modulus);
  const giants = new PairCounter(vectors(d.output), d.modulus);
  const count = d.steps.length;
  let best: Split = { baby: d.steps, giant: new Int32Array(count), rotations: babies.count(d.input, d.steps) };
  const consider = (baby: Int32Array): void => {
    const giant = d.steps.map((s, k) => (s - baby[k]) & (d.modulus - 1));
    const rotations = babies.count(d.input, baby) + giants.count(d.output, giant);
    if (rotations < best.rotations) best = { baby, giant, rotations };
  };
  for (const cuts of cutSets(strides, d.modulus)) {
    const { parts } = splitParts(d, cuts);
    for (let subset = 0; subset < 1 << parts.length; subset++) {
      const whole = new Int32Array(count);
      parts.forEach((p, i) => {
        if (subset & (1 << i)) for (let k = 0; k < count; k++) whole[k] += p.value[k] * p.unit;
      });
      consider(whole);
      parts.forEach((p, i) => {
        if (subset & (1 << i)) return;
        for (const radix of radixes(p.size)) {
          consider(whole.map((w, k) => w + (p.value[k] % radix) * p.unit));
          consider(whole.map((w, k) => w + (p.value[k] - (p.value[k] % radix)) * p.unit));
        }
      });
    }
  }
  return centre(best, d.modulus, babies, giants, d);
}

/** Moves a constant between babies and giants so that both contain 0, which needs no rotation. */
function centre(split: Split, modulus: number, babies: PairCounter, giants: PairCounter, d: DiagonalSteps): Split {
  let best = split;
  for (const shift of new Set(split.baby)) {
    const baby = split.baby.map((b) => (b - shift) & (modulus - 1));
    const giant = split.giant.map((g) => (g + shift) & (modulus - 1));
    const rotations = babies.count(d.input, baby) + giants.count(d.output, giant);
    if (rotations < best.rotations) best = { baby, giant, rotations };
  }
  return best;
}

/** The sets of cuts to try: all strides; strides without those of single bits; and none. */
function cutSets(strides: readonly number[], modulus: number): number[][] {
  const inside = [...new Set(strides)].filter((s) => s > 1 && s < modulus).sort((a, b) => a - b);
  const isPower = inside.filter((s) => (s & (s - 1)) === 0);
  const limit = 6;
  const sparse = isPower.filter((s, i) => i + 1 === isPower.length || isPower[i + 1] > 2 * s);
  const sets = [isPower, sparse, []].map((set) => (set.length <= limit ? set : set.slice(-limit)));
  return sets.filter((set, i) => sets.findIndex((other) => other.join() === set.join()) === i);
}
