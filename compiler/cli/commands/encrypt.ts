import type { Command } from 'commander';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../ir/diagnostics.ts';
import { tensor } from '../../../ir/tensor.ts';
import { readSecretKey, secretKeyFile } from '../../../runtime/client/keys.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { writeCiphertexts } from '../../../runtime/files/ciphertexts.ts';
import { writeFileParts } from '../../../runtime/files/files.ts';
import { loadInputs, newCommand, withInputOptions, type InputFlags } from '../common-options.ts';
import { formatBytes } from '../format.ts';
import { printResult, type Io } from '../io.ts';
import { openSpecification, singleInput, warnInsecure } from '../model.ts';

interface Flags extends InputFlags {
  readonly spec: string;
  readonly keys: string;
  readonly input: string;
  readonly out: string;
}

/** The secret key by its own path, or by the folder that keygen made. */
export function secretKeyPath(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() ? join(path, secretKeyFile) : path;
}

export function encryptCommand(io: Io): Command {
  const command = newCommand('encrypt', 'Encrypt one input for a compiled model.', [
    'fhec encrypt --spec model.client.json --keys keys/ --input digit.png -o x.enc',
    'fhec encrypt --spec model.client.json --keys keys/ --input mnist:test[7] -o x.enc',
    'fhec encrypt --spec model.client.json --keys keys/ --input x.npy -o x.enc',
  ])
    .requiredOption('--spec <file>', 'the client specification (model.client.json)')
    .requiredOption('--keys <path>', 'the folder that keygen made, or the secret key in it')
    .requiredOption('--input <inputs>', 'the input, see below')
    .requiredOption('-o, --out <file>', 'where the ciphertexts are written')
    .action(async (flags: Flags) => {
      const specification = openSpecification(flags.spec);
      warnInsecure(specification.parameters, io, flags);
      const key = readSecretKey(secretKeyPath(flags.keys), specification);
      const { shape } = singleInput(specification.inputs);
      const { images } = await loadInputs(flags.input, { shape, preparation: specification.preparation }, flags, 2);
      if (images.length > 1) fail('FHE0903', `${flags.input} holds several inputs; choose one: ${flags.input}[0]`);
      const client = await openClient(specification, key);
      try {
        const ciphertexts = client.encrypt([tensor(shape, images[0])]);
        writeFileParts(flags.out, writeCiphertexts(client.label('input'), specification.inputs, ciphertexts));
        const bytes = ciphertexts.reduce((n, c) => n + c.length, 0);
        const text = `${flags.out}   ${ciphertexts.length} ciphertexts, ${formatBytes(bytes)}`;
        printResult(io, flags, { out: flags.out, ciphertexts: ciphertexts.length, bytes }, text);
      } finally {
        client.close();
      }
    });
  return withInputOptions(command);
}
