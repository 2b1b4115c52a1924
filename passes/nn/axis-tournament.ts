import { InternalError } from '../../ir/diagnostics.ts';

/** A window of `taps` elements at distance `dilation`, sliding along one axis of `size` elements: the first element of each window. */
export interface AxisWindows {
  readonly size: number;
  readonly taps: number;
  readonly dilation: number;
  /** May lie before the axis; elements outside the axis are absent. */
  readonly starts: readonly number[];
}

/** One round: result i is the maximum of elements first[i] and second[i] of the round before. */
export interface Round {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

export interface AxisTournament {
  /** The elements of the axis that the first round reads; absent when it reads the axis itself. */
  readonly gather: readonly number[] | undefined;
  /** As many as log2(taps), rounded up, less those that compare nothing. */
  readonly rounds: readonly Round[];
  /** Of the last round (or of what it would read) the elements that are the maxima, one a window; absent where they are as they should be. */
  readonly picks: readonly number[] | undefined;
}

const sorted = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);

/**
 * For each absent position that a window holds: a present element of every window that holds it, as far away as possible. To
 * put it there changes no maximum. Windows are contiguous, so the present element nearest to the position is always one.
 */
function substitutes({ size, taps, dilation, starts }: AxisWindows): Map<number, number> {
  const candidates = new Map<number, ReadonlySet<number>>();
  for (const start of starts) {
    const members = Array.from({ length: taps }, (_, t) => start + t * dilation);
    const present = members.filter((p) => p >= 0 && p < size);
    for (const p of members) {
      if (p >= 0 && p < size) continue;
      const known = candidates.get(p);
      candidates.set(p, new Set(known ? present.filter((q) => known.has(q)) : present));
    }
  }
  return new Map(
    [...candidates].map(([p, set]) => {
      if (set.size === 0) throw new InternalError(`no element of the axis can stand for position ${p}`);
      return [p, [...set].reduce((best, q) => (Math.abs(q - p) > Math.abs(best - p) ? q : best))];
    }),
  );
}

/**
 * Maxima of all windows in ceil(log2(taps)) rounds. Each round compares every element with the one a fixed distance ahead, all
 * windows at once: first neighbours, then pairs, and so on; the last round overlaps, which a maximum does not mind. So each round
 * is one shift of the whole tensor. Rounds of elements that hold one another, as absent ones leave them, are skipped. Every window must hold an element
 * of the axis.
 */
export function axisTournament(windows: AxisWindows): AxisTournament {
  const shifts: number[] = [];
  for (let covered = 1; covered < windows.taps;) {
    const shift = Math.min(covered, windows.taps - covered);
    shifts.push(shift * windows.dilation);
    covered += shift;
  }
  const needed: ReadonlySet<number>[] = [new Set(windows.starts)];
  for (const shift of shifts.toReversed()) {
    needed.unshift(new Set([...needed[0]].flatMap((p) => [p, p + shift])));
  }
  const inside = [...needed[0]].every((p) => p >= 0 && p < windows.size);
  const reads = inside && shifts.length > 0 ? undefined : sorted(needed[0]);
  const stand = inside ? new Map<number, number>() : substitutes(windows);
  const rounds: Round[] = [];
  const first = reads ?? Array.from({ length: windows.size }, (_, i) => i);
  let held = new Map(first.map((p, index): [number, Held] => [p, { index, elements: new Set([stand.get(p) ?? p]) }]));
  const at = (p: number): Held => {
    const found = held.get(p);
    if (!found) throw new InternalError(`position ${p} is not in the round before`);
    return found;
  };
  shifts.forEach((shift, j) => {
    const positions = sorted(needed[j + 1]);
    const pairs = positions.map((p) => [at(p), at(p + shift)] as const);
    const larger = pairs.map(([a, b]) => (contains(a, b) ? a : contains(b, a) ? b : undefined));
    const compares = larger.includes(undefined);
    if (compares) rounds.push({ first: pairs.map(([a]) => a.index), second: pairs.map(([, b]) => b.index) });
    held = new Map(
      positions.map((p, i) => {
        const [a, b] = pairs[i];
        const joined = { index: i, elements: new Set([...a.elements, ...b.elements]) };
        return [p, compares ? joined : (larger[i] ?? joined)];
      }),
    );
  });
  const picks = windows.starts.map((start) => at(start).index);
  const count = rounds.at(-1)?.first.length ?? first.length;
  const inOrder = picks.length === count && picks.every((pick, i) => pick === i);
  return { gather: reads?.map((p) => stand.get(p) ?? p), rounds, picks: inOrder ? undefined : picks };
}

/** An element of a round: where it stands, and the elements of the axis that it is the maximum of. */
interface Held {
  readonly index: number;
  readonly elements: ReadonlySet<number>;
}

const contains = (a: Held, b: Held): boolean => [...b.elements].every((e) => a.elements.has(e));
