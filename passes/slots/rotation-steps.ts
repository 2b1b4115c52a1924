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

/** A shortest way to write `step` as a sum of `keys` modulo the slots, or undefined when there is none. */
export function decomposeStep(step: number, keys: ReadonlySet<number>, slots: number): number[] | undefined {
  if (keys.has(step)) return [step];
  const by = new Int32Array(slots);
  const queue = [0];
  for (let i = 0; i < queue.length && by[step] === 0; i++) {
    for (const key of keys) {
      const next = (queue[i] + key) % slots;
      if (next === 0 || by[next] !== 0) continue;
      by[next] = key;
      queue.push(next);
    }
  }
  if (by[step] === 0) return undefined;
  const way: number[] = [];
  for (let at = step; at !== 0; at = difference(at, by[at], slots)) way.push(by[at]);
  return way;
}

/**
 * Leaves out keys until at most `limit` are left, each time the one whose rotations cost the least when made of other keys. `uses`
 * counts the rotations by each key. Gives up above the limit when no key is a sum of others.
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
