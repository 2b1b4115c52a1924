import { fork, type ChildProcess } from 'node:child_process';
import type { ServerOptions } from '../../runtime/server/session.ts';
import type { ServerReply, ServerRequest } from './server-process.ts';

/** A server in a child process. Call `close` when done. */
export interface ServerProcess {
  /** Seconds to load model and keys. */
  readonly setupSeconds: number;
  /** `cpuSeconds`: of the processor, over all threads. */
  readonly run: (
    inputs: readonly Uint8Array[],
  ) => Promise<{ outputs: readonly Uint8Array[]; seconds: number; cpuSeconds: number }>;
  /** The most memory that the process held so far, in bytes (resident set). */
  readonly peakBytes: () => number;
  /** The most that the native engine held so far, in bytes; 0 on SEAL. */
  readonly enginePeakBytes: () => number;
  readonly close: () => Promise<void>;
}

function ask(child: ChildProcess, request: ServerRequest): Promise<Exclude<ServerReply, { kind: 'failed' }>> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the server process ended (${code ?? 'killed'})`));
    child.once('exit', ended);
    child.once('message', (reply: ServerReply) => {
      child.off('exit', ended);
      if (reply.kind === 'failed') reject(new Error(reply.message));
      else resolve(reply);
    });
    child.send(request);
  });
}

export async function startServerProcess(
  modelPath: string,
  keysPath: string,
  options: ServerOptions,
): Promise<ServerProcess> {
  const child = fork(new URL('./server-process.ts', import.meta.url), {
    execArgv: ['--import', import.meta.resolve('tsx')],
    serialization: 'advanced',
  });
  try {
    const { seconds, peakBytes } = await ask(child, { kind: 'open', modelPath, keysPath, options });
    let peak = peakBytes;
    let enginePeak = 0;
    return {
      setupSeconds: seconds,
      run: async (inputs) => {
        const reply = await ask(child, { kind: 'run', inputs });
        if (reply.kind !== 'outputs') throw new Error(`the server process answers ${reply.kind} to a run`);
        peak = reply.peakBytes;
        enginePeak = reply.enginePeakBytes ?? 0;
        return { outputs: reply.outputs, seconds: reply.seconds, cpuSeconds: reply.cpuSeconds };
      },
      peakBytes: () => peak,
      enginePeakBytes: () => enginePeak,
      close: async () => {
        await ask(child, { kind: 'close' });
        child.disconnect();
      },
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}
