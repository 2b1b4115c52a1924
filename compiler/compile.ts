import type { Program } from '../ir/program/program.ts';
import { emitProgram } from './emit/emit-program.ts';
import type { CompileOptions } from './options.ts';
import {
  accountOfActivation,
  accountOfAlternative,
  accountOfCost,
  accountOfNodes,
  accountOfParameters,
} from './pipeline/account.ts';
import type { Calibration } from './pipeline/calibrate.ts';
import type { Choice } from './pipeline/choose.ts';
import { mainOf } from './pipeline/main-of.ts';
import { prepare } from './pipeline/prepare.ts';
import { Stages } from './pipeline/stages.ts';
import type { CompileReport } from './report.ts';
import { version } from './version.ts';

export interface CompileResult {
  readonly program: Program;
  /** The largest error of an output element that noise is predicted to cause (twelve standard deviations), in units of the output. */
  readonly errorBound: number;
  readonly report: CompileReport;
}

/**
 * Compiles an ONNX model to a CKKS program: import, canonical nn, calibration, choice of polynomials, lowering, schedule, emission; see
 * ARCHITECTURE.md for the life of a model. Errors: FhecError with codes 02xx to 06xx; CompilationStopped at `stopAfter`.
 */
export function compileModel(model: Uint8Array, options: CompileOptions): Promise<CompileResult> {
  return Promise.resolve().then(() => compileNow(model, options));
}

function compileNow(model: Uint8Array, options: CompileOptions): CompileResult {
  const stages = new Stages(options);
  const prepared = prepare(model, options, stages);
  const { calibration } = prepared;
  const choice = stages.run('choose', () => prepared.choose(options, stages.progress));
  // The chosen one once more in the order of the stages, for whoever watches.
  const { assignment, realisation } = choice.chosen;
  if (options.hooks?.onStage || options.hooks?.stopAfter !== undefined) {
    stages.seen('approximate-activations', assignment.judged().module);
    choice.repeat(stages.seen);
  }
  const program = stages.run('emit', () =>
    emitProgram(realisation.module, {
      insecureForTests: options.insecureForTests ?? false,
      costModel: realisation.model,
    }),
  );
  const errorBound = realisation.precision.bound * Math.max(...program.outputs.flatMap((o) => o.factor.map(Math.abs)));
  const report = reportOf(choice, calibration, program, errorBound, options, stages);
  return { program, errorBound, report };
}

function reportOf(
  choice: Choice,
  calibration: Calibration,
  program: Program,
  errorBound: number,
  options: CompileOptions,
  stages: Stages,
): CompileReport {
  const { assignment, realisation } = choice.chosen;
  const main = mainOf(realisation.module);
  const inputs = program.inputs.reduce((n, i) => n + i.registers.length, 0);
  const { uniform } = choice;
  return {
    model: options.modelName ?? 'model',
    fhecVersion: version,
    compileSeconds: stages.total(),
    stages: stages.rows,
    calibration: { images: calibration.exact.length, labelled: calibration.labels !== undefined },
    accuracy: choice.accuracy,
    activations: [...assignment.judged().choice].flatMap(([value, candidate]) => {
      const account = accountOfActivation(value, candidate, calibration);
      return account ? [account] : [];
    }),
    cost: accountOfCost(realisation, options, program.constants, inputs),
    parameters: accountOfParameters(realisation.parameters),
    nodes: accountOfNodes(main, realisation.cost),
    ...(uniform
      ? { uniform: accountOfAlternative(uniform.assignment, uniform.realisation, uniform === choice.chosen) }
      : {}),
    ...(choice.bootstraps && { bootstraps: choice.bootstraps }),
    alternatives: [...choice.plans]
      .sort((p, q) => p.realisation.cost.seconds - q.realisation.cost.seconds)
      .map((p) => accountOfAlternative(p.assignment, p.realisation, p === choice.chosen)),
    precision: { errorBits: realisation.precision.bits, errorBound },
    clientSteps: program.clientSteps.map(({ kind, node }) => ({ kind, node })),
    warnings: choice.warnings,
  };
}
