import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeAt, placeGreedily } from '../../../passes/place-bootstraps/alternatives.ts';
import { placeBootstraps } from '../../../passes/place-bootstraps/place-bootstraps.ts';
import {
  evaluatePlacement,
  type PlacedValue,
  type PlacementProblem,
} from '../../../passes/place-bootstraps/problem.ts';
import { allPlacements, problems } from './problems.ts';

describe('placeBootstraps', () => {
  it('is as good as the best of all placements on graphs with branches', () => {
    let solved = 0;
    fc.assert(
      fc.property(problems(9, 1), (problem) => {
        const best = Math.min(...[...allPlacements(problem)].map((p) => p.seconds));
        const found = placeBootstraps(problem);
        expect(found.length).toBe(best < Infinity ? 1 : 0);
        for (const { seconds, choices, refreshed, levels } of found) {
          solved++;
          expect(seconds).toBe(best);
          const again = evaluatePlacement(problem, choices, refreshed);
          expect(again?.seconds).toBe(seconds);
          expect(again?.levels).toEqual(levels);
        }
      }),
      { numRuns: 400 },
    );
    expect(solved).toBeGreaterThan(100);
  });

  it('finds every trade of seconds against error', () => {
    fc.assert(
      fc.property(problems(4, 3), (problem) => {
        const all = [...allPlacements(problem)];
        const front = all
          .filter(
            (p) =>
              !all.some(
                (q) => q.seconds <= p.seconds && q.error <= p.error && (q.seconds < p.seconds || q.error < p.error),
              ),
          )
          .map((p) => `${p.seconds} ${p.error}`);
        const found = placeBootstraps(problem).map((p) => `${p.seconds} ${p.error}`);
        expect(found).toEqual([...new Set(front)].sort((a, b) => Number(a.split(' ')[0]) - Number(b.split(' ')[0])));
      }),
      { numRuns: 150 },
    );
  });

  it('keeps to its promise when the front is thinned', () => {
    fc.assert(
      fc.property(problems(6, 3), fc.integer({ min: 1, max: 8 }), (problem, unit) => {
        const exact = placeBootstraps(problem);
        const thinned = placeBootstraps(problem, unit);
        const slack = unit * (problem.values.length + 1);
        for (const p of exact)
          expect(thinned.some((q) => q.error <= p.error && q.seconds <= p.seconds + slack)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the alternatives', () => {
  it('are never better', () => {
    fc.assert(
      fc.property(problems(9, 1), (problem) => {
        const best = placeBootstraps(problem).at(0)?.seconds ?? Infinity;
        expect(placeGreedily(problem)?.seconds ?? Infinity).toBeGreaterThanOrEqual(best);
        expect(placeAt(problem, (v) => v % 2 === 0)?.seconds ?? Infinity).toBeGreaterThanOrEqual(best);
      }),
    );
  });

  /** A block of a residual network: linear, polynomial, linear, sum with the input of the block, polynomial. */
  const residual = (blocks: number, activation: number, user: number): PlacementProblem => {
    const op = (operands: readonly number[], depths: readonly number[], cost: number): PlacedValue => ({
      operands,
      choices: [{ depths, seconds: Array.from({ length: user + 3 }, (_, l) => cost * (l + 1)), error: 0 }],
      refreshSeconds: 1000,
      vectors: 1,
      slots: 16,
    });
    const values: PlacedValue[] = [{ ...op([], [], 0), refreshSeconds: Infinity }];
    const add = (operands: readonly number[], depths: readonly number[], cost: number): number =>
      values.push(op(operands, depths, cost)) - 1;
    let x = add([add([0], [1], 5)], [activation], 3);
    for (let b = 0; b < blocks; b++) {
      const inner = add([add([x], [1], 5)], [activation], 3);
      x = add([add([inner, x], [1, 0], 5)], [activation], 3);
    }
    add([x], [1], 1);
    return { values, results: [values.length - 1], levels: { input: 2, output: 2 + user } };
  };
  const count = (refreshed: readonly boolean[] | undefined): number => refreshed?.filter(Boolean).length ?? -1;

  it('bootstrap a residual network before every activation where the levels allow no less', () => {
    const problem = residual(3, 3, 4);
    const [best] = placeBootstraps(problem);
    expect(count(best.refreshed)).toBe(6);
    expect(count(placeGreedily(problem)?.refreshed)).toBe(6);
  });

  it('bootstrap once a block, on the sum of both branches, where the levels allow it', () => {
    const problem = residual(4, 3, 8);
    const [best] = placeBootstraps(problem);
    const isActivationInput = (v: number): boolean => v % 2 === 1 && v + 1 < problem.values.length;
    expect(count(best.refreshed)).toBe(4);
    expect(count(placeAt(problem, isActivationInput)?.refreshed)).toBe(9);
  });

  it('have no answer where an activation is deeper than the levels', () => {
    const problem = residual(1, 6, 4);
    expect(placeBootstraps(problem)).toEqual([]);
    expect(placeGreedily(problem)).toBeUndefined();
  });
});
