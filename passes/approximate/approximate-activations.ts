import { derivedLoc, fail } from '../../ir/diagnostics.ts';
import type { Module, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { channelCount } from '../../ir/nn/define.ts';
import { mul } from '../../ir/nn/elementwise.ts';
import { polynomial } from '../../ir/nn/polynomial.ts';
import { rewriteModule, type Rewriter } from '../../ir/rewrite.ts';
import { tensor } from '../../ir/tensor.ts';
import { definePass } from '../define-pass.ts';
import { approximationDomain } from './activation-domain.ts';
import { signParts, type Candidate, type CompositeCandidate } from './candidate.ts';
import { uniformDensity } from './input-density.ts';
import { oddToChebyshev } from './odd-polynomial.ts';
import { componentRanges } from './paf-families.ts';
import { fitPolynomial } from './weighted-least-squares.ts';

const passName = 'approximate-activations';

/**
 * Replaces each activation by its choice: `nn.polynomial`, or for composites a chain of them and an `nn.mul` with the input.
 * Activations without a choice stay as they are.
 */
export function approximateActivations(module: Module, choice: ReadonlyMap<Value, Candidate>): Module {
  return rewriteModule(module, (op, rewriter) => {
    const candidate = choice.get(op);
    if (!candidate) return undefined;
    if (candidate.form === 'composite') return emitComposite(op, candidate, rewriter);
    const { coefficients, scale } = candidate;
    return rewriter.builder.create(
      polynomial,
      [rewriter.mapped(op.operands[0])],
      { coefficients, scale },
      derivedLoc(passName, op.loc),
    );
  });
}

/** x * (b + a * P(x / scale)): a and b go into the last component, so that the product with x is the only level beyond P. */
function emitComposite(op: Value, candidate: CompositeCandidate, { builder, mapped }: Rewriter): Value {
  const { components, scale } = candidate;
  const parts = signParts(op);
  if (!parts) fail('FHE0402', `${op.op} has no composite form`, op.loc);
  const loc = derivedLoc(passName, op.loc);
  const ranges = componentRanges(components);
  const x = mapped(op.operands[0]);
  let y = x;
  components.forEach((component, k) => {
    const row = oddToChebyshev(component, ranges[k]);
    const last = k === components.length - 1;
    const rows = last ? parts.a.map((a, c) => row.map((v, j) => a * v + (j === 0 ? parts.b[c] : 0))) : [row];
    const coefficients = tensor(
      [rows.length, row.length],
      rows.flatMap((r) => [...r]),
    );
    y = builder.create(
      polynomial,
      [y],
      { coefficients, scale: k === 0 ? scale.map((s) => s * ranges[0]) : [ranges[k]] },
      loc,
    );
  });
  return builder.create(mul, [x, y], {}, loc);
}

/** The pass for text: one degree and one range for all activations, uniform weight. Compiles choose by profile instead. */
export const approximateActivationsPass = definePass({
  name: passName,
  summary: 'Replace every activation by the least squares polynomial of one degree on one range.',
  assumes: ['inputs of all activations lie in [low, high]'],
  from: 'nn',
  to: 'nn',
  options: {
    degree: { kind: 'int', default: 7, help: 'degree of the polynomials, 1 to 63' },
    low: { kind: 'float', default: -1, help: 'least input of every activation' },
    high: { kind: 'float', default: 1, help: 'largest input of every activation' },
  },
  run: (module, { degree, low, high }) => {
    if (!Number.isInteger(degree) || degree < 1 || degree > 63) fail('FHE0901', `degree ${degree} is not in 1 .. 63`);
    if (!(low < high) || !Number.isFinite(high - low)) fail('FHE0901', `[${low}, ${high}] is no range`);
    return rewriteModule(module, (op, { builder, mapped }) => {
      const activation = findActivation(op.op);
      if (!activation) return undefined;
      approximationDomain(op, low, high);
      const varies = Object.values(op.attrs).some((v) => Array.isArray(v) && v.length > 1);
      const channels = varies && op.type.kind === 'tensor' ? channelCount(op.type.shape) : 1;
      const fits = Array.from({ length: channels }, (_, c) =>
        fitPolynomial(activation.at(op.attrs, c), uniformDensity([low, high]), degree, { floor: 0 }),
      );
      const coefficients = tensor(
        [channels, degree + 1],
        fits.flatMap((fit) => [...fit.coefficients]),
      );
      const attrs = { coefficients, scale: [fits[0].scale] };
      return builder.create(polynomial, [mapped(op.operands[0])], attrs, derivedLoc(passName, op.loc));
    });
  },
});
