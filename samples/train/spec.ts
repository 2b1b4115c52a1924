/**
 * The vocabulary in which a sample network is written down: a list of layers, as data.
 *
 * Every layer has a name, which becomes the name of its ONNX node (`conv1`, `relu1`, ...).
 */

/** One layer of a network. Feature maps are square; `pad` is the zero border on every side. */
export type Layer =
  | { kind: 'conv'; name: string; filters: number; kernel: number; stride?: number; pad?: number }
  | { kind: 'dense'; name: string; units: number }
  | { kind: 'batchnorm'; name: string }
  | { kind: 'relu' | 'gelu'; name: string }
  | { kind: 'avgpool' | 'maxpool'; name: string; size: number }
  | { kind: 'flatten'; name: string }
  | { kind: 'residual'; name: string; body: readonly Layer[] };

/** How a network is trained. */
export interface Recipe {
  readonly epochs: number;
  readonly batch: number;
  /** Peak learning rate; it warms up over the first epoch's first fifth and falls to zero along a cosine. */
  readonly learningRate: number;
  /** Decoupled weight decay (AdamW), on weights of convolutions and dense layers only. */
  readonly weightDecay: number;
  /** Share of the target's mass spread evenly over all classes. */
  readonly labelSmoothing: number;
  /** Each training image is shifted by up to this many pixels in both directions, differently every epoch. */
  readonly shift: number;
  /** Mirror half of the training images left to right. */
  readonly flip: boolean;
  /**
   * Weight of the tail penalty, `mean(max(0, |z| / rms(z) - tailStart)^2)` for the input z of every activation.
   * A polynomial stands in for the activation under encryption, and it has to hold over the whole range of z: a
   * network whose range is short compared with its spread needs a lower degree for the same precision.
   */
  readonly tailPenalty: number;
  readonly tailStart: number;
  readonly seed: number;
}

/** A sample: the network, its data and its training. */
export interface ModelSpec {
  readonly name: string;
  readonly title: string;
  readonly dataset: 'mnist' | 'fashion';
  /** Version of the ONNX operator set; 20 is the first that has Gelu. */
  readonly opset: number;
  readonly layers: readonly Layer[];
  readonly recipe: Recipe;
}

/** Shape of one example between two layers: [channels, height, width] or [features]. */
export type FeatureShape = readonly [number, number, number] | readonly [number];

/** Shape of the input image. */
export const IMAGE_SHAPE = [1, 28, 28] as const;

/** Number of classes, and of logits. */
export const CLASSES = 10;

/** Splits a feature map's shape into its parts, and says which layer wanted a feature map if it is not one. */
export function mapShape(shape: FeatureShape, layer: Layer): { channels: number; height: number; width: number } {
  if (shape.length !== 3) throw new Error(`${layer.name} needs a feature map, but gets a vector of ${shape[0]}`);
  return { channels: shape[0], height: shape[1], width: shape[2] };
}

/** Shape of one example after `layer`, given its shape before. */
export function outputShape(layer: Layer, input: FeatureShape): FeatureShape {
  switch (layer.kind) {
    case 'conv': {
      const { height, width } = mapShape(input, layer);
      const reach = 2 * (layer.pad ?? 0) - layer.kernel;
      const stride = layer.stride ?? 1;
      const out = (extent: number): number => Math.floor((extent + reach) / stride) + 1;
      return [layer.filters, out(height), out(width)];
    }
    case 'avgpool':
    case 'maxpool': {
      const { channels, height, width } = mapShape(input, layer);
      if (height % layer.size !== 0 || width % layer.size !== 0) {
        throw new Error(`${layer.name}: windows of ${layer.size} do not tile a ${height} by ${width} map`);
      }
      return [channels, height / layer.size, width / layer.size];
    }
    case 'dense':
      return [layer.units];
    case 'flatten':
      return [input.reduce((product, extent) => product * extent, 1)];
    case 'residual':
      return layer.body.reduce<FeatureShape>((shape, inner) => outputShape(inner, shape), input);
    case 'batchnorm':
    case 'relu':
    case 'gelu':
      return input;
  }
}
