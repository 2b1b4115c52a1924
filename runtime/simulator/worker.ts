import { parentPort, workerData } from 'node:worker_threads';
import { InternalError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel } from '../../ir/program/model-file.ts';
import { openFile } from '../files/files.ts';
import { failedBy, type Failed } from '../worker-link.ts';
import type { SimulatedImage, SimulateReply, SimulateRequest, SimulatorStart } from './messages.ts';
import { openSimulator, type Simulated } from './simulator.ts';

/** One thread of a simulation. Constants stay in the file, whose pages all threads share. */
const { modelPath, seed, withExact } = workerData as SimulatorStart;
const port = parentPort;
if (!port) throw new InternalError('the worker was started outside a worker thread');
const reply = (message: SimulateReply | Failed): void => port.postMessage(message);

try {
  const { program } = readModel(readContainer(openFile(modelPath), 'model'), 'in-file');
  const simulator = openSimulator(program, seed);
  const exact = openSimulator(program, seed, { noise: false });
  const answer = ({ first, batch }: SimulateRequest): SimulatedImage[] => {
    const compared = exact.runBatch(batch.slice(0, Math.max(0, withExact - first)), first);
    return simulator.runBatch(batch, first).map((simulated, i) => {
      const known = compared[i] as Simulated | undefined;
      return known?.kind === 'outputs' ? { ...simulated, exact: known.outputs } : simulated;
    });
  };
  port.on('message', (request: SimulateRequest) => {
    try {
      reply({ kind: 'results', results: answer(request) });
    } catch (error) {
      reply(failedBy(error));
    }
  });
  reply({ kind: 'ready' });
} catch (error) {
  reply(failedBy(error));
}
