import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { tensor } from '../../ir/tensor.ts';
import { applyOp, evaluateBatch, forEachRun, type BatchData } from '../analysis/evaluate-batch.ts';
import type { Profile } from '../analysis/profile.ts';
import { activationInputs } from './activation-inputs.ts';
import { assess, type Candidate, type DirectCandidate } from './candidate.ts';
import { NormalEquations } from './normal-equations.ts';
import { replacementOf } from './replacement.ts';

interface Batch {
  readonly inputs: readonly BatchData[];
  readonly batch: number;
}

/** Share of the uniform weight over each interval beside the images: inputs not yet seen count too. */
const floor = 1e-3;

/** What the exact network has after each activation: for each batch [elements, batch], in single precision to hold many of them. */
export type ActivationOutputs = ReadonlyMap<Value, readonly Float32Array[]>;

/** The targets of {@link refitInNetwork}. */
export function exactActivations(func: Func, batches: readonly Batch[]): ActivationOutputs {
  const outputs = new Map<Value, Float32Array[]>();
  for (const { inputs, batch } of batches) {
    const visit = (value: Value, data: BatchData): void => {
      if (!findActivation(value.op)) return;
      const known = outputs.get(value) ?? [];
      outputs.set(value, known);
      known.push(Float32Array.from(data));
    };
    evaluateBatch(func, inputs, batch, { visit });
  }
  return outputs;
}

/** Polynomials fitted again, and the first result of the network with them: for each batch [elements, batch]. */
export interface Refitted {
  readonly choice: ReadonlyMap<Value, Candidate>;
  readonly results: readonly BatchData[];
}

/**
 * Fits the polynomials of an assignment again, one layer after the other, on what reaches them: their inputs come through the layers already
 * replaced, and their targets are what the exact network has at that place, so that a layer makes up for errors of the layers before it as far as a
 * function of one element can (the idea of SmartPAF's Progressive Approximation, MLSys 2024, with a least squares problem in place of training).
 * Degrees, intervals, scales and the terms that are zero stay. Composite forms stay as they are. One pass through the network.
 */
export function refitInNetwork(
  func: Func,
  choice: ReadonlyMap<Value, Candidate>,
  profile: Profile,
  batches: readonly Batch[],
  targets: ActivationOutputs = exactActivations(func, batches),
): Refitted {
  const refitted = new Map(choice);
  const states = batches.map(({ inputs, batch }) => ({
    batch,
    values: new Map(func.params.map((p, i) => [p, inputs[i]])),
  }));
  const last = new Map<Value, Value>();
  for (const op of func.body) for (const o of op.operands) last.set(o, op);
  for (const result of func.results) last.delete(result.value);
  for (const op of func.body) {
    const candidate = choice.get(op);
    if (candidate?.form === 'direct') {
      const equations = equationsOf(op, candidate);
      const exact = targets.get(op);
      if (!exact) throw new InternalError(`no targets for ${op.op}`);
      states.forEach(({ batch, values }, i) => {
        const x = held(values, op.operands[0]);
        forEachRun(op, batch, (channel, from, to) => {
          equations[equations.length === 1 ? 0 : channel].add(x.subarray(from, to), exact[i].subarray(from, to));
        });
      });
      refitted.set(op, withCoefficients(op, candidate, solved(candidate, equations), profile));
    }
    const replacement = refitted.get(op);
    for (const { batch, values } of states) {
      const operands = op.operands.map((o) => held(values, o));
      values.set(
        op,
        replacement ? applyReplacement(op, replacement, operands[0], batch) : applyOp(op, operands, batch),
      );
      for (const o of op.operands) if (last.get(o) === op) values.delete(o);
    }
  }
  const results = states.map(({ values }) => held(values, func.results[0].value));
  return { choice: refitted, results };
}

function held(values: ReadonlyMap<Value, BatchData>, value: Value): BatchData {
  const data = values.get(value);
  if (!data) throw new InternalError(`value of ${value.op} used before its definition`);
  return data;
}

/** One problem for each polynomial, the uniform part of its weight already in. */
function equationsOf(op: Value, { coefficients, scale, intervals, held }: DirectCandidate): NormalEquations[] {
  const activation = findActivation(op.op);
  if (!activation) throw new InternalError(`${op.op} is no activation`);
  const [rows, terms] = coefficients.shape;
  const present = Array.from({ length: terms }, (_, k) =>
    Array.from({ length: rows }, (__, r) => coefficients.data[r * terms + k]).some((c) => c !== 0),
  );
  return Array.from({ length: rows }, (_, c) => {
    const f = activation.at(op.attrs, c);
    return new NormalEquations(present, scale[scale.length === 1 ? 0 : c], {
      f,
      interval: intervals[intervals.length === 1 ? 0 : c],
      share: floor,
      ...(held && { held }),
    });
  });
}

function solved({ coefficients }: DirectCandidate, equations: readonly NormalEquations[]): Float64Array {
  const [rows, terms] = coefficients.shape;
  const data = new Float64Array(rows * terms);
  equations.forEach((e, r) => data.set(e.solve(), r * terms));
  return data;
}

/** A polynomial of an activation with other coefficients, as many, and its figures under the distribution that the exact network has. */
export function withCoefficients(
  op: Value,
  candidate: DirectCandidate,
  data: Float64Array,
  profile: Profile,
): DirectCandidate {
  const changed = { ...candidate, coefficients: tensor(candidate.coefficients.shape, data) };
  const known = profile.get(op);
  if (!known) return changed;
  const inputs = activationInputs(op, known, candidate.margin, candidate.perChannel);
  return { ...changed, ...assess((channel) => replacementOf(op, changed, channel), inputs, known) };
}

function applyReplacement(op: Value, candidate: Candidate, x: BatchData, batch: number): BatchData {
  const out = new Float64Array(x.length);
  forEachRun(op, batch, (channel, from, to) => {
    const p = replacementOf(op, candidate, channel);
    for (let i = from; i < to; i++) out[i] = p(x[i]);
  });
  return out;
}
