import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { fail } from '../../ir/diagnostics.ts';
import { attempt } from '../../runtime/files/files.ts';
import type { InferBackend } from './infer-backends.ts';
import type { InferRow } from './infer-summary.ts';

const headerSchema = z.object({
  fhec: z.literal('answers'),
  version: z.literal(1),
  /** The content of the model. */
  model: z.string(),
  backend: z.string(),
});

/** JSON has no infinity: an exact answer has as many bits as one likes, and is written as null. */
const bits = z
  .number()
  .nullable()
  .transform((b) => b ?? Infinity);
const classNumber = z.int().min(0).optional();

const lineSchema = z.object({
  /** Names the numbers that the answer is for. */
  input: z.string(),
  index: z.int().min(0),
  label: z.int().optional(),
  prediction: classNumber,
  clearPrediction: classNumber,
  bits,
  error: z.number(),
  seconds: z.number(),
  outputs: z.array(z.array(z.number())),
});

/** Answers so far, in a file with a line of JSON for each, so that work that was interrupted goes on behind the last one. */
export interface AnswerFile {
  /** The answer to an input when it is known: its number and its numbers must be the same. */
  readonly known: (index: number, image: Float64Array) => InferRow | undefined;
  readonly add: (row: InferRow, image: Float64Array) => void;
  /** How many there are. */
  readonly count: () => number;
}

const digestOf = (image: Float64Array): string =>
  createHash('sha256')
    .update(new Uint8Array(image.buffer, image.byteOffset, image.byteLength))
    .digest('hex');

/**
 * Opens the answers of a model (`content` names it) on a back end, or begins a file. A last line that was cut short is dropped. Errors: FHE0704 for answers
 * of another model or back end, FHE0702 for a file that holds none, FHE0902.
 */
export function openAnswers(path: string, content: string, backend: InferBackend): AnswerFile {
  const header = { fhec: 'answers', version: 1, model: content, backend };
  const rows = new Map<string, InferRow>();
  const place = (index: number, image: Float64Array): string => `${index} ${digestOf(image)}`;
  attempt(path, () => {
    if (existsSync(path)) for (const [key, row] of readAnswers(path, content, backend)) rows.set(key, row);
    else writeFileSync(path, `${JSON.stringify(header)}\n`);
  });
  return {
    known: (index, image) => rows.get(place(index, image)),
    add: (row, image) => {
      rows.set(place(row.index, image), row);
      attempt(path, () => appendFileSync(path, `${JSON.stringify({ input: digestOf(image), ...row })}\n`));
    },
    count: () => rows.size,
  };
}

function readAnswers(path: string, content: string, backend: string): [string, InferRow][] {
  const text = readFileSync(path, 'utf8');
  const whole = text.lastIndexOf('\n') + 1;
  const [first = '', ...lines] = text.slice(0, whole).split('\n').slice(0, -1);
  const header = headerSchema.safeParse(parsed(first));
  if (!header.success) return fail('FHE0702', `${path} holds no answers of fhec infer`);
  if (header.data.model !== content) fail('FHE0704', `${path} holds answers of another model; give another file`);
  if (header.data.backend !== backend)
    fail('FHE0704', `${path} holds answers of --backend ${header.data.backend}; give another file`);
  const rows = lines.map((line, i): [string, InferRow] => {
    const read = lineSchema.safeParse(parsed(line));
    if (!read.success) return fail('FHE0702', `${path}: line ${i + 2} is no answer`);
    const { input, label, prediction, clearPrediction, ...rest } = read.data;
    return [`${rest.index} ${input}`, { ...rest, label, prediction, clearPrediction }];
  });
  if (whole < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, whole)));
  return rows;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
