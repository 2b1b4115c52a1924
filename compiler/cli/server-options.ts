import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ServerOptions } from '../../runtime/server/session.ts';
import { positiveInteger } from './common-options.ts';

export interface ServerFlags {
  readonly threads?: number;
  readonly memory?: number;
}

/** What each back end is, for the help of an option. */
export const backendHelp = {
  seal: 'seal: Microsoft SEAL in WebAssembly, everywhere',
  native: "native: fhec's own engine, far faster, where it was built (npm run build:native)",
} as const;

/** The back end that computes on ciphertexts. */
export const serverBackendOption = (): Option =>
  new Option('--backend <name>', `${backendHelp.seal}; ${backendHelp.native}`)
    .choices(['seal', 'native'])
    .default('seal');

/** Adds the options of what computes on ciphertexts. */
export function withServerOptions(command: Command): Command {
  return command
    .option('--threads <number>', 'threads (default: the cores, for seal at most 2)', positiveInteger)
    .option(
      '--memory <size>',
      'the most memory for ciphertexts, keys and weights, as 500MB or 4GiB; what cannot fit is refused (default: what is free)',
      memorySize,
    );
}

/** What the flags say to a server; what is absent keeps its default. */
export const readServerFlags = ({ threads, memory }: ServerFlags): ServerOptions => ({
  ...(threads === undefined ? {} : { threads }),
  ...(memory === undefined ? {} : { memoryBudget: memory }),
});

const units = { kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };

/** Bytes with a unit: 500MB, 1.5GiB, or a number of bytes. */
export function memorySize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const scale =
    unit === '' || unit?.toLowerCase() === 'b'
      ? 1
      : Object.entries(units).find(([u]) => u === unit?.toLowerCase())?.[1];
  const bytes = Math.floor(Number(number) * (scale ?? NaN));
  if (!(bytes >= 1 && Number.isSafeInteger(bytes)))
    throw new InvalidArgumentError('A size is expected, as 500MB, 4GiB, or a number of bytes.');
  return bytes;
}
