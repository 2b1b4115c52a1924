import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';

/** Readies tfjs: its WASM back end, or plain JavaScript where that does not start. Returns the name of the one used. */
export async function startBackend(): Promise<string> {
  if (!(await tf.setBackend('wasm'))) await tf.setBackend('cpu');
  await tf.ready();
  return tf.getBackend();
}
