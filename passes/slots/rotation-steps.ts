/**
 * A set of rotations that belong together: all of one vector, or of vectors that are summed. Every step other than 0 is reached
 * from another step of the set, or from 0, by one rotation: a tree that costs as many rotations as there are steps.
 */
export type StepSet = readonly number[];

/** What rotation by `from` becomes rotation by `to`: `to - from` modulo the slots. */
const difference = (to: number, from: number, slots: number): number => (to - from + slots) % slots;

/** The parent of each step in a tree from 0 whose edges are in `keys`; steps that cannot be reached are left out. Parents come first. */
export function reachSteps(set: StepSet, keys: ReadonlySet<number>, slots: number): Map<number, number> {
  const parent = new Map<number, number>();
  const members = new Set(set);
  const queue = [0];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const key of keys) {
      const next = (at + key) % slots;
      if (next === 0 || parent.has(next) || !members.has(next)) continue;
      parent.set(next, at);
      queue.push(next);
    }
  }
  return parent;
}

/**
 * Chooses few steps from which every set can be reached: greedily the step that reaches the most, over all sets at once. Sets of one
 * step leave no choice and come first.
 */
export function chooseKeySteps(sets: readonly StepSet[], slots: number): Set<number> {
  const keys = new Set(sets.filter((s) => s.length === 1).map((s) => s[0]));
  const open = new Set(sets.filter((s) => s.length > 1));
  for (;;) {
    const gain = new Map<number, number>();
    for (const set of open) {
      const reached = reachSteps(set, keys, slots);
      const missing = set.filter((s) => !reached.has(s));
      if (missing.length === 0) {
        open.delete(set);
        continue;
      }
      const from = [0, ...reached.keys()];
      const differences = new Set(missing.flatMap((to) => [...from, ...missing].map((f) => difference(to, f, slots))));
      differences.delete(0);
      for (const step of differences) {
        const more = reachSteps(set, new Set([...keys, step]), slots).size - reached.size;
        if (more > 0) gain.set(step, (gain.get(step) ?? 0) + more);
      }
    }
    if (open.size === 0) return keys;
    const short = (s: number): number => Math.min(s, slots - s);
    const [best] = [...gain].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && short(b[0]) < short(a[0])) ? b : a));
    keys.add(best);
  }
}

/** A shortest way to write `step` as a sum of at most four of `keys`, or undefined. */
export function decomposeStep(step: number, keys: ReadonlySet<number>, slots: number): number[] | undefined {
  if (keys.has(step)) return [step];
  const pairs = new Map<number, [number, number]>();
  for (const a of keys) for (const b of keys) pairs.set((a + b) % slots, [a, b]);
  const pair = pairs.get(step);
  if (pair) return pair;
  for (const a of keys) {
    const rest = pairs.get(difference(step, a, slots));
    if (rest) return [a, ...rest];
  }
  for (const [total, two] of pairs) {
    const rest = pairs.get(difference(step, total, slots));
    if (rest) return [...two, ...rest];
  }
  return undefined;
}

/**
 * Leaves out keys until at most `limit` are left, each time the one whose rotations cost the least when made of other keys. `uses`
 * counts the rotations by each key. Gives up above the limit when no key is a sum of four others.
 */
export function limitKeys(uses: ReadonlyMap<number, number>, limit: number, slots: number): Set<number> {
  const keys = new Set(uses.keys());
  const weight = new Map(uses);
  while (keys.size > limit) {
    let cheapest: { key: number; way: number[]; extra: number } | undefined;
    for (const key of keys) {
      const others = new Set(keys);
      others.delete(key);
      const way = decomposeStep(key, others, slots);
      const extra = way ? (way.length - 1) * (weight.get(key) ?? 0) : Infinity;
      if (way && extra < (cheapest?.extra ?? Infinity)) cheapest = { key, way, extra };
    }
    if (!cheapest) break;
    keys.delete(cheapest.key);
    for (const part of cheapest.way) weight.set(part, (weight.get(part) ?? 0) + (weight.get(cheapest.key) ?? 0));
  }
  return keys;
}
