import type { Command } from 'commander';
import { readCiphertexts, writeCiphertexts } from '../../../runtime/files/ciphertexts.ts';
import { withFile, writeFileParts } from '../../../runtime/files/files.ts';
import { openServer } from '../../../runtime/server/session.ts';
import { newCommand } from '../common-options.ts';
import { formatPeak, formatSeconds } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { printResult, type CommonFlags, type Io } from '../io.ts';
import { warnInsecure } from '../model.ts';
import { startProgress } from '../progress.ts';
import { readServerFlags, serverBackendOption, withServerOptions, type ServerFlags } from '../server-options.ts';

interface Flags extends CommonFlags, ServerFlags {
  readonly keys: string;
  readonly input: string;
  readonly out: string;
  readonly backend: 'seal' | 'native';
}

export function runCommand(io: Io): Command {
  const command = newCommand(
    'run',
    'Run a compiled model on encrypted inputs: the server, which needs no secret and refuses one.',
    [
      'fhec run model.fhec --keys eval.keys --input x.enc -o y.enc',
      'fhec run model.fhec --keys eval.keys --input x.enc -o y.enc --backend native --memory 8GB',
      'fhec run model.fhec --keys eval.keys --input x.enc -o y.enc --threads 1 --json',
    ],
  )
    .argument('<model>', 'the compiled model (model.fhec)')
    .requiredOption('--keys <file>', 'the evaluation keys (eval.keys)')
    .requiredOption('--input <file>', 'the ciphertexts that fhec encrypt wrote')
    .requiredOption('-o, --out <file>', 'where the encrypted result is written')
    .addOption(serverBackendOption());
  return withServerOptions(command).action((modelPath: string, flags: Flags) =>
    interruptible(async (signal) => {
      const progress = startProgress(io, flags);
      progress.update('load model and keys', 0);
      const server = await openServer(modelPath, flags.keys, { backend: flags.backend, ...readServerFlags(flags) });
      try {
        const { program } = server.model;
        warnInsecure(program.parameters, io, flags);
        const inputs = withFile(flags.input, (file) => readCiphertexts(file, server.label('input'), program.inputs));
        const started = performance.now();
        const { outputs, threads, enginePeakBytes } = await server.run(inputs, {
          onProgress: (share, node) => progress.update('run', share, node),
          signal,
        });
        const seconds = (performance.now() - started) / 1000;
        writeFileParts(flags.out, writeCiphertexts(server.label('output'), program.outputs, outputs));
        const peakBytes = server.peakBytes();
        progress.stop();
        printResult(
          io,
          flags,
          {
            out: flags.out,
            backend: flags.backend,
            seconds,
            predictedSeconds: server.predictedSeconds,
            threads,
            peakBytes,
            enginePeakBytes,
          },
          `${flags.out}   ${formatSeconds(seconds)} on ${flags.backend}, peak memory ${formatPeak(peakBytes, enginePeakBytes)}`,
        );
      } finally {
        progress.stop();
        await server.close();
      }
    }),
  );
}
