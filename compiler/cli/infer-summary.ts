import { wilson } from '../pipeline/assess.ts';
import { formatBytes, formatFacts, formatInterval, formatPeak, formatSeconds, formatShare } from './format.ts';
import type { Inference, InferBackend } from './infer-backends.ts';

/** One input and what became of it. */
export interface InferRow {
  readonly index: number;
  readonly label: number | undefined;
  readonly prediction: number | undefined;
  readonly clearPrediction: number | undefined;
  readonly bits: number;
  readonly error: number;
  readonly seconds: number;
  readonly outputs: readonly (readonly number[])[];
}

/** One line for one input. */
export function formatRow({ index, label, prediction, seconds, outputs }: InferRow): string {
  const known = label === undefined ? '' : `label ${label}   `;
  const answer =
    prediction === undefined
      ? `output ${outputs[0]
          .slice(0, 10)
          .map((v) => v.toPrecision(5))
          .join(' ')}`
      : `prediction ${prediction}`;
  const verdict = label === undefined || prediction === undefined ? '' : label === prediction ? '' : '   (wrong)';
  return `input ${index}   ${known}${answer}   ${formatSeconds(seconds)}${verdict}`;
}

/** The figures over all inputs; shares between 0 and 1. */
export function summariseRows(
  rows: readonly InferRow[],
  backend: InferBackend,
  { keyBytes, peakBytes, enginePeakBytes }: Pick<Inference, 'keyBytes' | 'peakBytes' | 'enginePeakBytes'>,
) {
  const share = (holds: (row: InferRow) => boolean): number => rows.filter(holds).length / rows.length;
  const labelled = rows.every((r) => r.label !== undefined && r.prediction !== undefined);
  const accuracy = labelled ? share((r) => r.prediction === r.label) : undefined;
  return {
    backend,
    count: rows.length,
    accuracy,
    interval: accuracy === undefined ? undefined : wilson(accuracy, rows.length),
    agreement: share((r) => r.prediction === r.clearPrediction),
    secondsPerInput: rows.reduce((sum, r) => sum + r.seconds, 0) / rows.length,
    errorBits: Math.min(...rows.map((r) => r.bits)),
    largestError: Math.max(...rows.map((r) => r.error)),
    peakBytes: peakBytes(),
    enginePeakBytes: enginePeakBytes(),
    keyBytes,
  };
}

export function formatSummary(s: ReturnType<typeof summariseRows>): string {
  const facts: (readonly [string, string])[] = [
    ...(s.accuracy === undefined || !s.interval
      ? []
      : [
          [
            'accuracy',
            `${formatShare(s.accuracy)} on ${s.count} inputs (95% interval ${formatInterval(s.interval)})`,
          ] as const,
        ]),
    ['agreement', `${formatShare(s.agreement)} the same class as the exact program`],
    [
      'precision',
      Number.isFinite(s.errorBits)
        ? `${s.errorBits.toFixed(1)} bits at worst, largest error ${s.largestError.toExponential(1)}`
        : 'exact',
    ],
    ['seconds', `${formatSeconds(s.secondsPerInput)} an input`],
    ['peak memory', formatPeak(s.peakBytes, s.enginePeakBytes)],
    ...(s.keyBytes > 0 ? [['evaluation keys', formatBytes(s.keyBytes)] as const] : []),
  ];
  return formatFacts(facts);
}
