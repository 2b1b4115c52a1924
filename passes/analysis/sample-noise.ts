import { addVectors, complexTensor, realPart } from '../../ir/complex.ts';
import { makeEmbedding, type Embedding } from '../../ir/ckks/embedding.ts';
import { averageDenseWeight, drawOverflow } from '../../ir/ckks/overflow.ts';
import { slotCount, type Parameters } from '../../ir/ckks/parameters.ts';
import { defaultSparseWeight } from '../../ir/ckks/secret.ts';
import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { asStored } from '../../ir/program/stored-constants.ts';
import { registry } from '../../ir/registry.ts';
import { tensor, type Tensor } from '../../ir/tensor.ts';
import { ownNoise } from './noise.ts';

/** What a ckks function does to its inputs, exactly and with noise. */
export interface NoiseSample {
  /** The largest absolute number in any slot of each value, over all inputs, slots that hold no element included. */
  readonly largest: ReadonlyMap<Value, number>;
  /** Values some coefficient of which reached its limit. */
  readonly tooLarge: readonly Value[];
  /** For each input the vectors of the results. */
  readonly runs: readonly { readonly exact: readonly Float64Array[]; readonly noisy: readonly Float64Array[] }[];
}

/**
 * Runs a ckks function on each input (one vector a parameter) side by side in exact numbers and with normal noise of the deviation that every op
 * adds ({@link ownNoise}), and with the multiples of the base prime that a raise of the modulus adds; weights are rounded as files round them. `limitOf`: what the coefficients of a value must stay below. Unlike a formula over whole values, this knows which slots matter, and that errors of a power of one value add up.
 */
export function sampleNoise(
  func: Func,
  parameters: Parameters,
  inputs: readonly (readonly Float64Array[])[],
  limitOf: (value: Value) => number = () => Infinity,
): NoiseSample {
  const largest = new Map<Value, number>();
  const tooLarge = new Set<Value>();
  let embedding: Embedding | undefined;
  /** Slots may be far larger than coefficients; it is the coefficients that must stay below the limit. */
  const exceeds = (slots: Tensor, limit: number): boolean => {
    if (slots.data.length === 1) return true;
    embedding ??= makeEmbedding(parameters.ringDegree);
    const imaginary =
      slots.shape.length > 1 ? slots.data.subarray(slots.shape[1]) : new Float64Array(slots.data.length);
    const coefficients = embedding.toCoefficients({ real: realPart(slots), imaginary });
    return !coefficients.every((c) => Math.abs(c) < limit);
  };
  const last = new Map<Value, Value>();
  for (const op of func.body) op.operands.forEach((o) => last.set(o, op));
  const results = func.results.map((r) => r.value);
  const own = new Map([...func.params, ...func.body].map((v) => [v, ownNoise(v, parameters)]));
  const noise = noiseSource(parameters);
  const runs = inputs.map((vectors) => {
    const known = new Map<Value, Pair>();
    const record = (value: Value, exact: Tensor, noisy: Tensor): void => {
      let most = largest.get(value) ?? 0;
      const { data } = exact;
      for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]) <= most)) most = Math.abs(data[i]);
      largest.set(value, most);
      if (!(most < limitOf(value)) && exceeds(exact, limitOf(value))) tooLarge.add(value);
      known.set(value, { exact, noisy: noise.add(noisy, own.get(value) ?? 0) });
    };
    const of = (value: Value): Pair => {
      const pair = known.get(value);
      if (!pair) throw new InternalError(`value of ${value.op} used before its definition`);
      return pair;
    };
    func.params.forEach((p, i) => {
      const data = tensor([vectors[i].length], vectors[i]);
      record(p, data, data);
    });
    for (const op of func.body) {
      const operands = op.operands.map(of);
      const { eval: run } = registry.get(op.op);
      const exact = run(
        operands.map((o) => o.exact),
        op.attrs,
      );
      const noisy =
        op.op === 'ckks.encode'
          ? tensor(exact.shape, asStored(exact.data, slotCount(parameters)))
          : run(
              operands.map((o) => o.noisy),
              op.attrs,
            );
      if (op.op === 'ckks.mod_raise') record(op, exact, addVectors(noisy, noise.overflow(op)));
      else record(op, exact, addsConjugate(op) ? tensor([realPart(noisy).length], realPart(noisy)) : noisy);
      for (const o of op.operands) if (last.get(o) === op && !results.includes(o)) known.delete(o);
    }
    return { exact: results.map((r) => realPart(of(r).exact)), noisy: results.map((r) => realPart(of(r).noisy)) };
  });
  return { largest, tooLarge: [...tooLarge], runs };
}

interface Pair {
  readonly exact: Tensor;
  readonly noisy: Tensor;
}

/** More than twice the slots of the largest ring, so that two ops seldom meet the same numbers. */
const tableSize = 2 ** 17;

/** Whether the op adds a value and its conjugate: what is left of the imaginary parts is noise, which no real program sees. */
const addsConjugate = ({ op, operands: [a, b] }: Value): boolean =>
  op === 'ckks.add' &&
  ((a.op === 'ckks.conjugate' && a.operands[0] === b) || (b.op === 'ckks.conjugate' && b.operands[0] === a));

interface NoiseSource {
  /** Adds normal noise to a copy. */
  readonly add: (x: Tensor, deviation: number) => Tensor;
  /** What this raise adds to the slots. */
  readonly overflow: (raise: Value) => Tensor;
}

/** Every source gives the same sequence, so that compiling twice gives one program. */
function noiseSource({ ringDegree, primes }: Parameters): NoiseSource {
  let embedding: Embedding | undefined;
  let state = 0x2545f491;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  // Box and Muller (1958) on xorshift32 (Marsaglia, JSS 8, 2003).
  const normal = (): number => Math.sqrt(-2 * Math.log(next() / 2 ** 32)) * Math.cos((2 * Math.PI * next()) / 2 ** 32);
  const table = Float64Array.from({ length: tableSize }, normal);
  return {
    add: (x, deviation) => {
      if (deviation === 0) return x;
      const from = next() % tableSize;
      const out = new Float64Array(x.data.length);
      for (let i = 0; i < out.length; i++) out[i] = x.data[i] + deviation * table[(from + i) & (tableSize - 1)];
      return tensor(x.shape, out);
    },
    overflow: ({ operands: [x] }) => {
      embedding ??= makeEmbedding(ringDegree);
      const weight = x.op === 'ckks.switch_key' ? defaultSparseWeight : averageDenseWeight(ringDegree);
      const { real, imaginary } = drawOverflow(embedding, weight, normal);
      const factor = x.type.kind === 'cipher' ? Number(primes[0]) / x.type.scale : NaN;
      return complexTensor(
        real.map((v) => factor * v),
        imaginary.map((v) => factor * v),
      );
    },
  };
}
