/** The compiler's account of a model, plain JSON: what `explain`, the HTML report and the benchmarks show. */
export interface CompileReport {
  readonly model: string;
  readonly fhecVersion: string;
  readonly compileSeconds: number;
  /** Seconds of each stage of the pipeline, in order. */
  readonly stages: readonly { readonly name: string; readonly seconds: number }[];
  readonly calibration: { readonly images: number; readonly labelled: boolean };
  readonly accuracy: AccuracyReport;
  readonly activations: readonly ActivationAccount[];
  readonly cost: CostAccount;
  readonly parameters: ParameterAccount;
  readonly nodes: readonly NodeAccount[];
  /** The best uniform degree at the same accuracy, compiled in the same way; absent when none reaches it. */
  readonly uniform?: AlternativeAccount;
  /** Of a network that is bootstrapped. */
  readonly bootstraps?: BootstrapsAccount;
  /** Every assignment of degrees that was considered, cheapest first. */
  readonly alternatives: readonly AlternativeAccount[];
  readonly precision: { readonly errorBits: number; readonly errorBound: number };
  readonly clientSteps: readonly { readonly kind: string; readonly node: string }[];
  readonly warnings: readonly string[];
}

/** Top-1 figures on the calibration inputs; shares between 0 and 1. Without labels, `exact` is absent and agreement stands alone. */
export interface AccuracyReport {
  /** The calibration inputs that the figures are of: the first so many. */
  readonly images: number;
  readonly exact?: number;
  readonly polynomial?: number;
  /** Share of inputs whose top-1 equals the exact network's. */
  readonly agreement: number;
  /** 95% Wilson interval of `polynomial` (or of `agreement` without labels). */
  readonly interval: readonly [number, number];
  /** Share of inputs whose largest activation output exceeds ten times the exact network's: blow-ups. */
  readonly blowUps: number;
}

export interface ActivationAccount {
  readonly node: string;
  readonly op: string;
  readonly form: string;
  readonly degree: number;
  readonly levels: number;
  readonly channels: number;
  readonly interval: readonly [number, number];
  readonly histogram: { readonly low: number; readonly high: number; readonly counts: readonly number[] };
  /** The exact function and its stand-in at 101 points of the interval (channel with the widest range). */
  readonly curve: {
    readonly x: readonly number[];
    readonly exact: readonly number[];
    readonly polynomial: readonly number[];
  };
  readonly meanSquaredError: number;
  readonly maxError: number;
  readonly outOfRangeShare: number;
  readonly blowUpRate: number;
  readonly impact: number;
}

export interface CostAccount {
  readonly rotations: number;
  readonly multiplications: number;
  readonly plainMultiplications: number;
  readonly relinearizations: number;
  readonly rescales: number;
  readonly modSwitches: number;
  readonly additions: number;
  readonly encodes: number;
  readonly depth: number;
  readonly rotationKeys: number;
  /** In memory, on the back end that the program is for. */
  readonly keyBytes: number;
  readonly artefactBytes: number;
  readonly ciphertextBytes: number;
  /** Predicted, for one image, operation by operation: what the native engine does in one call takes less. */
  readonly seconds: number;
  /** That the seconds are of, here and everywhere in the report. */
  readonly threads: number;
  /** What one run takes (passes/analysis/memory.ts): of SEAL its keys and values, of the native engine the process. */
  readonly peakBytes: number;
}

export interface ParameterAccount {
  readonly ringDegree: number;
  readonly slots: number;
  readonly modulusBits: number;
  readonly limitBits: number;
  readonly scaleBits: number;
  readonly primes: readonly string[];
  readonly specialPrimes: readonly string[];
  readonly secure: boolean;
}

/** One ONNX node (or what became of several) along the program. */
export interface NodeAccount {
  readonly node: string;
  readonly operator: string;
  /** Levels before the node's first and after its last instruction. */
  readonly levelIn: number;
  readonly levelOut: number;
  readonly scaleBits: number;
  readonly rotations: number;
  readonly multiplications: number;
  readonly plainMultiplications: number;
  readonly seconds: number;
}

/** Where a program bootstraps, and why there. */
export interface BootstrapsAccount {
  /** How they were placed. */
  readonly rule: BootstrapRule;
  /** Predicted seconds of one, and -log2 of its mean error beside values of size 1. */
  readonly seconds: number;
  readonly precisionBits: number;
  /** Levels that a value has after a bootstrap, and those that must be left before one. */
  readonly levels: { readonly input: number; readonly output: number };
  readonly places: readonly BootstrapPlace[];
  /** What the whole program would take with the same polynomials by each rule that has a solution. */
  readonly rules: readonly { readonly rule: BootstrapRule; readonly count: number; readonly seconds: number }[];
}

/** \`cost\`: by dynamic programming over levels and bootstraps; \`greedy\`: where the levels run out; \`each-activation\`: before every activation. */
export type BootstrapRule = 'cost' | 'greedy' | 'each-activation';

export interface BootstrapPlace {
  /** The value after this node is bootstrapped. */
  readonly node: string;
  readonly vectors: number;
  readonly levelFrom: number;
  readonly levelTo: number;
  readonly seconds: number;
  readonly why: string;
}

export interface AlternativeAccount {
  readonly degrees: readonly string[];
  readonly levels: number;
  readonly ringDegree: number;
  readonly seconds: number;
  readonly agreement: number;
  readonly accuracy?: number;
  readonly chosen: boolean;
}
