import { isSecure, maxModulusBits, modulusBits, slotCount, type Parameters } from '../../ir/ckks/parameters.ts';
import { onnxNodes } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import type { Constants } from '../../ir/program/program.ts';
import { reportActivation } from '../../passes/approximate/activation-report.ts';
import type { Candidate } from '../../passes/approximate/candidate.ts';
import { replacementOf } from '../../passes/approximate/replacement.ts';
import { ciphertextBytes } from '../../passes/analysis/cost-model.ts';
import type { Cost } from '../../passes/analysis/cost.ts';
import { memoryOf } from '../../passes/analysis/memory.ts';
import { pricedThreads } from '../costs/models.ts';
import type { CompileOptions } from '../options.ts';
import type { ActivationAccount, AlternativeAccount, CostAccount, NodeAccount, ParameterAccount } from '../report.ts';
import type { Assignment } from './assignments.ts';
import type { Calibration } from './calibrate.ts';
import { mainOf } from './main-of.ts';
import type { PricedRealisation, Realisation } from './realise.ts';

const curvePoints = 101;

/** What became of one activation: the candidate's figures, and both curves over the interval of the widest channel. */
export function accountOfActivation(
  value: Value,
  candidate: Candidate,
  calibration: Calibration,
): ActivationAccount | undefined {
  const profile = calibration.profile.get(value);
  const activation = findActivation(value.op);
  if (!profile || !activation) return undefined;
  const report = reportActivation(value, profile, candidate);
  const widths = candidate.intervals.map(([low, high]) => high - low);
  const widest = widths.indexOf(Math.max(...widths));
  const [low, high] = candidate.intervals[widest];
  const exact = activation.at(value.attrs, widest);
  const polynomial = replacementOf(value, candidate, widest);
  const x = Array.from({ length: curvePoints }, (_, i) => low + ((high - low) * i) / (curvePoints - 1));
  return {
    node: report.node,
    op: report.op,
    form: report.form,
    degree: report.degree,
    levels: report.levels,
    channels: report.channels,
    interval: report.interval,
    histogram: { low: report.histogram.low, high: report.histogram.high, counts: report.histogram.shares },
    curve: { x, exact: x.map(exact), polynomial: x.map(polynomial) },
    meanSquaredError: report.predictedMse,
    maxError: report.maxError,
    outOfRangeShare: report.outOfRangeShare,
    blowUpRate: report.blowUpRate,
    impact: report.impact,
  };
}

export function accountOfCost(
  { module, cost, parameters }: Realisation,
  options: CompileOptions,
  constants: Constants,
  inputs: number,
): CostAccount {
  const { ringDegree, primes } = parameters;
  return {
    rotations: cost.rotations,
    multiplications: cost.multiplications,
    plainMultiplications: cost.plainMultiplications,
    relinearizations: cost.relinearizations,
    rescales: cost.rescales,
    modSwitches: cost.modSwitches,
    additions: cost.additions,
    encodes: cost.encodes,
    depth: cost.depth,
    rotationKeys: cost.rotationKeys,
    artefactBytes: [...constants].reduce((bytes, c) => bytes + 4 * c.length, 0),
    ciphertextBytes: inputs * ciphertextBytes(ringDegree, primes.length),
    seconds: cost.seconds,
    threads: pricedThreads(options),
    ...memoryOf(mainOf(module), parameters, options.target),
  };
}

export function accountOfParameters(parameters: Parameters): ParameterAccount {
  return {
    ringDegree: parameters.ringDegree,
    slots: slotCount(parameters),
    modulusBits: modulusBits(parameters),
    limitBits: maxModulusBits.get(parameters.ringDegree) ?? 0,
    scaleBits: Math.log2(parameters.scales[parameters.scales.length - 1]),
    primes: parameters.primes.map(String),
    specialPrimes: parameters.specialPrimes.map(String),
    secure: isSecure(parameters),
  };
}

/** The nodes in the order in which the program meets them, with the level before and after each. */
export function accountOfNodes(main: Func, cost: Cost): NodeAccount[] {
  const operators = new Map<string, string>();
  const scales = new Map<string, number>();
  for (const { loc, type } of main.body) {
    const [node] = onnxNodes(loc);
    if (node === undefined) continue;
    const first = loc.kind === 'derived' ? loc.parents[0] : loc;
    if (!operators.has(node)) operators.set(node, first.kind === 'onnx' ? first.operator : '');
    if (type.kind === 'cipher') scales.set(node, Math.min(scales.get(node) ?? Infinity, Math.log2(type.scale)));
  }
  return [...operators].flatMap(([node, operator]) => {
    const spent = cost.byNode.get(node);
    if (!spent) return [];
    const { highestLevel, lowestLevel, rotations, multiplications, plainMultiplications, seconds } = spent;
    const scaleBits = scales.get(node) ?? 0;
    return [
      {
        node,
        operator,
        levelIn: highestLevel,
        levelOut: lowestLevel,
        scaleBits,
        rotations,
        multiplications,
        plainMultiplications,
        seconds,
      },
    ];
  });
}

export function accountOfAlternative(
  assignment: Assignment,
  realisation: PricedRealisation,
  chosen: boolean,
): AlternativeAccount {
  const { polynomial, agreement } = assignment.judged().accuracy;
  return {
    degrees: [...assignment.judged().choice.values()].map((c) => c.label),
    levels: assignment.levels,
    ringDegree: realisation.parameters.ringDegree,
    seconds: realisation.cost.seconds,
    agreement,
    ...(polynomial === undefined ? {} : { accuracy: polynomial }),
    chosen,
  };
}
