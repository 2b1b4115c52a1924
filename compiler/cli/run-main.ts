import { CommanderError } from 'commander';
import { FhecError } from '../../ir/diagnostics.ts';
import { writeCrash } from './crash.ts';
import type { Io } from './io.ts';
import { fhecCommand } from './fhec.ts';

/** What the process ends with. */
const exitCodes = { ok: 0, userError: 1, usage: 2, internalError: 3, cancelled: 130 } as const;

/** Runs the command line `args` (without node and script) and returns the exit code; never throws. */
export async function runMain(args: readonly string[], io: Io): Promise<number> {
  try {
    await fhecCommand(io).parseAsync([...args], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    return report(error, args, io);
  }
}

function report(error: unknown, args: readonly string[], io: Io): number {
  const json = args.includes('--json');
  // The command line library has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof FhecError && !error.diagnostics[0].code.startsWith('FHE99')) {
    if (json) io.out(`${JSON.stringify({ error: error.diagnostics })}\n`);
    io.err(`${error.message}\n`);
    const [{ code }] = error.diagnostics;
    return code === 'FHE0802' ? exitCodes.cancelled : code === 'FHE0901' ? exitCodes.usage : exitCodes.userError;
  }
  if (error instanceof Error && error.name === 'AbortError') {
    io.err('cancelled\n');
    return exitCodes.cancelled;
  }
  // What a worker thread reports comes as a FhecError.
  const message = error instanceof FhecError ? error.diagnostics[0].message : messageOf(error);
  const file = writeCrash(error, args, io.crashFolder, new Date());
  if (json) io.out(`${JSON.stringify({ error: [{ code: 'FHE9901', message }] })}\n`);
  io.err(`error FHE9901: ${message}\n  help: This is a defect of fhec; please report it`);
  io.err(file === undefined ? '.\n' : ` with the file ${file}.\n`);
  return exitCodes.internalError;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
