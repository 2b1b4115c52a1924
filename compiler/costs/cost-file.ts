import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../ir/diagnostics.ts';
import { costedOps, type CostTable } from '../../passes/analysis/cost-table.ts';
import type { NativeSpeed } from '../../passes/analysis/native-costs.ts';
import type { Measured } from './fit.ts';

/** What operations cost on one machine, as `fhec calibrate` measured it; a back end that was not measured is absent. */
export interface MeasuredCosts {
  /** In words. */
  readonly machine: string;
  /** ISO 8601. */
  readonly measured: string;
  readonly seal?: CostTable | undefined;
  readonly native?: NativeCosts | undefined;
}

export interface NativeCosts {
  readonly threads: number;
  readonly kernel: string;
  readonly speed: NativeSpeed;
}

const version = 1;
const amount = z.number().min(0).max(1e6);
const coefficient = z.number().min(-1e6).max(1e6);
const coefficients = z.tuple([coefficient, coefficient, coefficient]);

const schema = z.object({
  format: z.literal('fhec-costs'),
  version: z.literal(version),
  machine: z.string(),
  measured: z.string(),
  seal: z
    .record(z.string().regex(/^[1-9]\d{1,6}$/), z.record(z.enum(costedOps), coefficients))
    .refine((table) => Object.keys(table).length > 0, 'no ring degree')
    .optional(),
  native: z
    .object({
      threads: z.int().min(1),
      kernel: z.string(),
      speed: z.object({ transform: amount, keyProduct: amount, pass: amount, embedding: amount, call: amount }),
    })
    .optional(),
});

/** Where `fhec calibrate` writes unless told otherwise: the user's folder for settings. */
export const defaultCostFile = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'fhec', 'costs.json');

/** The file's text. `measurements` are kept for whoever wants to check the fit; nothing reads them. */
export function costFileText(
  costs: MeasuredCosts,
  measurements: Readonly<Record<string, readonly Measured[]>>,
): string {
  return `${JSON.stringify({ format: 'fhec-costs', version, ...costs, measurements }, undefined, 1)}\n`;
}

/** Writes the file and the folders above it. Errors: FHE0902. */
export function writeCostFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    fail('FHE0902', `'${path}': ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Reads and checks a file of costs. Errors: FHE0902 when it cannot be read, FHE0702 when it is none. */
export function readCostFile(path: string): MeasuredCosts {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return fail('FHE0902', `'${path}': ${error instanceof Error ? error.message : String(error)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return fail('FHE0702', `'${path}' is no JSON; fhec calibrate writes files of costs`);
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return fail(
      'FHE0702',
      `'${path}': ${issue.path.join('.') || 'content'}: ${issue.message}; fhec calibrate writes files of costs`,
    );
  }
  const { machine, measured, seal, native } = parsed.data;
  return { machine, measured, seal, native };
}
