/**
 * Convolution with its two gradients, all three as forward convolutions.
 *
 * The WASM back end has a fast forward convolution, a slow one for the gradient of the input and none for the gradient
 * of the filter. Both gradients are convolutions themselves, so the fast kernel does all the work.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Convolves x [n, h, w, in] with filter [k, k, in, out], after a zero border of `pad`; returns [n, h', w', out]. */
export function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, stride: number, pad: number): tf.Tensor4D {
  return tf.conv2d(border(x, pad), filter, stride, 'valid');
}

/**
 * Gradient of the filter, [k, k, in, out], from x [n, h, w, in] and the output's gradient dy [n, h', w', out].
 *
 * The batch takes the place of the input channels: x becomes a batch of `in` images with n channels, dy one filter
 * bank of n channels and `out` filters, and the stride turns into the dilation of that filter.
 */
export function filterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  kernel: number,
  stride: number,
  pad: number,
): tf.Tensor4D {
  return tf.tidy(() => {
    const images = tf.transpose(border(x, pad), [3, 1, 2, 0]);
    const bank = tf.transpose(dy, [1, 2, 0, 3]);
    const full = tf.conv2d(images, bank, 1, 'valid', 'NHWC', stride);
    // A stride that skips the last rows leaves surplus positions at the end.
    const used = tf.slice(full, [0, 0, 0, 0], [full.shape[0], kernel, kernel, full.shape[3]]);
    return tf.transpose(used, [1, 2, 0, 3]);
  });
}

/** Gradient of the input, of shape `shape`, from the output's gradient dy [n, h', w', out]. */
export function inputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  shape: [number, number, number, number],
  stride: number,
  pad: number,
): tf.Tensor4D {
  if (stride !== 1) return tf.conv2dTranspose(dy, filter, shape, stride, pad === 0 ? 'valid' : pad);
  return tf.tidy(() => {
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d(border(dy, filter.shape[0] - 1 - pad), turned, 1, 'valid');
  });
}

function border(x: tf.Tensor4D, pad: number): tf.Tensor4D {
  if (pad === 0) return x;
  return tf.pad(x, [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ]);
}
