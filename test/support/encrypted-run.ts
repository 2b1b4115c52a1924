import type { CompileResult } from '../../compiler/compile.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { openClient } from '../../runtime/client/session.ts';
import { openServer, type ServerOptions } from '../../runtime/server/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import { hasEngine } from '../runtime/native/engines.ts';
import { writeFiles } from '../../samples/e2e/files.ts';

/** The logits of the same images by every back end. */
export interface EveryWay {
  /** On SEAL. */
  readonly encrypted: readonly Float64Array[];
  /** The same ciphertexts and keys on the native engine; those of SEAL where it was not built. */
  readonly native: readonly Float64Array[];
  readonly clear: readonly Float64Array[];
  readonly simulated: readonly Float64Array[];
}

/** Sends images through client and server with fresh keys, and the same program in the clear and in the simulator. */
export async function runEveryWay(compiled: CompileResult, images: readonly Tensor[]): Promise<EveryWay> {
  const files = writeFiles(compiled);
  try {
    const keys = await files.makeKeys();
    const client = await openClient(files.specification, keys.secret);
    const ciphertexts = images.map((image) => client.encrypt([image]));
    const runOn = async (serverOptions: ServerOptions): Promise<Float64Array[]> => {
      const server = await openServer(files.modelPath, keys.keysPath, serverOptions);
      try {
        const logits: Float64Array[] = [];
        for (const inputs of ciphertexts) logits.push(client.decrypt((await server.run(inputs)).outputs)[0].data);
        return logits;
      } finally {
        await server.close();
      }
    };
    const encrypted = await runOn({ backend: 'seal' });
    const native = hasEngine ? await runOn({ backend: 'native' }) : encrypted;
    client.close();
    const simulator = openSimulator(compiled.program, 1);
    return {
      encrypted,
      native,
      clear: images.map((image) => runClear(compiled.program, image)),
      simulated: images.map((image, i) => {
        const result = simulator.run([image], i);
        if (result.kind !== 'outputs')
          throw new Error(`the simulator refuses image ${i}: ${result.diagnostic.message}`);
        return result.outputs[0].data;
      }),
    };
  } finally {
    files.remove();
  }
}
