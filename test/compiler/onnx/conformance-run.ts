import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { importOnnx, type ImportOptions } from '../../../compiler/onnx/import.ts';
import { importers } from '../../../compiler/onnx/operators/table.ts';
import { readModel, readTensorFile } from '../../../compiler/onnx/read.ts';
import { decodeTensor } from '../../../compiler/onnx/tensors.ts';
import { FhecError, unknownLoc } from '../../../ir/diagnostics.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { paramName, type Module } from '../../../ir/module.ts';
import { sameShape, type Tensor } from '../../../ir/tensor.ts';

/** One test of the official ONNX suite: its folder below the data, and the operators of its model. */
export interface ConformanceTest {
  readonly name: string;
  readonly operators: readonly string[];
}

export type Outcome =
  | { readonly kind: 'passed'; readonly test: string }
  | { readonly kind: 'failed'; readonly test: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly test: string; readonly code: string; readonly reason: string };

/** Tolerances of the ONNX backend tests for float32. */
const relative = 1e-3;
const absolute = 1e-5;

export function conformanceTests(root: string): ConformanceTest[] {
  const [, ...lines] = readFileSync(join(root, 'index.tsv'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [name, operators] = line.split('\t');
    return { name, operators: operators.split(',') };
  });
}

/** Whether every operator of the test is one that import knows. */
export const inScope = (test: ConformanceTest): boolean => test.operators.every((o) => importers.has(o));

const readTensor = (path: string): Tensor =>
  decodeTensor(readTensorFile(readFileSync(path)), `tensor '${path}'`, unknownLoc).tensor;

/** The tensors `input_0.pb, input_1.pb, ...` (or output_) of a test data set. */
export function readTensors(folder: string, kind: 'input' | 'output'): Tensor[] {
  const path = (i: number): string => join(folder, `${kind}_${i}.pb`);
  const tensors: Tensor[] = [];
  for (let i = 0; existsSync(path(i)); i++) tensors.push(readTensor(path(i)));
  return tensors;
}

/** The first difference beyond the tolerances, in words, or undefined. */
export function difference(actual: Tensor, expected: Tensor): string | undefined {
  if (!sameShape(actual.shape, expected.shape)) {
    return `shape [${actual.shape.join(', ')}] where [${expected.shape.join(', ')}] is expected`;
  }
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [actual.data[i], expected.data[i]];
    const close = Object.is(a, e) || a === e || Math.abs(a - e) <= absolute + relative * Math.abs(e);
    if (!close) return `element ${i} is ${a} where ${e} is expected`;
  }
  return undefined;
}

/** Imports a model whose inputs but the first are fixed to the values of the test where it cannot be imported without. */
function importFor(bytes: Uint8Array, inputNames: readonly string[], inputs: readonly Tensor[]): Module {
  const options: ImportOptions = { keepClientSteps: true };
  try {
    return importOnnx(bytes, options);
  } catch (error) {
    const dynamic = error instanceof FhecError && ['FHE0206', 'FHE0501'].includes(error.diagnostics[0].code);
    if (!dynamic || inputs.length < 2) throw error;
    const constants = new Map(inputNames.map((name, i): [string, Tensor] => [name, inputs[i]]).slice(1));
    return importOnnx(bytes, { ...options, constants });
  }
}

function runDataSet(bytes: Uint8Array, folder: string): string | undefined {
  const graph = readModel(bytes).graph ?? {};
  const initialisers = new Set((graph.initializer ?? []).map((i) => i.name));
  const names = (graph.input ?? []).filter((i) => !initialisers.has(i.name)).map((i) => i.name ?? '');
  const inputs = readTensors(folder, 'input');
  const expected = readTensors(folder, 'output');
  const [main] = importFor(bytes, names, inputs).funcs;
  const outputs = evaluateFunc(
    main,
    main.params.map((p) => inputs[names.indexOf(paramName(p))]),
  );
  if (outputs.length !== expected.length || expected.length === 0)
    return `${outputs.length} outputs for ${expected.length}`;
  return outputs.map((o, i) => difference(o, expected[i])).find((d) => d !== undefined);
}

/** Runs all data sets of one test: import, evaluate at the nn level, compare. A crash is a failure, a FhecError a refusal. */
export function runConformanceTest(root: string, test: ConformanceTest): Outcome {
  const folder = join(root, test.name);
  try {
    const bytes = readFileSync(join(folder, 'model.onnx'));
    const dataSets = readdirSync(folder).filter((name) => name.startsWith('test_data_set_'));
    const problem = dataSets.map((d) => runDataSet(bytes, join(folder, d))).find((p) => p !== undefined);
    if (problem === undefined && dataSets.length > 0) return { kind: 'passed', test: test.name };
    return { kind: 'failed', test: test.name, reason: problem ?? 'it has no data' };
  } catch (error) {
    if (!(error instanceof FhecError)) return { kind: 'failed', test: test.name, reason: String(error) };
    const [{ code, message }] = error.diagnostics;
    return { kind: 'refused', test: test.name, code, reason: message };
  }
}

/** The summary line, then one line for each test that did not pass. */
export function summary(outcomes: readonly Outcome[]): string[] {
  const count = (kind: Outcome['kind']): number => outcomes.filter((o) => o.kind === kind).length;
  const line = `conformance: ${count('passed')} passed, ${count('failed')} failed, ${count('refused')} out of scope`;
  const rest = outcomes.flatMap((o) => {
    if (o.kind === 'passed') return [];
    return [
      o.kind === 'failed' ? `  FAILED ${o.test}: ${o.reason}` : `  out of scope ${o.test}: ${o.code} ${o.reason}`,
    ];
  });
  return [line, ...rest];
}
