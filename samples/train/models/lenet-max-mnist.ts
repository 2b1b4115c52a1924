import type { ModelSpec } from '../spec.ts';
import { lenetMnist } from './lenet-mnist.ts';

/** The same LeNet with maximum pooling. */
export const lenetMaxMnist: ModelSpec = {
  ...lenetMnist,
  name: 'lenet-max-mnist',
  title: 'LeNet with maximum pooling, on MNIST',
  layers: lenetMnist.layers.map((layer) => (layer.kind === 'avgpool' ? { ...layer, kind: 'maxpool' } : layer)),
};
