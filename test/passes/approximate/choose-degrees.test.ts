import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  frontOfDegrees,
  leastError,
  leastSeconds,
  paretoOfDegrees,
  uniformAssignments,
  type DegreeAssignment,
  type DegreeLayer,
} from '../../../passes/approximate/choose-degrees.ts';

/** Costs are small integers, so that sums are exact and ties happen. */
const choice = fc.record({
  levels: fc.integer({ min: 0, max: 5 }),
  seconds: fc.integer({ min: 0, max: 12 }),
  error: fc.integer({ min: 0, max: 12 }),
});
const layers = fc.array(
  fc.record({ stage: fc.integer({ min: 0, max: 3 }), choices: fc.array(choice, { minLength: 1, maxLength: 6 }) }),
  { minLength: 1, maxLength: 5 },
);

function everyAssignment(net: readonly DegreeLayer[]): DegreeAssignment[] {
  const all: number[][] = net.reduce<number[][]>(
    (done, layer) => done.flatMap((picks) => layer.choices.map((_, i) => [...picks, i])),
    [[]],
  );
  return all.map((picks) => total(net, picks));
}

function total(net: readonly DegreeLayer[], picks: readonly number[]): DegreeAssignment {
  const stages: number[] = [0, 0, 0, 0];
  let seconds = 0;
  let error = 0;
  net.forEach(({ stage, choices }, i) => {
    const c = choices[picks[i]];
    stages[stage] = Math.max(stages[stage], c.levels);
    seconds += c.seconds;
    error += c.error;
  });
  return { picks, levels: stages.reduce((a, b) => a + b, 0), seconds, error };
}

describe('dynamic programming over degrees', () => {
  it('finds what brute force finds, for least error, least seconds and every depth', () => {
    fc.assert(
      fc.property(layers, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 14 }), (net, budget, depth) => {
        const all = everyAssignment(net);
        const least = (of: readonly number[]): number => of.reduce((a, b) => Math.min(a, b), Infinity);
        const front = frontOfDegrees(net);
        const byError = leastError(front, { seconds: budget, levels: depth });
        const fitting = all.filter((a) => a.seconds <= budget && a.levels <= depth);
        expect(byError?.error ?? Infinity).toBe(least(fitting.map((a) => a.error)));
        const bySeconds = leastSeconds(front, { error: budget, levels: depth });
        const exact = all.filter((a) => a.error <= budget && a.levels <= depth);
        expect(bySeconds?.seconds ?? Infinity).toBe(least(exact.map((a) => a.seconds)));
        for (const [levels, a] of paretoOfDegrees(front)) {
          expect(a.error).toBe(least(all.filter((o) => o.levels <= levels).map((o) => o.error)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('reports the true costs of its picks, and finds the same within limits given beforehand', () => {
    fc.assert(
      fc.property(layers, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 14 }), (net, seconds, levels) => {
        const limited = frontOfDegrees(net, { seconds, levels });
        for (const a of limited) expect(a).toEqual(total(net, a.picks));
        const free = leastError(frontOfDegrees(net), { seconds, levels });
        expect(leastError(limited, { seconds, levels })?.error).toBe(free?.error);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps no dominated assignment', () => {
    fc.assert(
      fc.property(layers, (net) => {
        const front = frontOfDegrees(net);
        for (const a of front) {
          const better = front.filter(
            (b) => b !== a && b.levels <= a.levels && b.seconds <= a.seconds && b.error <= a.error,
          );
          expect(better).toEqual([]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is at most layers * unit slower when seconds are rounded', () => {
    const random = lehmer(7);
    const net = Array.from({ length: 20 }, (_, stage) => ({
      stage,
      choices: Array.from({ length: 8 }, (_, d) => ({
        levels: 1 + (d >> 1),
        seconds: d + random(),
        error: 2 ** -d * random(),
      })),
    }));
    const rounded = frontOfDegrees(net, { levels: 45 }, 0.25);
    expect(rounded.length).toBeLessThan(60_000);
    const small = net.slice(0, 5);
    const exact = frontOfDegrees(small);
    for (const a of exact) {
      const found = leastSeconds(frontOfDegrees(small, {}, 0.25), { error: a.error, levels: a.levels });
      expect(found?.seconds ?? Infinity).toBeLessThanOrEqual(a.seconds + 5 * 0.25);
    }
  });

  it('never loses to the best uniform label', () => {
    const random = lehmer(3);
    const net = Array.from({ length: 6 }, (_, stage) => ({
      stage,
      choices: [1, 2, 3, 4].map((d) => ({
        label: `degree ${d}`,
        levels: d,
        seconds: d * random(),
        error: random() / d,
      })),
    }));
    const uniform = uniformAssignments(net);
    expect(uniform.map((u) => u.label)).toEqual(['degree 1', 'degree 2', 'degree 3', 'degree 4']);
    const front = frontOfDegrees(net);
    for (const u of uniform) {
      expect(u.levels).toBe(u.picks.reduce((sum, pick, i) => sum + net[i].choices[pick].levels, 0));
      expect(leastError(front, u)?.error).toBeLessThanOrEqual(u.error);
      expect(leastSeconds(front, u)?.seconds).toBeLessThanOrEqual(u.seconds);
    }
  });

  it('finds nothing where nothing fits', () => {
    const net = [{ stage: 0, choices: [{ levels: 2, seconds: 1, error: 1 }] }];
    expect(leastError(frontOfDegrees(net, { levels: 1 }), {})).toBeUndefined();
    expect(leastSeconds(frontOfDegrees(net), { error: 0.5 })).toBeUndefined();
  });
});

/** Uniform numbers in (0, 1), the same for the same seed. */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
