import { derivedLoc, InternalError } from '../../ir/diagnostics.ts';
import type { Port } from '../../ir/interface.ts';
import { mapEntries } from '../../ir/matrix.ts';
import type { Func, Module, Value } from '../../ir/module.ts';
import { channelCount, channelOf } from '../../ir/nn/define.ts';
import { mul } from '../../ir/nn/elementwise.ts';
import { polynomial } from '../../ir/nn/polynomial.ts';
import { refresh } from '../../ir/nn/refresh.ts';
import { rewriteFunc, type Rewriter } from '../../ir/rewrite.ts';
import { tensor } from '../../ir/tensor.ts';
import { substituteChebyshev } from './chebyshev-substitute.ts';
import { createLinear, isLinear, linearAttrs, shapeOf, sizeOf } from './linear-op.ts';
import { polynomialAttrs, type PolynomialAttrs } from './polynomial-op.ts';
import { chooseScales, type Ranges, type ScaleOf } from './scale-choice.ts';

/** The scale of each element. */
function elementScales(value: Value, scaleOf: ScaleOf): Float64Array {
  const scales = scaleOf(value);
  const channel = channelOf(shapeOf(value));
  return Float64Array.from({ length: sizeOf(value) }, (_, i) => scales[channel(i)]);
}

function scaledLinear(op: Value, { builder, mapped }: Rewriter, scaleOf: ScaleOf): Value {
  const { matrices, bias, shape } = linearAttrs(op);
  const rows = elementScales(op, scaleOf);
  const scaled = matrices.map((m, i) => {
    const columns = elementScales(op.operands[i], scaleOf);
    // Multiplied first, so that equal scales cancel exactly and a unit map stays one.
    return mapEntries(m, (v, r, c) => (v * columns[c]) / rows[r]);
  });
  const offset = tensor(
    shape,
    bias.data.map((b, r) => b / rows[r]),
  );
  return createLinear(builder, op.operands.map(mapped), scaled, shape, derivedLoc('fold-static-scale', op.loc), offset);
}

function scaledPolynomial(op: Value, attrs: PolynomialAttrs, { builder, mapped }: Rewriter, scaleOf: ScaleOf): Value {
  const input = scaleOf(op.operands[0]);
  const output = scaleOf(op);
  const channels = channelCount(shapeOf(op));
  const rows = Array.from({ length: channels }, (_, c) =>
    substituteChebyshev(attrs.rowOf(c), input[c] / attrs.scaleOf(c)).map((v) => v / output[c]),
  );
  const alike = rows.every((row) => row.every((v, k) => v === rows[0][k]));
  const kept = alike ? rows.slice(0, 1) : rows;
  const coefficients = tensor(
    [kept.length, attrs.terms],
    kept.flatMap((row) => [...row]),
  );
  const loc = derivedLoc('fold-static-scale', op.loc);
  return builder.create(polynomial, [mapped(op.operands[0])], { coefficients, scale: [1] }, loc);
}

function rewrite(op: Value, rewriter: Rewriter, scaleOf: ScaleOf): Value | undefined {
  if (isLinear(op)) return scaledLinear(op, rewriter, scaleOf);
  const attrs = polynomialAttrs(op);
  if (attrs) return scaledPolynomial(op, attrs, rewriter, scaleOf);
  if (op.op === mul.name || op.op === refresh.name) return undefined;
  throw new InternalError(`${op.op} is not an op of approximated nn`);
}

/** The factor of a port, multiplied by one number for each element; one number again where all are alike. */
function withFactor(port: Port, by: Float64Array): Port {
  const all = Array.from(by, (s, i) => s * port.factor[port.factor.length === 1 ? 0 : i]);
  return { ...port, factor: all.every((f) => f === all[0]) ? [all[0]] : all };
}

const opCount = (func: Func): number => func.body.length;

/**
 * SmartPAF's static scale (arXiv 2404.03216, section 4.4) without its multiplications: afterwards every polynomial reads a value that is
 * already divided by its scale, every `scale` is 1, and the network computes the same function.
 *
 * Each channel of each value gets a scale; what is computed is the value divided by it. Rows and columns of `nn.linear`, the coefficients
 * of polynomials and the factors of the interface take the scales over, so no op is added (which is checked), and no level but for one case: a
 * unit map of a product whose scale no operand can absorb (x^3 + c with x read elsewhere) becomes a weighted one. A
 * polynomial that shares its input with one of a larger scale is written in the new variable exactly. `ranges` are the largest absolute
 * inputs and outputs found at calibration: inputs above 1 and all outputs are normalised to about [-1, 1] by the interface.
 */
export function foldStaticScale(module: Module, ranges: Ranges): Module {
  const main = module.funcs.find((f) => f.name === 'main');
  const ports = module.interface;
  if (!main || !ports) throw new InternalError('static scales fold into a network with an interface');
  if (ranges.input.length !== main.params.length || ranges.output.length !== main.results.length)
    throw new InternalError('a range is needed for each input and each output');
  const scaleOf = chooseScales(main, ranges);
  const folded = rewriteFunc(main, (op, rewriter) => rewrite(op, rewriter, scaleOf));
  if (opCount(folded) > opCount(main)) throw new InternalError('folding static scales has added an op');
  const inverse = (value: Value): Float64Array => elementScales(value, scaleOf).map((s) => 1 / s);
  return {
    ...module,
    interface: {
      ...ports,
      inputs: ports.inputs.map((port, i) => withFactor(port, inverse(main.params[i]))),
      outputs: ports.outputs.map((port, i) => withFactor(port, elementScales(main.results[i].value, scaleOf))),
    },
    funcs: module.funcs.map((f) => (f === main ? folded : f)),
  };
}
