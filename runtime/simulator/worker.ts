import { parentPort, workerData } from 'node:worker_threads';
import { InternalError } from '../../ir/diagnostics.ts';
import { readContainer } from '../../ir/program/container.ts';
import { readModel } from '../../ir/program/model-file.ts';
import { withFile } from '../files/files.ts';
import { failedBy, type Failed } from '../worker-link.ts';
import type { SimulateReply, SimulateRequest, SimulatorStart } from './messages.ts';
import { openSimulator } from './simulator.ts';

/** One thread of a simulation. */
const start = workerData as SimulatorStart;
const port = parentPort;
if (!port) throw new InternalError('the worker was started outside a worker thread');
const reply = (message: SimulateReply | Failed): void => port.postMessage(message);

try {
  const { program } = withFile(start.modelPath, (file) => readModel(readContainer(file, 'model')));
  const simulator = openSimulator(program, start.seed);
  port.on('message', ({ first, batch }: SimulateRequest) => {
    try {
      reply({ kind: 'results', results: batch.map((inputs, i) => simulator.run(inputs, first + i)) });
    } catch (error) {
      reply(failedBy(error));
    }
  });
  reply({ kind: 'ready' });
} catch (error) {
  reply(failedBy(error));
}
