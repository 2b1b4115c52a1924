import { erf } from '../../ir/nn/activations.ts';

/**
 * The share of top-1 answers that a replacement is expected to lose. With a few hundred images, counting the changed answers is
 * too coarse: one image in 500 is 0.2 points. So every image's exact logits are perturbed by the error that every image suffered,
 * and the answers of all these pairs are counted: as if each error could have met each margin. Errors of the same class
 * as the image only, where there are enough, since errors depend on the class.
 *
 * `exact` and `outputs` are the logits of each image by the exact network and by its replacement, `labels` the right answers.
 * The result lies between -1 and 1: right answers lost less right answers won.
 */
export function expectedLoss(
  exact: readonly Float64Array[],
  outputs: readonly Float64Array[],
  labels: Int32Array,
): number {
  const errors = exact.map((logits, i) => outputs[i].map((x, c) => x - logits[c]));
  const byClass = new Map<number, Float64Array[]>();
  errors.forEach((error, i) => byClass.set(labels[i], [...(byClass.get(labels[i]) ?? []), error]));
  let lost = 0;
  exact.forEach((logits, i) => {
    const same = byClass.get(labels[i]) ?? [];
    const pool = same.length >= leastErrors ? same : errors;
    const right = argmax(logits) === labels[i] ? 1 : 0;
    let kept = 0;
    for (const error of pool) if (perturbedArgmax(logits, error) === labels[i]) kept++;
    lost += right - kept / pool.length;
  });
  return lost / exact.length;
}

const leastErrors = 20;

/**
 * The share of top-1 answers that noise is expected to change: independent normal errors of the deviation in every logit, which overturn a margin m
 * with probability erfc(m / (2 deviation)) / 2. The chances against each other class are added up, which errs on the safe side. Between 0 and 1;
 * 1 for a deviation that is no number.
 */
export function answersChangedByNoise(logits: readonly Float64Array[], deviation: number): number {
  if (!(deviation < Infinity)) return 1;
  let changed = 0;
  for (const image of logits) {
    const best = argmax(image);
    let chance = 0;
    image.forEach((x, c) => {
      if (c !== best) chance += (1 - erf((image[best] - x) / (2 * deviation))) / 2;
    });
    changed += Math.min(1, chance);
  }
  return changed / logits.length;
}

function argmax(logits: Float64Array): number {
  let best = 0;
  for (let c = 1; c < logits.length; c++) if (logits[c] > logits[best]) best = c;
  return best;
}

function perturbedArgmax(logits: Float64Array, error: Float64Array): number {
  let best = 0;
  for (let c = 1; c < logits.length; c++) if (logits[c] + error[c] > logits[best] + error[best]) best = c;
  return best;
}
