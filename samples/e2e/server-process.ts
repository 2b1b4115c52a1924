/**
 * The server role in a process of its own, so that its memory is its own: forked with `serialization: 'advanced'`, it answers each
 * {@link ServerRequest} with one {@link ServerReply}.
 */
import { peakMemory } from '../../runtime/peak-memory.ts';
import { openServer, type ServerOptions, type ServerSession } from '../../runtime/server/session.ts';

export type ServerRequest =
  | { readonly kind: 'open'; readonly modelPath: string; readonly keysPath: string; readonly options: ServerOptions }
  | { readonly kind: 'run'; readonly inputs: readonly Uint8Array[] }
  | { readonly kind: 'close' };

export type ServerReply =
  | { readonly kind: 'opened' | 'closed'; readonly seconds: number; readonly peakBytes: number }
  | {
      readonly kind: 'outputs';
      readonly seconds: number;
      readonly peakBytes: number;
      readonly enginePeakBytes: number | undefined;
      /** Of the processor, over all threads: other work on the machine adds little to it. */
      readonly cpuSeconds: number;
      readonly outputs: readonly Uint8Array[];
    }
  | { readonly kind: 'failed'; readonly message: string };

let server: ServerSession | undefined;

async function answer(request: ServerRequest): Promise<ServerReply> {
  const began = performance.now();
  const measured = (): { seconds: number; peakBytes: number } => ({
    seconds: (performance.now() - began) / 1000,
    peakBytes: peakMemory(),
  });
  switch (request.kind) {
    case 'open':
      server = await openServer(request.modelPath, request.keysPath, request.options);
      return { kind: 'opened', ...measured() };
    case 'run': {
      if (!server) throw new Error('the server is not open');
      const before = process.cpuUsage();
      const { outputs, enginePeakBytes } = await server.run(request.inputs);
      const { user, system } = process.cpuUsage(before);
      return { kind: 'outputs', outputs, enginePeakBytes, cpuSeconds: (user + system) / 1e6, ...measured() };
    }
    case 'close':
      await server?.close();
      return { kind: 'closed', ...measured() };
  }
}

process.on('message', (request: ServerRequest) => {
  answer(request)
    .catch((error: unknown): ServerReply => ({ kind: 'failed', message: String(error) }))
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});

// Whoever asked is gone.
process.on('disconnect', () => process.exit());
