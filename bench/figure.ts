import { availableParallelism, cpus } from 'node:os';
import cliTable from 'cli-table3';

/** One measured number with a stable name. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
}

/** The machine that the figures are from. */
export function machine(): string {
  const model = cpus()[0]?.model.trim().replaceAll(/\s+/g, ' ') ?? 'unknown processor';
  return `${availableParallelism()} cores, ${model}, Node ${process.version}`;
}

/** One line of JSON. */
export const figureLine = (figure: Figure, on: string): string => JSON.stringify({ ...figure, on });

const digits = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(4));

/** An aligned table of all figures. */
export function figureTable(figures: readonly Figure[], on: string): string {
  const bars = ['top', 'mid', 'bottom', 'left'].flatMap((at) => [at, `${at}-mid`, `${at}-left`, `${at}-right`]);
  const chars = { ...Object.fromEntries(bars.map((bar) => [bar, ''])), right: '', 'right-mid': '', middle: '  ' };
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const table = new cliTable({ head: ['figure', 'value', 'unit'], colAligns: ['left', 'right', 'left'], chars, style });
  for (const { figure, value, unit } of figures) table.push([figure, digits(value), unit]);
  return `${table.toString()}\non ${on}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
