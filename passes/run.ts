import { formatDiagnostic, FhecError, fail, InternalError } from '../ir/diagnostics.ts';
import type { Module } from '../ir/module.ts';
import { levelSpec, type Spec } from '../ir/spec.ts';
import type { ConstantStore } from '../ir/text/constants.ts';
import { printModule } from '../ir/text/print.ts';
import { verifyModule } from '../ir/verify.ts';
import type { Pass } from './define-pass.ts';

export type PassOptionValues = Readonly<Record<string, number | boolean | string>>;

/** One pass of a pipeline. */
export interface PassStep {
  readonly pass: Pass;
  /** Absent options have their defaults. */
  readonly options?: PassOptionValues;
  /** What the module must satisfy afterwards, where that is more than its level asks. */
  readonly after?: Spec;
}

export interface TimingRow {
  readonly pass: string;
  readonly seconds: number;
  /** Ops of all functions after the pass. */
  readonly ops: number;
}

export interface RunOptions {
  /** Check the module after each pass (true when absent). */
  readonly verifyEach?: boolean;
  readonly onAfter?: (pass: string, module: Module) => void;
  readonly onTiming?: (row: TimingRow) => void;
}

/** A pass threw, or gave a module that does not verify: a defect of fhec, with all that it takes to see it again. */
export class PassFailure extends InternalError {
  readonly pass: string;
  readonly options: PassOptionValues;
  /** The module that the pass was given. */
  readonly module: Module;

  constructor(step: PassStep, module: Module, reason: string, cause?: unknown) {
    super(`pass '${step.pass.name}' ${reason}`);
    this.name = 'PassFailure';
    this.cause = cause;
    this.pass = step.pass.name;
    this.options = step.options ?? {};
    this.module = module;
  }
}

/**
 * Runs the passes in order. Throws a {@link FhecError} when a pass refuses the module or does not take its level, and a
 * {@link PassFailure} for any other exception and for a module that does not verify after a pass.
 */
export function runPasses(module: Module, steps: readonly PassStep[], options: RunOptions = {}): Module {
  return steps.reduce((current, step) => runStep(current, step, options), module);
}

function runStep(module: Module, step: PassStep, options: RunOptions): Module {
  const { pass } = step;
  if (module.level !== pass.from)
    fail('FHE0304', `pass '${pass.name}' takes a module at level ${pass.from}, this one is at level ${module.level}`);
  const started = performance.now();
  const result = runGuarded(module, step);
  const seconds = (performance.now() - started) / 1000;
  const ops = result.funcs.reduce((n, f) => n + f.body.length, 0);
  options.onTiming?.({ pass: pass.name, seconds, ops });
  options.onAfter?.(pass.name, result);
  if (options.verifyEach ?? true) {
    const diagnostics = verifyModule(result, step.after ?? levelSpec(pass.to));
    if (diagnostics.length > 0)
      throw new PassFailure(
        step,
        module,
        `gave a module that does not verify:\n${diagnostics.map(formatDiagnostic).join('\n')}`,
      );
  }
  return result;
}

function runGuarded(module: Module, step: PassStep): Module {
  try {
    return step.pass.run(module, step.options ?? {});
  } catch (error) {
    if (error instanceof FhecError) throw error;
    throw new PassFailure(step, module, `failed: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** The text that shows the failure again: the module before the pass, under the command that runs it. Large constants go to the store. */
export function formatReproducer(failure: PassFailure, file: string, constants?: ConstantStore): string {
  const options = Object.entries(failure.options).map(([name, value]) => ` --${name}=${JSON.stringify(value)}`);
  const reason = failure.message.split('\n').map((line) => `//   ${line}`);
  const text = printModule(failure.module, { loc: true, ...(constants && { constants }) });
  return [`// fhec opt ${file} --pass ${failure.pass}${options.join('')}`, ...reason, '', text].join('\n');
}
