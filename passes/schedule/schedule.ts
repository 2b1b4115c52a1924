import { isSecure, maxModulusBits, modulusBits, type Parameters } from '../../ir/ckks/parameters.ts';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { NetworkInterface, Port } from '../../ir/interface.ts';
import { vectorName, type Func, type Module, type Value } from '../../ir/module.ts';
import { formatLayout, type Layout } from '../../ir/layout.ts';
import { paramName } from '../../ir/module.ts';
import { definePass } from '../define-pass.ts';
import { defaultCostModel, type CostModel } from '../analysis/cost-model.ts';
import { predictedPrecisionBits } from '../analysis/noise.ts';
import type { Bootstrapping } from './bootstrapping.ts';
import { assignLevels, depthOf } from './levels.ts';
import { lowerSlotsToCkks } from './lower-slots-to-ckks.ts';
import { defaultHeadroomBits, makeParameters, maxScaleBits, scaleBitsCap, scaleBitsFloor } from './parameters.ts';
import { planSchedule } from './plan.ts';
import { flattenSums } from './sums.ts';

export interface ScheduleOptions {
  /** Bits that results of magnitude 1 must have above their predicted noise. */
  readonly precisionBits: number;
  /** Bits of the base prime above the scale: values up to 2^(headroomBits - 1) fit. */
  readonly headroomBits: number;
  /** Upper bound of the scale, in bits. */
  readonly maxScaleBits: number;
  /** Allows parameters below 128-bit security, for tests on small rings. */
  readonly insecureForTests: boolean;
  /**
   * Rescales products before their rotations where the cost model finds that cheaper. Measured on a LeNet: 2% less time, 1.6 bits
   * less precision.
   */
  readonly earlyRescale: boolean;
  readonly costModel: CostModel;
  /** Parameters that are chosen already; needed where values are refreshed. */
  readonly chain?: Chain;
}

/** A modulus chain, and how to bootstrap on it. */
export interface Chain {
  readonly parameters: Parameters;
  readonly bootstrapping?: Bootstrapping;
}

const defaultScheduleOptions: ScheduleOptions = {
  precisionBits: 8,
  headroomBits: defaultHeadroomBits,
  maxScaleBits: scaleBitsCap,
  insecureForTests: false,
  earlyRescale: false,
  costModel: defaultCostModel,
};

/** The levels that a slots function consumes under this schedule: what parameters must offer. */
export function slotsDepth(func: Func): number {
  return depthOf(assignLevels(func, flattenSums(func)));
}

/**
 * Lowers a slots module to ckks: places levels, rescales and relinearizations, and chooses the primes with the largest scale that 128-bit
 * security leaves at ring degree N = 2 * slots, or takes the `chain` given. Layouts of ports move from the types into the interface.
 *
 * Throws FHE0602 when N is too small for the depth, or the chain too short, FHE0603 when the predicted precision is below `precisionBits`.
 */
export function scheduleSlots(module: Module, options: Partial<ScheduleOptions> = {}): Module {
  const chosen = { ...defaultScheduleOptions, ...options };
  const main = module.funcs.find((f) => f.name === 'main');
  if (!main || module.funcs.length !== 1) throw new InternalError('schedule needs the one function main');
  const ringDegree = 2 * slotsOf(main);
  const bootstrapping = chosen.chain?.bootstrapping;
  const refreshed = main.body.find((v) => v.op === 'slots.refresh');
  if (refreshed && !bootstrapping)
    fail('FHE0602', 'the network is to be bootstrapped, but no bootstrap is planned', refreshed.loc);
  const plan = planSchedule(main, ringDegree, {
    ...chosen,
    ...(bootstrapping && { bootstraps: bootstrapping.levels }),
  });
  const depth = depthOf(plan.levels);
  const parameters = chosen.chain ? fittingChain(chosen.chain, depth) : chooseParameters(ringDegree, depth, chosen);
  const func = lowerSlotsToCkks(main, plan, parameters, bootstrapping);
  if (chosen.precisionBits > -Infinity) requirePrecision(func, parameters, chosen.precisionBits, depthOf(plan.levels));
  const described = module.interface && { interface: withLayouts(module.interface, main) };
  return { level: 'ckks', parameters, ...described, funcs: [func] };
}

