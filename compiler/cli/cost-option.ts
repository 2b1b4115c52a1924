import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { defaultCostFile, readCostFile, type MeasuredCosts } from '../costs/cost-file.ts';
import { note, type CommonFlags, type Io } from './io.ts';

export interface CostFlags extends CommonFlags {
  readonly costs?: string;
}

const shipped = 'shipped';

/** Adds the option that says what operations cost. */
export const withCostOption = (command: Command): Command =>
  command.option(
    '--costs <file>',
    `what operations cost, as fhec calibrate measured it (default: what it wrote on this machine, else the costs shipped with fhec, which \`${shipped}\` asks for)`,
  );

/** The costs that the flags ask for; undefined for the shipped ones. Says so where a file is used that nobody named. Errors: FHE0902, FHE0702. */
export function readCosts(flags: CostFlags, io: Io): MeasuredCosts | undefined {
  if (flags.costs === shipped) return undefined;
  if (flags.costs !== undefined) return readCostFile(flags.costs);
  const own = defaultCostFile();
  if (!existsSync(own)) return undefined;
  note(io, { quiet: Boolean(flags.quiet) || Boolean(flags.json) }, `costs as measured on this machine: ${own}`);
  return readCostFile(own);
}
