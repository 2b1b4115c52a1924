import type { CompileResult } from '../../compiler/compile.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { openClient } from '../../runtime/client/session.ts';
import { openServer, type ServerOptions } from '../../runtime/server/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import { hasEngine } from '../runtime/native/engines.ts';
import { writeFiles } from '../../samples/e2e/files.ts';

/** The logits of the same images, in exact numbers and with simulated noise. */
export interface Predicted {
  readonly clear: readonly Float64Array[];
  readonly simulated: readonly Float64Array[];
}

/** The logits of the same images by every back end. */
export interface EveryWay extends Predicted {
  /** On SEAL. */
  readonly encrypted: readonly Float64Array[];
  /** The same ciphertexts and keys on the native engine; those of SEAL where it was not built. */
  readonly native: readonly Float64Array[];
}

/** Runs the program of a network with one input and one output without encryption. */
export function predict({ program }: CompileResult, images: readonly Tensor[]): Predicted {
  const simulator = openSimulator(program, 1);
  return {
    clear: images.map((image) => runClear(program, image)),
    simulated: images.map((image, i) => {
      const result = simulator.run([image], i);
      if (result.kind !== 'outputs') throw new Error(`the simulator refuses image ${i}: ${result.diagnostic.message}`);
      return result.outputs[0].data;
    }),
  };
}

/** Sends images through client and server with fresh keys, which all back ends share; the logits of each back end. */
export async function runEncrypted(
  compiled: CompileResult,
  images: readonly Tensor[],
  backends: readonly NonNullable<ServerOptions['backend']>[],
): Promise<Float64Array[][]> {
  const files = writeFiles(compiled);
  try {
    const keys = await files.makeKeys();
    const client = await openClient(files.specification, keys.secret);
    const ciphertexts = images.map((image) => client.encrypt([image]));
    const results: Float64Array[][] = [];
    for (const backend of backends) {
      const server = await openServer(files.modelPath, keys.keysPath, { backend });
      try {
        const logits: Float64Array[] = [];
        for (const inputs of ciphertexts) logits.push(client.decrypt((await server.run(inputs)).outputs)[0].data);
        results.push(logits);
      } finally {
        await server.close();
      }
    }
    client.close();
    return results;
  } finally {
    files.remove();
  }
}

/** Encrypted on SEAL and on the native engine with the same keys, in the clear and in the simulator. */
export async function runEveryWay(compiled: CompileResult, images: readonly Tensor[]): Promise<EveryWay> {
  const [encrypted, native = encrypted] = await runEncrypted(compiled, images, [
    'seal',
    ...(hasEngine ? (['native'] as const) : []),
  ]);
  return { encrypted, native, ...predict(compiled, images) };
}
