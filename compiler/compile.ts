import type { Module } from '../ir/module.ts';
import type { Program } from '../ir/program/program.ts';
import type { CostModel } from '../passes/analysis/cost-model.ts';
import { nativeModel, sealModel } from './costs/models.ts';
import { emitProgram } from './emit/emit-program.ts';
import { importOnnx } from './onnx/import.ts';
import { CompilationStopped, type CompileOptions } from './options.ts';
import {
  accountOfActivation,
  accountOfAlternative,
  accountOfCost,
  accountOfNodes,
  accountOfParameters,
} from './pipeline/account.ts';
import { AssignmentSpace } from './pipeline/assignments.ts';
import { calibrate, type Calibration } from './pipeline/calibrate.ts';
import { chooseNative } from './pipeline/bootstrapped/choose.ts';
import { calibrationKey, rememberedBy } from './pipeline/calibration-cache.ts';
import { canonicalise } from './pipeline/canonical.ts';
import { chooseAssignment, type Choice } from './pipeline/choose.ts';
import { mainOf } from './pipeline/main-of.ts';
import { realise } from './pipeline/realise.ts';
import type { CompileReport } from './report.ts';
import { version } from './version.ts';

export interface CompileResult {
  readonly program: Program;
  /** The largest error of an output element that noise is predicted to cause (six standard deviations), in units of the output. */
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
  const costs: CostModel = options.target === 'native' ? nativeModel(1, options.costs) : sealModel(options.costs);

  const external: Uint8Array[] = [];
  const imported = stages.run('import', () => {
    const { externalData } = options;
    const read = (path: string): Uint8Array => {
      const bytes = externalData?.(path) ?? new Uint8Array(0);
      external.push(bytes);
      return bytes;
    };
    return stages.seen('import', importOnnx(model, externalData ? { externalData: read } : {}));
  });
  const canonical = stages.run('canonical', () => canonicalise(imported, stages.seen));
  const calibration = stages.run('calibrate', () => {
    const { calibration: dataset, calibrationStore: store, target } = options;
    // Gradients of the cross entropy vanish where a deep network is sure.
    const loss = target === 'native' ? 'margin' : 'cross-entropy';
    const key = store && calibrationKey([model, ...external], dataset, loss);
    return calibrate(canonical, dataset, {
      loss,
      onProgress: (share) => options.hooks?.onProgress?.('calibrate', share),
      ...(store && key !== undefined && { remembered: rememberedBy(store, key, dataset.images.length) }),
    });
  });
  const choice = stages.run('choose', () => {
    const space = new AssignmentSpace(canonical, calibration, options, costs);
    const flat = (): Choice =>
      chooseAssignment(space, options, (module, observe = stages.progress) =>
        realise(module, calibration, options, costs, observe),
      );
    if (options.target !== 'native') return flat();
    return chooseNative(flat, canonical, space, calibration, options, stages.progress);
  });
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
    cost: accountOfCost(realisation.cost, realisation.parameters, program.constants, inputs),
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

/** Times the stages and tells the hooks. */
class Stages {
  readonly rows: { readonly name: string; readonly seconds: number }[] = [];
  readonly #options: CompileOptions;
  readonly #started = performance.now();

  constructor(options: CompileOptions) {
    this.#options = options;
  }

  run<T>(name: string, stage: () => T): T {
    const began = performance.now();
    this.#options.hooks?.onProgress?.(name, 0);
    const result = stage();
    this.#options.hooks?.onProgress?.(name, 1);
    this.rows.push({ name, seconds: (performance.now() - began) / 1000 });
    return result;
  }

  readonly seen = (name: string, module: Module): Module => {
    this.#options.hooks?.onStage?.(name, module);
    if (this.#options.hooks?.stopAfter === name) throw new CompilationStopped(name);
    return module;
  };

  readonly progress = (name: string): void => this.#options.hooks?.onProgress?.(name, 1);

  total(): number {
    return (performance.now() - this.#started) / 1000;
  }
}
