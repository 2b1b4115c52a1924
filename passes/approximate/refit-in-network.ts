import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { tensor } from '../../ir/tensor.ts';
import { applyOp, forEachRun, type BatchData } from '../analysis/evaluate-batch.ts';
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
): Map<Value, Candidate> {
  const refitted = new Map(choice);
  const states = batches.map(({ inputs, batch }) => ({
    batch,
    exact: new Map(func.params.map((p, i) => [p, inputs[i]])),
    replaced: new Map(func.params.map((p, i) => [p, inputs[i]])),
  }));
  const last = new Map<Value, Value>();
  for (const op of func.body) for (const o of op.operands) last.set(o, op);
  for (const op of func.body) {
    for (const { batch, exact } of states) exact.set(op, applyOp(op, operandsOf(op, exact), batch));
    const candidate = choice.get(op);
    if (candidate?.form === 'direct') {
      const equations = equationsOf(op, candidate);
      for (const { batch, exact, replaced } of states) {
        const x = held(replaced, op.operands[0]);
        const y = held(exact, op);
        forEachRun(op, batch, (channel, from, to) => {
          equations[equations.length === 1 ? 0 : channel].add(x.subarray(from, to), y.subarray(from, to));
        });
      }
      refitted.set(op, reassessed(op, solved(candidate, equations), profile));
    }
    const replacement = refitted.get(op);
    for (const { batch, replaced } of states) {
      const operands = operandsOf(op, replaced);
      replaced.set(
        op,
        replacement ? applyReplacement(op, replacement, operands[0], batch) : applyOp(op, operands, batch),
      );
    }
    for (const { exact, replaced } of states) {
      for (const o of op.operands) {
        if (last.get(o) !== op) continue;
        exact.delete(o);
        replaced.delete(o);
      }
    }
  }
  return refitted;
}

function held(values: ReadonlyMap<Value, BatchData>, value: Value): BatchData {
  const data = values.get(value);
  if (!data) throw new InternalError(`value of ${value.op} used before its definition`);
  return data;
}

const operandsOf = (op: Value, values: ReadonlyMap<Value, BatchData>): BatchData[] =>
  op.operands.map((o) => held(values, o));

/** One problem for each polynomial, the uniform part of its weight already in. */
function equationsOf(op: Value, { coefficients, scale, intervals }: DirectCandidate): NormalEquations[] {
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
    });
  });
}

function solved(candidate: DirectCandidate, equations: readonly NormalEquations[]): DirectCandidate {
  const [rows, terms] = candidate.coefficients.shape;
  const data = new Float64Array(rows * terms);
  equations.forEach((e, r) => data.set(e.solve(), r * terms));
  return { ...candidate, coefficients: tensor([rows, terms], data) };
}

/** The figures of the new coefficients under the distribution that the exact network has. */
function reassessed(op: Value, candidate: DirectCandidate, profile: Profile): DirectCandidate {
  const known = profile.get(op);
  if (!known) return candidate;
  const inputs = activationInputs(op, known, candidate.margin, candidate.perChannel);
  return { ...candidate, ...assess((channel) => replacementOf(op, candidate, channel), inputs, known) };
}

function applyReplacement(op: Value, candidate: Candidate, x: BatchData, batch: number): BatchData {
  const out = new Float64Array(x.length);
  forEachRun(op, batch, (channel, from, to) => {
    const p = replacementOf(op, candidate, channel);
    for (let i = from; i < to; i++) out[i] = p(x[i]);
  });
  return out;
}
