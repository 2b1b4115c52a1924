/**
 * Forward and backward pass of every kind of layer.
 *
 * Feature maps are [n, height, width, channels], the layout of tfjs; vectors are [n, features]. A forward pass returns
 * its result with a closure that takes the result's gradient back to the input and leaves parameter gradients behind.
 */
import * as tf from '@tensorflow/tfjs-core';
import { convolve, filterGradient, inputGradient } from './conv.ts';
import type { Layer } from './spec.ts';

/** What a pass through the network needs and gathers. */
export interface Pass {
  readonly params: ReadonlyMap<string, tf.Tensor>;
  /** Parameter gradients by name, filled by the backward pass. */
  readonly grads: Map<string, tf.Tensor>;
  /** In training, batch normalisation uses the batch's own statistics and reports them here. */
  readonly statistics?: Map<string, { mean: tf.Tensor; variance: tf.Tensor }>;
  /** Sees the input of every activation. */
  readonly observe?: (name: string, z: tf.Tensor) => void;
  /** Penalty on the tails of every activation's input; see Recipe. */
  readonly tail?: { weight: number; start: number };
}

/** A layer's result. `back` gives the gradient of the input, or null if it is not wanted. */
export interface Step {
  readonly y: tf.Tensor;
  readonly back: (dy: tf.Tensor, wanted: boolean) => tf.Tensor | null;
}

/** Constant in the denominator of batch normalisation. */
export const EPSILON = 1e-5;

/** Runs a list of layers. */
export function runLayers(layers: readonly Layer[], input: tf.Tensor, pass: Pass): Step {
  const steps: Step[] = [];
  let x = input;
  for (const layer of layers) {
    const step = runLayer(layer, x, pass);
    steps.push(step);
    x = step.y;
  }
  const back = (dy: tf.Tensor, wanted: boolean): tf.Tensor | null => {
    let gradient: tf.Tensor | null = dy;
    for (let i = steps.length - 1; i >= 0 && gradient !== null; i--) {
      gradient = steps[i].back(gradient, wanted || i > 0);
    }
    return gradient;
  };
  return { y: x, back };
}

function runLayer(layer: Layer, x: tf.Tensor, pass: Pass): Step {
  switch (layer.kind) {
    case 'conv':
      return runConv(layer, x as tf.Tensor4D, pass);
    case 'dense':
      return runDense(layer.name, x as tf.Tensor2D, pass);
    case 'batchnorm':
      return runBatchNorm(layer.name, x as tf.Tensor4D, pass);
    case 'relu':
    case 'gelu':
      return runActivation(layer.kind, layer.name, x, pass);
    case 'avgpool':
    case 'maxpool':
      return runPool(layer.kind, layer.size, x as tf.Tensor4D);
    case 'flatten':
      return runFlatten(x as tf.Tensor4D);
    case 'residual': {
      const body = runLayers(layer.body, x, pass);
      return {
        y: tf.add(x, body.y),
        back: (dy, wanted) => {
          const inner = body.back(dy, wanted);
          return inner === null ? null : tf.add(dy, inner);
        },
      };
    }
  }
}

function runConv(layer: Layer & { kind: 'conv' }, x: tf.Tensor4D, pass: Pass): Step {
  const weight = param(pass, `${layer.name}.weight`) as tf.Tensor4D;
  const stride = layer.stride ?? 1;
  const pad = layer.pad ?? 0;
  return {
    y: tf.add(convolve(x, weight, stride, pad), param(pass, `${layer.name}.bias`)),
    back: (gradient, wanted) => {
      const dy = gradient as tf.Tensor4D;
      pass.grads.set(`${layer.name}.weight`, filterGradient(x, dy, layer.kernel, stride, pad));
      pass.grads.set(`${layer.name}.bias`, tf.sum(dy, [0, 1, 2]));
      return wanted ? inputGradient(dy, weight, x.shape, stride, pad) : null;
    },
  };
}

function runDense(name: string, x: tf.Tensor2D, pass: Pass): Step {
  const weight = param(pass, `${name}.weight`) as tf.Tensor2D;
  return {
    y: tf.add(tf.matMul(x, weight), param(pass, `${name}.bias`)),
    back: (dy, wanted) => {
      pass.grads.set(`${name}.weight`, tf.matMul(x, dy, true, false));
      pass.grads.set(`${name}.bias`, tf.sum(dy, 0));
      return wanted ? tf.matMul(dy, weight, false, true) : null;
    },
  };
}

