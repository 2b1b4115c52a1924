/**
 * Trains the sample networks and writes them, with what they should answer, next to this folder.
 *
 *     npx tsx samples/train/main.ts [name ... | all] [--check]
 *
 * With --check nothing is trained: the files that are there are read and compared with their expected.json.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { startBackend } from './backend.ts';
import { loadDataset, type Dataset } from './data.ts';
import { fit } from './fit.ts';
import { cnnFashion } from './models/cnn-fashion.ts';
import { lenetMaxMnist } from './models/lenet-max-mnist.ts';
import { lenetMnist } from './models/lenet-mnist.ts';
import { mlpMnist } from './models/mlp-mnist.ts';
import { evaluate, initialParameters } from './network.ts';
import { decodeParameters, encodeModel } from './onnx.ts';
import { Random } from './random.ts';
import { answersAgree, expectedAnswers, readme } from './report.ts';
import type { ModelSpec } from './spec.ts';

const MODELS: readonly ModelSpec[] = [mlpMnist, lenetMnist, lenetMaxMnist, cnnFashion];
const SAMPLES = fileURLToPath(new URL('..', import.meta.url));

/** Trains one model and writes model.onnx, expected.json and README.md. */
async function train(spec: ModelSpec, data: Dataset): Promise<void> {
  let seconds = 0;
  const parameters = fit(spec, data.train, (epoch, loss, elapsed) => {
    seconds = elapsed;
    console.log(
      `${spec.name}: epoch ${epoch} of ${spec.recipe.epochs}, loss ${loss.toFixed(4)}, ${elapsed.toFixed(0)} s`,
    );
  });
  const folder = `${SAMPLES}${spec.name}/`;
  mkdirSync(folder, { recursive: true });
  const bytes = encodeModel(spec, parameters);
  writeFileSync(`${folder}model.onnx`, bytes);
  // What is reported is what the written file computes.
  const result = evaluate(spec, decodeParameters(bytes, parameters), data.test);
  writeFileSync(`${folder}expected.json`, expectedAnswers(spec, result, data.test));
  const text = readme(spec, result, parameters, bytes.length, seconds);
  const style = await resolveConfig(`${folder}README.md`);
  writeFileSync(`${folder}README.md`, await format(text, { ...style, proseWrap: 'always', parser: 'markdown' }));
  console.log(`${spec.name}: ${(100 * result.accuracy).toFixed(2)} % of the test images, ${bytes.length} bytes`);
}

/** Evaluates a model from its file; false if the answers are not the expected ones. */
function check(spec: ModelSpec, data: Dataset): boolean {
  const folder = `${SAMPLES}${spec.name}/`;
  const shapes = initialParameters(spec, new Random(0));
  const result = evaluate(spec, decodeParameters(readFileSync(`${folder}model.onnx`), shapes), data.test);
  const same = answersAgree(result, readFileSync(`${folder}expected.json`, 'utf8'));
  console.log(
    `${spec.name}: ${(100 * result.accuracy).toFixed(2)} %, ${same ? 'as expected' : 'NOT as in expected.json'}`,
  );
  return same;
}

async function main(args: readonly string[]): Promise<void> {
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const names = wanted.length === 0 || wanted.includes('all') ? MODELS.map(({ name }) => name) : wanted;
  const unknown = names.filter((name) => !MODELS.some((spec) => spec.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `no model named ${unknown.join(', ')}; there are ${MODELS.map(({ name }) => name).join(', ')}, all`,
    );
  }
  console.log(`back end: ${await startBackend()}`);
  for (const dataset of ['mnist', 'fashion'] as const) {
    const specs = MODELS.filter((spec) => spec.dataset === dataset && names.includes(spec.name));
    if (specs.length === 0) continue;
    const data = loadDataset(dataset);
    for (const spec of specs) {
      if (!args.includes('--check')) await train(spec, data);
      else if (!check(spec, data)) process.exitCode = 1;
    }
  }
}

await main(process.argv.slice(2));
