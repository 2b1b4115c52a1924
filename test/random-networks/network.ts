import { anyBlock } from './blocks.ts';
import { Draw, elementsOf, Graph, type Image } from './graph.ts';

export interface RandomNetwork {
  readonly seed: number;
  /** An ONNX model. */
  readonly bytes: Uint8Array;
  readonly inputShape: readonly number[];
  /** Operators in order, to tell what a seed stands for. */
  readonly operators: readonly string[];
}

/** A random small CNN: images of random shape, `blocks` random blocks, a dense classifier of 2 to 5 classes. Equal seeds make equal networks. */
export function randomNetwork(seed: number, blocks: number): RandomNetwork {
  const draw = new Draw(seed);
  const graph = new Graph(draw);
  const input: Image = {
    name: 'image',
    channels: draw.whole(1, 4),
    height: draw.whole(4, 9),
    width: draw.whole(4, 9),
  };
  let x = input;
  for (let i = 0; i < blocks; i++) x = anyBlock(graph, x);
  if (draw.chance(0.3)) x = { ...x, name: graph.add('GlobalAveragePool', [x.name]), height: 1, width: 1 };
  const classes = draw.whole(2, 5);
  const flat = draw.chance(0.5)
    ? graph.add('Flatten', [x.name])
    : graph.add('Reshape', [x.name, graph.integers([1, -1])]);
  const weights = graph.weights([classes, elementsOf(x)], elementsOf(x));
  const logits = graph.add('Gemm', [flat, weights, graph.constant([classes], 0.2)], { transB: 1 });
  const output = draw.chance(0.4) ? graph.add('Softmax', [logits], { axis: 1 }) : logits;
  return {
    seed,
    bytes: graph.bytes(input, output),
    inputShape: [1, input.channels, input.height, input.width],
    operators: graph.operators(),
  };
}
