import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { fail } from '../../../ir/diagnostics.ts';
import { readCiphertexts, writeCiphertexts } from '../../../runtime/files/ciphertexts.ts';
import { withFile, writeFileParts } from '../../../runtime/files/files.ts';
import { openServer, type RunOptions, type ServerSession } from '../../../runtime/server/session.ts';
import { newCommand } from '../common-options.ts';
import { formatPeak, formatSeconds } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { note, printResult, type CommonFlags, type Io } from '../io.ts';
import { warnInsecure } from '../model.ts';
import { startProgress } from '../progress.ts';
import { readServerFlags, serverBackendOption, withServerOptions, type ServerFlags } from '../server-options.ts';

interface Flags extends CommonFlags, ServerFlags {
  readonly keys: string;
  readonly input: readonly string[];
  readonly out: string;
  readonly backend: 'seal' | 'native';
}

/** One file of inputs and where its result goes. */
interface Task {
  readonly input: string;
  readonly out: string;
}

export function runCommand(io: Io): Command {
  const command = newCommand(
    'run',
    'Run a compiled model on encrypted inputs: the server, which needs no secret and refuses one.',
    [
      'fhec run model.fhec --keys eval.keys --input x.enc -o y.enc',
      'fhec run model.fhec --keys eval.keys --input x.enc -o y.enc --backend native --memory 8GB',
      'fhec run model.fhec --keys eval.keys --input x.enc -o y.enc --threads 1 --json',
      'fhec run model.fhec --keys eval.keys --input inputs/*.enc -o results/     # again after an interruption: goes on',
    ],
  )
    .argument('<model>', 'the compiled model (model.fhec)')
    .requiredOption('--keys <file>', 'the evaluation keys (eval.keys)')
    .requiredOption('--input <file...>', 'the ciphertexts that fhec encrypt wrote')
    .requiredOption(
      '-o, --out <path>',
      'where the encrypted result is written; for several inputs a folder of results of the same names, and those that it has already are not computed again',
    )
    .addOption(serverBackendOption());
  return withServerOptions(command).action((modelPath: string, flags: Flags) =>
    interruptible((signal) => run(modelPath, flags, io, signal)),
  );
}

async function run(modelPath: string, flags: Flags, io: Io, signal: AbortSignal): Promise<void> {
  const tasks = tasksOf(flags);
  const several = flags.input.length > 1;
  const progress = startProgress(io, flags);
  progress.update('load model and keys', 0);
  const server = await openServer(modelPath, flags.keys, { backend: flags.backend, ...readServerFlags(flags) });
  try {
    warnInsecure(server.model.program.parameters, io, flags);
    const left = several ? tasks.filter(({ out }) => !hasResult(server, out)) : tasks;
    const told = { quiet: Boolean(flags.quiet) || Boolean(flags.json) };
    if (left.length < tasks.length)
      note(io, told, `${tasks.length - left.length} of ${tasks.length} results are there`);
    const runs = [];
    for (const [done, { input, out }] of left.entries()) {
      signal.throwIfAborted();
      const onProgress = (share: number, node: string): void =>
        progress.update('run', (done + share) / left.length, node);
      const { seconds, ...facts } = await runFile(server, { input, out }, { onProgress, signal });
      const peakBytes = server.peakBytes();
      runs.push({
        out,
        backend: flags.backend,
        seconds,
        predictedSeconds: server.predictedSeconds,
        peakBytes,
        ...facts,
      });
      const memory = formatPeak(peakBytes, facts.enginePeakBytes);
      const line = `${out}   ${formatSeconds(seconds)} on ${flags.backend}, peak memory ${memory}`;
      if (!flags.json) io.out(`${line}\n`);
    }
    progress.stop();
    if (flags.json) printResult(io, flags, several ? { results: runs } : runs[0], '');
  } finally {
    progress.stop();
    await server.close();
  }
}

/** Errors: FHE0901 for two inputs of one name. */
function tasksOf({ input, out }: Flags): Task[] {
  if (input.length === 1) return [{ input: input[0], out }];
  const names = input.map((path) => basename(path));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) fail('FHE0901', `two inputs are called ${twice}: their results would be one file`);
  return input.map((path, i) => ({ input: path, out: join(out, names[i]) }));
}

/** Whether a file holds a result of this model and these keys. Errors: FHE0701, FHE0702, FHE0704 for a file that holds something else. */
function hasResult(server: ServerSession, path: string): boolean {
  if (!existsSync(path)) return false;
  withFile(path, (file) => readCiphertexts(file, server.label('output'), server.model.program.outputs));
  return true;
}

/** Runs one file of inputs and writes its result. */
async function runFile(server: ServerSession, { input, out }: Task, options: RunOptions) {
  const { program } = server.model;
  const inputs = withFile(input, (file) => readCiphertexts(file, server.label('input'), program.inputs));
  const started = performance.now();
  const { outputs, threads, enginePeakBytes } = await server.run(inputs, options);
  const seconds = (performance.now() - started) / 1000;
  writeFileParts(out, writeCiphertexts(server.label('output'), program.outputs, outputs));
  return { seconds, threads, enginePeakBytes };
}
