import type { OperationCosts } from './count-arithmetic.ts';

/** Rotations predicted for a number of diagonals. */
const predictedRotations = (diagonals: number): number => Math.max(0, 2 * Math.sqrt(diagonals) - 2);

/** What products with so many diagonals are predicted to take, in the unit of the costs. */
export const diagonalCost = (diagonals: number, { rotation, plainMultiplication }: OperationCosts): number =>
  predictedRotations(diagonals) * rotation + diagonals * plainMultiplication;

/** A bound: more diagonals than this cost more than `cost`, by {@link diagonalCost}. */
export function affordableDiagonals(cost: number, { rotation, plainMultiplication }: OperationCosts): number {
  const room = Math.max(0, cost + 2 * rotation);
  const root = (Math.sqrt(rotation ** 2 + plainMultiplication * room) - rotation) / plainMultiplication;
  return root ** 2 * (1 + 1e-9);
}

/** What groups by so many turns take beside their products (group-diagonals.ts): rotations of the input vectors, a conjugation and sums over copies of the output vectors. */
export const turningCost = (
  turns: number,
  inputs: number,
  outputs: number,
  { rotation, conjugation }: OperationCosts,
): number => (turns === 0 ? 0 : inputs * turns * rotation + outputs * (conjugation + (turns - 1) * rotation));

/** The least that so many diagonals are predicted to take, in groups by at most so many turns. */
export function groupedCost(
  diagonals: number,
  mostTurns: number,
  inputs: number,
  outputs: number,
  costs: OperationCosts,
): number {
  let least = diagonalCost(diagonals, costs);
  for (let turns = 1; turns <= mostTurns; turns++) {
    const cost = turningCost(turns, inputs, outputs, costs) + diagonalCost(diagonals / 2 ** turns, costs);
    least = Math.min(least, cost);
  }
  return least;
}
