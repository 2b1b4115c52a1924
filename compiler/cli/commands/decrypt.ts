import type { Command } from 'commander';
import { zipSync } from 'fflate';
import { fail } from '../../../ir/diagnostics.ts';
import type { Specification } from '../../../ir/program/schema.ts';
import type { Tensor } from '../../../ir/tensor.ts';
import { applyClientSteps } from '../../../runtime/client/finish.ts';
import { readSecretKey } from '../../../runtime/client/keys.ts';
import { shareOutput } from '../../../runtime/client/share.ts';
import { openClient } from '../../../runtime/client/session.ts';
import { readCiphertexts } from '../../../runtime/files/ciphertexts.ts';
import { withFile, writeFileParts } from '../../../runtime/files/files.ts';
import { writeNpy } from '../../inputs/npy.ts';
import { newCommand, positiveInteger } from '../common-options.ts';
import { formatNumber } from '../format.ts';
import { printResult, type CommonFlags, type Io } from '../io.ts';
import { openSpecification, warnInsecure } from '../model.ts';
import { topClass } from '../predict.ts';
import { secretKeyPath } from './encrypt.ts';

interface Flags extends CommonFlags {
  readonly spec: string;
  readonly keys: string;
  readonly input: string;
  readonly out?: string;
  readonly share?: boolean;
  readonly shareResults: number;
}

export function decryptCommand(io: Io): Command {
  return newCommand(
    'decrypt',
    'Decrypt a result and print it. Steps that the model left to the client (softmax, argmax) are done here.',
    [
      'fhec decrypt --spec model.client.json --keys keys/ --input y.enc',
      'fhec decrypt --spec model.client.json --keys keys/ --input y.enc -o y.npy',
      'fhec decrypt --spec model.client.json --keys keys/ --input y.enc --share --json',
    ],
  )
    .requiredOption('--spec <file>', 'the client specification (model.client.json)')
    .requiredOption('--keys <path>', 'the folder that keygen made, or the secret key in it')
    .requiredOption('--input <file>', 'the ciphertexts that fhec run wrote')
    .option('-o, --out <file>', 'also write the result as .npy, or as .npz with all outputs')
    .option('--share', 'add noise and round, so that others may see the values; see SECURITY.md')
    .option('--share-results <number>', 'how many results of this key may ever be shared', positiveInteger, 1)
    .action(async (flags: Flags) => {
      const specification = openSpecification(flags.spec);
      warnInsecure(specification.parameters, io, flags);
      const key = readSecretKey(secretKeyPath(flags.keys), specification);
      const client = await openClient(specification, key);
      try {
        const ciphertexts = withFile(flags.input, (file) =>
          readCiphertexts(file, client.label('output'), specification.outputs),
        );
        const { errorBound, outputs: signatures, clientSteps } = specification;
        const share = (t: Tensor, i: number): Tensor =>
          shareOutput(signatures[i], errorBound, t, { results: flags.shareResults }).output;
        const raw = client.decrypt(ciphertexts);
        const decrypted = flags.share ? raw.map(share) : raw;
        const final = decrypted.map((t, i) => (i === 0 ? applyClientSteps(clientSteps, t) : t));
        const outputs = signatures.map(({ name }, i) => ({ name, tensor: final[i] }));
        if (flags.out !== undefined) writeOutputs(flags.out, outputs);
        const top1 = topClass(decrypted[0]);
        const json = outputs.map(({ name, tensor: { shape, data } }) => ({ name, shape, data: [...data] }));
        printResult(io, flags, { top1, outputs: json }, formatOutputs(outputs, top1, specification));
      } finally {
        client.close();
      }
    });
}

interface Output {
  readonly name: string;
  readonly tensor: Tensor;
}

function writeOutputs(path: string, outputs: readonly Output[]): void {
  const npy = ({ tensor }: Output): Uint8Array => writeNpy(tensor.shape, tensor.data);
  if (path.endsWith('.npz'))
    writeFileParts(path, [zipSync(Object.fromEntries(outputs.map((o) => [`${o.name}.npy`, npy(o)])))]);
  else if (outputs.length === 1) writeFileParts(path, [npy(outputs[0])]);
  else fail('FHE0901', `the model has ${outputs.length} outputs: give -o a name that ends in .npz`);
}

function formatOutputs(outputs: readonly Output[], top1: number | undefined, { clientSteps }: Specification): string {
  const lines = outputs.map(({ name, tensor }) => {
    const shown = [...tensor.data.subarray(0, 1000)].map(formatNumber).join(' ');
    return `${name} [${tensor.shape.join(', ')}]: ${shown}${tensor.data.length > 1000 ? ' ...' : ''}`;
  });
  const steps = clientSteps.map((s) => `${s.kind} of node '${s.node}' done here`);
  return [...lines, ...steps, ...(top1 === undefined ? [] : [`top-1: class ${top1}`])].join('\n');
}
