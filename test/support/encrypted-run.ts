import type { CompileResult } from '../../compiler/compile.ts';
import type { Tensor } from '../../ir/tensor.ts';
import { openClient } from '../../runtime/client/session.ts';
import { openServer, type ServerOptions } from '../../runtime/server/session.ts';
import { openSimulator } from '../../runtime/simulator/simulator.ts';
import { runClear } from '../../samples/e2e/clear.ts';
import { writeFiles } from '../../samples/e2e/files.ts';

/** The logits of the same images by three back ends. */
export interface ThreeWays {
  readonly encrypted: readonly Float64Array[];
  readonly clear: readonly Float64Array[];
  readonly simulated: readonly Float64Array[];
}

/** Sends images through client and server with fresh keys, and the same program in the clear and in the simulator. */
export async function runThreeWays(
  compiled: CompileResult,
  images: readonly Tensor[],
  options: ServerOptions,
): Promise<ThreeWays> {
  const files = writeFiles(compiled);
  try {
    const keys = await files.makeKeys();
    const client = await openClient(files.specification, keys.secret);
    const server = await openServer(files.modelPath, keys.keysPath, options);
    const encrypted: Float64Array[] = [];
    try {
      for (const image of images) {
        const { outputs } = await server.run(client.encrypt([image]));
        encrypted.push(client.decrypt(outputs)[0].data);
      }
    } finally {
      await server.close();
      client.close();
    }
    const simulator = openSimulator(compiled.program, 1);
    return {
      encrypted,
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
