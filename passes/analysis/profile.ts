import { fail, InternalError } from '../../ir/diagnostics.ts';
import type { Func, Module, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import { elementCount, type Tensor } from '../../ir/tensor.ts';
import { ActivationStatistics, type ChannelProfile } from './activation-statistics.ts';
import { channelRuns, evaluateBatch, packBatch, type BatchData } from './evaluate-batch.ts';
import { backpropagate } from './gradients.ts';
import { lossGradients, marginGradients } from './loss.ts';

/** What calibration found at one activation. */
export interface ActivationProfile {
  readonly channels: number;
  /** Elements of the activation for one image. */
  readonly elements: number;
  readonly perChannel: readonly ChannelProfile[];
  /**
   * A = mean over images of the sum over elements j of (dL/da_j)^2, where a is the output of the activation and L the loss: OLA's layer
   * impact (arXiv 2310.10349). Errors of mean square E an element that are uncorrelated between elements change the loss with a variance of
   * A * E, to first order.
   */
  readonly impact: number;
  /** The share of each channel in `impact`: the numbers add up to it. */
  readonly channelImpact: Float64Array;
  readonly images: number;
}

/** By activation value of the profiled module. */
export type Profile = ReadonlyMap<Value, ActivationProfile>;

/** One image: a tensor for each parameter of the network. Or several images: [elements, batch] for each parameter. */
export type Sample = readonly Tensor[] | { readonly inputs: readonly BatchData[]; readonly batch: number };

export interface ProfileOptions {
  /** The class of each image, in the order of the samples; without it the network's own prediction counts. */
  readonly labels?: Int32Array;
  /** Images taken through the network at once when samples are single images; default 32. */
  readonly batchSize?: number;
  /** What the impact is measured by; see `lossGradients` (default) and `marginGradients`. */
  readonly loss?: 'cross-entropy' | 'margin';
  /** Gradients are taken of the first so many images, in whole batches; default: of all. */
  readonly gradientImages?: number;
  /** Sees the results of each batch once. */
  readonly results?: (values: ReadonlyMap<Value, BatchData>, batch: number) => void;
  /** Called after each batch with the share of the work done, from 0 to 1; proportional to time. */
  readonly progress?: (share: number) => void;
}

interface Batch {
  readonly inputs: readonly BatchData[];
  readonly batch: number;
  readonly labels: Int32Array | undefined;
  /** Whether gradients are taken of its images. */
  readonly differentiated: boolean;
}

/** What an image with gradients takes, against one without; measured on ResNet-20. */
const gradientWork = 6;

const workOf = ({ batch, differentiated }: Batch): number => batch * (differentiated ? gradientWork : 1);

/**
 * Takes calibration images through canonical nn and collects, for each activation, what its inputs were and how much the loss
 * depends on its outputs, in one round over the images. The result is deterministic; how images are grouped into batches changes it by
 * rounding only, and ranges and histograms not at all. For the loss see `lossGradients`.
 * Throws FHE0401 without images, FHE0404 when images or labels do not fit.
 */
export function profileActivations(module: Module, samples: Iterable<Sample>, options: ProfileOptions = {}): Profile {
  const func = module.funcs.find((f) => f.name === 'main');
  if (!func) throw new InternalError('the module has no function main');
  const batches = makeBatches(func, samples, options);
  const images = batches.reduce((n, b) => n + b.batch, 0);
  const activations = func.body.filter((v) => findActivation(v.op));
  const statistics = new Map(activations.map((op) => [op, new ActivationStatistics(op)]));
  const readers = new Map<Value, ActivationStatistics[]>();
  for (const [op, s] of statistics) readers.set(op.operands[0], [...(readers.get(op.operands[0]) ?? []), s]);
  const work = batches.reduce((sum, b) => sum + workOf(b), 0);
  let done = 0;
  for (const taken of batches) {
    const { inputs, batch, labels, differentiated } = taken;
    const visit = (value: Value, data: BatchData): void => readers.get(value)?.forEach((s) => s.addInputs(data, batch));
    const values = evaluateBatch(func, inputs, batch, { visit, keepAll: differentiated });
    options.results?.(values, batch);
    if (differentiated) {
      const seeds =
        options.loss === 'margin' ? marginGradients(func, values, batch) : lossGradients(func, values, batch, labels);
      backpropagate(func, values, batch, seeds, (value, gradient) =>
        statistics.get(value)?.addGradient(gradient, batch),
      );
    }
    done += workOf(taken);
    options.progress?.(done / work);
  }
  return new Map([...statistics].map(([op, s]) => [op, summarise(op, s, images)]));
}

function summarise(op: Value, statistics: ActivationStatistics, images: number): ActivationProfile {
  const { outer, channels, run } = channelRuns(op);
  const channelImpact = statistics.channelImpact();
  return {
    channels,
    elements: outer * channels * run,
    perChannel: statistics.perChannel(),
    impact: channelImpact.reduce((sum, a) => sum + a, 0),
    channelImpact,
    images,
  };
}

/** Groups single images into batches and gives each batch its labels. */
function makeBatches(func: Func, samples: Iterable<Sample>, options: ProfileOptions): Batch[] {
  const batches: Batch[] = [];
  const waiting: (readonly Tensor[])[] = [];
  let images = 0;
  const add = (inputs: readonly BatchData[], batch: number): void => {
    checkSizes(func, inputs, batch);
    const labels = options.labels?.subarray(images, images + batch);
    batches.push({ inputs, batch, labels, differentiated: images < (options.gradientImages ?? Infinity) });
    images += batch;
  };
  const flush = (): void => {
    if (waiting.length === 0) return;
    const columns = func.params.map((_, i) => packBatch(waiting.map((image) => image[i])));
    add(columns, waiting.length);
    waiting.length = 0;
  };
  for (const sample of samples) {
    if ('inputs' in sample) {
      flush();
      add(sample.inputs, sample.batch);
      continue;
    }
    checkSizes(
      func,
      sample.map((t) => t.data),
      1,
    );
    waiting.push(sample);
    if (waiting.length === (options.batchSize ?? 32)) flush();
  }
  flush();
  if (images === 0) fail('FHE0401', 'there are no calibration images');
  if (options.labels && options.labels.length !== images)
    fail('FHE0404', `${options.labels.length} labels for ${images} calibration images`);
  checkLabels(func, options.labels);
  return batches;
}

function checkSizes(func: Func, inputs: readonly BatchData[], batch: number): void {
  if (inputs.length !== func.params.length)
    fail('FHE0404', `${inputs.length} calibration inputs for a network with ${func.params.length}`);
  func.params.forEach((param, i) => {
    const shape = param.type.kind === 'tensor' ? param.type.shape : [];
    if (inputs[i].length !== elementCount(shape) * batch)
      fail('FHE0404', `an image of ${inputs[i].length / batch} numbers, the network takes [${shape.join(', ')}]`);
  });
}

function checkLabels(func: Func, labels: Int32Array | undefined): void {
  const type = func.results[0]?.value.type;
  if (!labels || type?.kind !== 'tensor' || elementCount(type.shape) === 1) return;
  const wrong = labels.find((label) => label < 0 || label >= elementCount(type.shape));
  if (wrong !== undefined) fail('FHE0404', `the label ${wrong} is no class of the network's output`);
}
