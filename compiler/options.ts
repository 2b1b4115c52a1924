import type { Module } from '../ir/module.ts';
import type { BootstrapRule } from './report.ts';
import type { MeasuredCosts } from './costs/cost-file.ts';
import type { CalibrationStore } from './pipeline/calibration-cache.ts';
import type { Dataset } from './inputs/dataset.ts';

/** Whoever watches or stops a compilation. */
export interface CompileHooks {
  /** Called with the module after each stage and each pass. */
  readonly onStage?: (name: string, module: Module) => void;
  readonly onProgress?: (stage: string, share: number) => void;
  /** Ends the compilation after the stage or pass of this name, by {@link CompilationStopped}. */
  readonly stopAfter?: string;
}

/** Percentage points. The expectation errs on the safe side: LeNet at 0.45 loses 0.21 on the 10,000 test digits. */
export const defaultMaxAccuracyLoss = 0.45;

export interface CompileOptions {
  /** A few hundred real inputs; with labels the accuracy is measured, without them the agreement with the exact network. */
  readonly calibration: Dataset;
  /** The most top-1 accuracy that may be lost, in percentage points, as expected from the calibration inputs; by default {@link defaultMaxAccuracyLoss}. */
  readonly maxAccuracyLoss?: number;
  /** Instead: the most predicted seconds for one image; then the loss is made as small as these allow. */
  readonly maxLatency?: number;
  /** Default 15. */
  readonly maxDegree?: number;
  /** `layerwise` (OLA, default), `uniform` (the best single degree), or this degree everywhere. */
  readonly degrees?: 'layerwise' | 'uniform' | number;
  /** One polynomial a channel (default) or one a tensor. */
  readonly perChannel?: boolean;
  /**
   * Bits that results of the largest magnitude keep above the standard deviation of their noise. Default 10; of a bootstrapped network as many as leave all
   * but a few of its answers as they are.
   */
  readonly precisionBits?: number;
  /** Fixes N; by default the smallest that is secure, deep and exact enough. */
  readonly ringDegree?: number;
  /** What the program is for: SEAL, which has no bootstrapping (default), or the native engine. */
  readonly target?: 'seal' | 'native';
  /** How bootstraps are placed, on the native target. Default `cost`. */
  readonly bootstraps?: BootstrapRule;
  /** What operations cost where the program will run; by default as shipped. */
  readonly costs?: MeasuredCosts;
  readonly insecureForTests?: boolean;
  readonly modelName?: string;
  /** Reads external data of the model by its relative path. */
  readonly externalData?: (path: string) => Uint8Array;
  /** Keeps what calibration measures between compilations. */
  readonly calibrationStore?: CalibrationStore;
  readonly hooks?: CompileHooks;
}

/** Thrown at `stopAfter`; no error. */
export class CompilationStopped extends Error {
  readonly stage: string;
  constructor(stage: string) {
    super(`stopped after ${stage}`);
    this.name = 'CompilationStopped';
    this.stage = stage;
  }
}
