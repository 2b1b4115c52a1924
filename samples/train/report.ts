/**
 * The two texts that go with a trained model: expected.json and README.md.
 */
import { z } from 'zod';
import type { Split } from './data.ts';
import type { ActivationRange, Evaluation, Parameter } from './network.ts';
import { CLASSES, IMAGE_SHAPE, outputShape, type FeatureShape, type Layer, type ModelSpec } from './spec.ts';

const PREDICTIONS = 100;
const LOGITS = 10;

/** expected.json: what the network answers in plain floats, on the test images in the loader's order. */
export function expectedAnswers(spec: ModelSpec, result: Evaluation, test: Split): string {
  const rows = Array.from({ length: LOGITS }, (_, i) => {
    const row = result.logits.subarray(i * CLASSES, (i + 1) * CLASSES);
    return `    [${[...row].map((logit) => logit.toFixed(5)).join(', ')}]`;
  });
  const list = (values: Uint8Array): string => `[${values.subarray(0, PREDICTIONS).join(', ')}]`;
  return `{
  "model": "${spec.name}",
  "dataset": "${spec.dataset}",
  "testImages": ${test.count},
  "accuracy": ${result.accuracy.toFixed(4)},
  "labels": ${list(test.labels)},
  "predictions": ${list(result.predictions)},
  "logits": [
${rows.join(',\n')}
  ]
}
`;
}

const Expected = z.object({
  accuracy: z.number(),
  predictions: z.array(z.number()),
  logits: z.array(z.array(z.number())),
});

/** Whether an evaluation agrees with the text of an expected.json: same labels, and logits to within 0.001. */
export function answersAgree(result: Evaluation, text: string): boolean {
  const expected = Expected.parse(JSON.parse(text));
  return (
    Math.abs(expected.accuracy - result.accuracy) < 5e-4 &&
    expected.predictions.every((label, i) => label === result.predictions[i]) &&
    expected.logits.flat().every((logit, i) => Math.abs(logit - result.logits[i]) < 1e-3)
  );
}

/** README.md of one sample. */
export function readme(
  spec: ModelSpec,
  result: Evaluation,
  parameters: readonly Parameter[],
  fileBytes: number,
  seconds: number,
): string {
  const { recipe } = spec;
  const count = parameters.reduce((sum, { value }) => sum + value.length, 0);
  const set = spec.dataset === 'mnist' ? 'MNIST' : 'Fashion-MNIST';
  const augmentation = [
    recipe.shift > 0 ? `random shifts of up to ${recipe.shift} pixel${recipe.shift > 1 ? 's' : ''}` : '',
    recipe.flip ? 'random mirroring' : '',
  ].filter((part) => part !== '');
  const penalty = `a penalty of ${recipe.tailPenalty} on activation inputs beyond ${recipe.tailStart} times their rms`;
  const traits = [
    `AdamW with peak learning rate ${recipe.learningRate} on a cosine`,
    `weight decay ${recipe.weightDecay}`,
    ...(recipe.labelSmoothing > 0 ? [`label smoothing ${recipe.labelSmoothing}`] : []),
    ...(recipe.tailPenalty > 0 ? [penalty] : []),
    ...augmentation,
    `seed ${recipe.seed}`,
  ];
  return `# ${spec.title}

\`model.onnx\`: opset ${spec.opset}, ${count.toLocaleString('en')} parameters, ${Math.ceil(fileBytes / 1000)} kB. Input \`image\`
[N, 1, 28, 28] with pixels in 0..1 (no other normalisation), output \`logits\` [N, 10].

**${(100 * result.accuracy).toFixed(2)} % of the 10,000 test images of ${set}** are classified correctly, in plain floats.

## Layers

| node | operator | result |
| --- | --- | --- |
${layerRows(spec.layers, IMAGE_SHAPE, '').rows.join('\n')}

## Activation inputs

What enters each activation, over all test images:

| node | min | max | mean | deviation |
| --- | --- | --- | --- | --- |
${result.ranges.map(rangeRow).join('\n')}

## Training

${recipe.epochs} epochs of the 60,000 training images in batches of ${recipe.batch}, ${seconds.toFixed(0)} s on one core of a shared machine:
${traits.join(', ')}.

    npx tsx samples/train/main.ts ${spec.name}

\`expected.json\` holds the accuracy, the labels and predictions of the first ${PREDICTIONS} test images and the logits of the
first ${LOGITS}, in the order of \`samples/train/data.ts\`.
`;
}

function rangeRow({ name, min, max, mean, deviation }: ActivationRange): string {
  return `| ${name} | ${[min, max, mean, deviation].map((value) => value.toFixed(2)).join(' | ')} |`;
}

/** One table row per node, and the shape after the last. */
function layerRows(
  layers: readonly Layer[],
  input: FeatureShape,
  place: string,
): { rows: string[]; shape: FeatureShape } {
  const rows: string[] = [];
  let shape = input;
  for (const layer of layers) {
    if (layer.kind === 'residual') rows.push(...layerRows(layer.body, shape, `, in the branch of ${layer.name}`).rows);
    shape = outputShape(layer, shape);
    rows.push(`| ${layer.name} | ${describe(layer)}${place} | ${shape.join(' x ')} |`);
  }
  return { rows, shape };
}

function describe(layer: Layer): string {
  switch (layer.kind) {
    case 'conv': {
      const stride = layer.stride ?? 1;
      const pad = layer.pad ?? 0;
      return `Conv ${layer.kernel} x ${layer.kernel}${stride > 1 ? `, stride ${stride}` : ''}${pad > 0 ? `, pad ${pad}` : ''}`;
    }
    case 'dense':
      return 'Gemm';
    case 'batchnorm':
      return 'BatchNormalization';
    case 'relu':
      return 'Relu';
    case 'gelu':
      return 'Gelu';
    case 'avgpool':
      return `AveragePool ${layer.size} x ${layer.size}`;
    case 'maxpool':
      return `MaxPool ${layer.size} x ${layer.size}`;
    case 'flatten':
      return 'Flatten';
    case 'residual':
      return 'Add, with what entered the branch';
  }
}