function requirePrecision(func: Func, parameters: Parameters, wanted: number, depth: number): void {
  const bits = predictedPrecisionBits(func, parameters);
  if (bits >= wanted) return;
  fail('FHE0603', `the results have ${bits.toFixed(1)} bits above their noise, ${wanted} are asked for`, undefined, [
    `scale 2^${Math.log2(parameters.scales[0]).toFixed(0)} at N = ${parameters.ringDegree} for ${depth} levels`,
  ]);
}

function slotsOf(func: Func): number {
  const type = func.params[0]?.type;
  if (type?.kind !== 'packed') throw new InternalError('schedule needs a slots function with parameters');
  return type.slots;
}

/** The parameters of a chain that has the levels; those above where bootstraps end are not for users. */
function fittingChain({ parameters, bootstrapping }: Chain, depth: number): Parameters {
  const levels = bootstrapping?.levels.output ?? parameters.primes.length - 1;
  if (depth > levels)
    fail('FHE0602', `the network needs ${depth} levels between bootstraps; the modulus chain has ${levels}`);
  return parameters;
}

function chooseParameters(ringDegree: number, depth: number, options: ScheduleOptions): Parameters {
  const { headroomBits, insecureForTests } = options;
  const fitting = maxScaleBits(ringDegree, depth, headroomBits);
  const scaleBits = Math.min(
    options.maxScaleBits,
    fitting < scaleBitsFloor && insecureForTests ? scaleBitsCap : fitting,
  );
  const budget = maxModulusBits.get(ringDegree);
  if (scaleBits < scaleBitsFloor) {
    fail(
      'FHE0602',
      `the network needs ${depth} levels; N = ${ringDegree} leaves ${scaleBits} bits for each`,
      undefined,
      [
        `128-bit security allows ${budget ?? 0} bits of modulus at N = ${ringDegree}, a level needs at least ${scaleBitsFloor}`,
      ],
    );
  }
  const parameters = makeParameters({ ringDegree, depth, scaleBits, headroomBits });
  if (!parameters)
    fail('FHE0602', `there are too few primes near 2^${scaleBits} for ${depth} levels at N = ${ringDegree}`);
  if (!isSecure(parameters) && !insecureForTests) {
    fail(
      'FHE0601',
      `${modulusBits(parameters).toFixed(1)} bits of modulus at N = ${ringDegree}; ${budget ?? 0} are allowed`,
    );
  }
  return parameters;
}

/** The interface with the layouts that the slots types state for the vectors of each port. */
function withLayouts(described: NetworkInterface, main: Func): NetworkInterface {
  const params = new Map(main.params.map((p) => [paramName(p), p]));
  const results = new Map(main.results.map((r) => [r.name, r.value]));
  const place =
    (values: ReadonlyMap<string, Value>) =>
    (port: Port): Port => {
      const layouts: Layout[] = [];
      for (let v = 0, value; (value = values.get(vectorName(port.name, v))); v++) {
        if (value.type.kind === 'packed' && value.type.layout) layouts.push(value.type.layout);
      }
      const differs = new Set(layouts.map(formatLayout)).size > 1;
      if (layouts.length === 0 || differs)
        throw new InternalError(`the vectors of '${port.name}' state no common layout`);
      return { ...port, layout: layouts[0] };
    };
  return { ...described, inputs: described.inputs.map(place(params)), outputs: described.outputs.map(place(results)) };
}

export const schedule = definePass({
  name: 'schedule',
  summary: 'Places levels, rescales and relinearizations and chooses the encryption parameters.',
  assumes: ['one function main', 'values of magnitude about 1 where they are multiplied'],
  from: 'slots',
  to: 'ckks',
  options: {
    'precision-bits': {
      kind: 'float',
      default: defaultScheduleOptions.precisionBits,
      help: 'Bits that the results must have above their predicted noise.',
    },
    'headroom-bits': {
      kind: 'int',
      default: defaultHeadroomBits,
      help: 'Bits of the base prime above the scale: room for large values.',
    },
    'max-scale-bits': { kind: 'int', default: scaleBitsCap, help: 'Upper bound of the scale, in bits.' },
    'early-rescale': {
      kind: 'bool',
      default: false,
      help: 'Rescale before rotations where that is faster, at a loss of precision.',
    },
    'insecure-for-tests': { kind: 'bool', default: false, help: 'Allow parameters below 128-bit security.' },
  },
  run: (module, options) =>
    scheduleSlots(module, {
      precisionBits: options['precision-bits'],
      headroomBits: options['headroom-bits'],
      maxScaleBits: options['max-scale-bits'],
      earlyRescale: options['early-rescale'],
      insecureForTests: options['insecure-for-tests'],
    }),
});
