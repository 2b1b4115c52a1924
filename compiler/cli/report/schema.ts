import { z } from 'zod';
import { parseWith } from '../../../ir/program/schema.ts';
import type { CompileReport } from '../../report.ts';

const text = z.string().max(10_000);
/** JSON has neither NaN nor infinities and writes null for them. */
const number = z.union([z.number(), z.null().transform(() => NaN)]);
const numbers = z.array(number).max(100_000);
const pair = z.tuple([number, number]);

const activation = z.object({
  node: text,
  op: text,
  form: text,
  degree: number,
  levels: number,
  channels: number,
  interval: pair,
  histogram: z.object({ low: number, high: number, counts: numbers }),
  curve: z.object({ x: numbers, exact: numbers, polynomial: numbers }),
  meanSquaredError: number,
  maxError: number,
  outOfRangeShare: number,
  blowUpRate: number,
  impact: number,
});

const alternative = z.object({
  degrees: z.array(text).max(10_000),
  levels: number,
  ringDegree: number,
  seconds: number,
  agreement: number,
  accuracy: number.exactOptional(),
  chosen: z.boolean(),
});

const cost = z.object({
  rotations: number,
  multiplications: number,
  plainMultiplications: number,
  relinearizations: number,
  rescales: number,
  modSwitches: number,
  additions: number,
  encodes: number,
  depth: number,
  rotationKeys: number,
  keyBytes: number,
  artefactBytes: number,
  ciphertextBytes: number,
  seconds: number,
  threads: number,
  peakBytes: number,
});

const node = z.object({
  node: text,
  operator: text,
  levelIn: number,
  levelOut: number,
  scaleBits: number,
  rotations: number,
  multiplications: number,
  plainMultiplications: number,
  seconds: number,
});

const rule = z.enum(['cost', 'greedy', 'each-activation']);

const bootstraps = z.object({
  rule,
  seconds: number,
  precisionBits: number,
  levels: z.object({ input: number, output: number }),
  places: z
    .array(z.object({ node: text, vectors: number, levelFrom: number, levelTo: number, seconds: number, why: text }))
    .max(100_000),
  rules: z.array(z.object({ rule, count: number, seconds: number })).max(10),
});

const reportSchema: z.ZodType<CompileReport> = z.object({
  model: text,
  fhecVersion: text,
  compileSeconds: number,
  stages: z.array(z.object({ name: text, seconds: number })).max(10_000),
  calibration: z.object({ images: number, labelled: z.boolean() }),
  accuracy: z.object({
    images: number,
    exact: number.exactOptional(),
    polynomial: number.exactOptional(),
    agreement: number,
    interval: pair,
    blowUps: number,
  }),
  activations: z.array(activation).max(100_000),
  cost,
  parameters: z.object({
    ringDegree: number,
    slots: number,
    modulusBits: number,
    limitBits: number,
    scaleBits: number,
    primes: z.array(text).max(100),
    specialPrimes: z.array(text).max(100),
    secure: z.boolean(),
  }),
  nodes: z.array(node).max(100_000),
  uniform: alternative.exactOptional(),
  bootstraps: bootstraps.exactOptional(),
  alternatives: z.array(alternative).max(100_000),
  precision: z.object({ errorBits: number, errorBound: number }),
  clientSteps: z.array(z.object({ kind: text, node: text })).max(100),
  warnings: z.array(text).max(1000),
});

/** The report inside a model file, which comes from outside. Errors: FHE0702 with the path of the first bad field. */
export const readReport = (value: unknown): CompileReport => parseWith(reportSchema, value, 'report of the compiler');
