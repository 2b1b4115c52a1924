import * as fc from 'fast-check';
import { evaluatePlacement, type Placement, type PlacementProblem } from '../../../passes/place-bootstraps/problem.ts';

const rising = (count: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: count, maxLength: count })
    .map((steps) => steps.reduce<number[]>((all, s) => [...all, (all.at(-1) ?? 0) + s], []));

/** Straight-line programs of up to `most` values with one input; later values read any earlier ones, so branches and shortcuts abound. */
export const problems = (most: number, mostChoices: number): fc.Arbitrary<PlacementProblem> =>
  fc
    .record({
      input: fc.integer({ min: 0, max: 2 }),
      user: fc.integer({ min: 1, max: 5 }),
      count: fc.integer({ min: 1, max: most }),
    })
    .chain(({ input, user, count }) => {
      const output = input + user;
      const choice = (operands: number) =>
        fc.record({
          depths: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: operands, maxLength: operands }),
          seconds: rising(output + 1),
          error: fc.integer({ min: 0, max: mostChoices > 1 ? 9 : 0 }),
        });
      const value = (index: number) =>
        fc
          .uniqueArray(fc.integer({ min: Math.max(0, index - 3), max: index - 1 }), {
            minLength: 1,
            maxLength: Math.min(2, index),
          })
          .chain((operands) =>
            fc.record({
              operands: fc.constant(operands),
              choices: fc.array(choice(operands.length), { minLength: 1, maxLength: mostChoices }),
              refreshSeconds: fc.oneof(
                { weight: 5, arbitrary: fc.integer({ min: 0, max: 60 }) },
                fc.constant(Infinity),
              ),
              vectors: fc.constant(1),
              slots: fc.constant(16),
            }),
          );
      const first = {
        operands: [],
        choices: [{ depths: [], seconds: new Array<number>(output + 1).fill(0), error: 0 }],
        refreshSeconds: Infinity,
        vectors: 1,
        slots: 16,
      };
      return fc.tuple(...Array.from({ length: count }, (_, i) => value(i + 1))).map((values) => ({
        values: [first, ...values],
        results: [...new Set([count, Math.max(0, count - 2)])],
        levels: { input, output },
      }));
    });

/** Every solution there is. */
export function* allPlacements(problem: PlacementProblem): Iterable<Placement> {
  const { values } = problem;
  const ways = values.map(({ choices, refreshSeconds }) => choices.length * (refreshSeconds < Infinity ? 2 : 1));
  const total = ways.reduce((n, w) => n * w, 1);
  for (let code = 0; code < total; code++) {
    let rest = code;
    const picks = ways.map((w) => {
      const pick = rest % w;
      rest = (rest - pick) / w;
      return pick;
    });
    const found = evaluatePlacement(
      problem,
      picks.map((p, v) => p % values[v].choices.length),
      picks.map((p, v) => p >= values[v].choices.length),
    );
    if (found) yield found;
  }
}