function runBatchNorm(name: string, x: tf.Tensor4D, pass: Pass): Step {
  const scale = param(pass, `${name}.scale`);
  const axes = [0, 1, 2];
  const { mean, variance } = pass.statistics
    ? tf.moments(x, axes)
    : { mean: param(pass, `${name}.mean`), variance: param(pass, `${name}.variance`) };
  pass.statistics?.set(name, { mean, variance });
  const inverse = tf.rsqrt(tf.add(variance, EPSILON));
  const normal = tf.mul(tf.sub(x, mean), inverse);
  return {
    y: tf.add(tf.mul(normal, scale), param(pass, `${name}.bias`)),
    back: (dy) => {
      const sum = tf.sum(dy, axes);
      const product = tf.sum(tf.mul(dy, normal), axes);
      pass.grads.set(`${name}.bias`, sum);
      pass.grads.set(`${name}.scale`, product);
      const count = x.size / x.shape[3];
      const centred = tf.sub(dy, tf.div(tf.add(sum, tf.mul(normal, product)), count));
      return tf.mul(centred, tf.mul(scale, inverse));
    },
  };
}

function runActivation(kind: 'relu' | 'gelu', name: string, z: tf.Tensor, pass: Pass): Step {
  pass.observe?.(name, z);
  const cdf = kind === 'relu' ? tf.step(z) : normalCdf(z);
  return {
    y: tf.mul(z, cdf),
    back: (dy) => {
      const slope = kind === 'relu' ? cdf : tf.add(cdf, tf.mul(z, normalDensity(z)));
      const dz = tf.mul(dy, slope);
      return pass.tail ? tf.add(dz, tailGradient(z, pass.tail.weight, pass.tail.start)) : dz;
    },
  };
}

/** Share of a normal distribution below z; GELU is z times this. */
function normalCdf(z: tf.Tensor): tf.Tensor {
  return tf.mul(tf.add(tf.erf(tf.mul(z, Math.SQRT1_2)), 1), 0.5);
}

function normalDensity(z: tf.Tensor): tf.Tensor {
  return tf.mul(tf.exp(tf.mul(tf.square(z), -0.5)), 1 / Math.sqrt(2 * Math.PI));
}

/**
 * Gradient at z of `weight * mean(max(0, |u| - start)^2)`, where u = z / rms(z). The penalty does not change when z is
 * scaled, and its second term sees to that: without it, the network would shrink without end.
 */
function tailGradient(z: tf.Tensor, weight: number, start: number): tf.Tensor {
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(z)), 1e-12));
  const u = tf.mul(z, inverse);
  const excess = tf.sub(tf.relu(tf.sub(u, start)), tf.relu(tf.sub(tf.neg(u), start)));
  const shrinking = tf.mul(u, tf.mean(tf.mul(u, excess)));
  return tf.mul(tf.sub(excess, shrinking), tf.mul(inverse, (2 * weight) / z.size));
}

function runPool(kind: 'avgpool' | 'maxpool', size: number, x: tf.Tensor4D): Step {
  const y = kind === 'avgpool' ? tf.avgPool(x, size, size, 'valid') : tf.maxPool(x, size, size, 'valid');
  const spread = (map: tf.Tensor4D): tf.Tensor4D => tf.image.resizeNearestNeighbor(map, [x.shape[1], x.shape[2]]);
  return {
    y,
    back: (gradient) => {
      const dy = gradient as tf.Tensor4D;
      if (kind === 'avgpool') return spread(tf.div(dy, size * size));
      return tf.mul(spread(dy), tf.cast(tf.equal(x, spread(y)), 'float32'));
    },
  };
}

/** Flattens in the order channel, row, column, which is that of ONNX. */
function runFlatten(x: tf.Tensor4D): Step {
  const [n, height, width, channels] = x.shape;
  return {
    y: tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [n, channels * height * width]),
    back: (dy) => tf.transpose(tf.reshape(dy, [n, channels, height, width]), [0, 2, 3, 1]),
  };
}

function param(pass: Pass, name: string): tf.Tensor {
  const tensor = pass.params.get(name);
  if (!tensor) throw new Error(`no parameter named ${name}`);
  return tensor;
}
