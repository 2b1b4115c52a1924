import type { Parameter } from './network.ts';

/** Adam with decoupled weight decay. It works on plain arrays: the samples have few parameters. */
export class AdamW {
  private readonly moments = new Map<string, { first: Float32Array; second: Float32Array }>();
  private step = 0;

  private readonly parameters: readonly Parameter[];
  private readonly weightDecay: number;

  constructor(parameters: readonly Parameter[], weightDecay: number) {
    this.parameters = parameters;
    this.weightDecay = weightDecay;
    for (const p of parameters) {
      this.moments.set(p.name, { first: new Float32Array(p.value.length), second: new Float32Array(p.value.length) });
    }
  }

  /** Moves every parameter that has a gradient (a flat array under the parameter's name). */
  update(gradients: ReadonlyMap<string, Float32Array>, learningRate: number): void {
    const beta1 = 0.9;
    const beta2 = 0.999;
    this.step++;
    const size = (learningRate * Math.sqrt(1 - beta2 ** this.step)) / (1 - beta1 ** this.step);
    for (const parameter of this.parameters) {
      const gradient = gradients.get(parameter.name);
      const moments = this.moments.get(parameter.name);
      if (!gradient || !moments) continue;
      const { value } = parameter;
      const { first, second } = moments;
      const keep = parameter.decays ? 1 - learningRate * this.weightDecay : 1;
      for (let i = 0; i < value.length; i++) {
        const g = gradient[i];
        const m = beta1 * first[i] + (1 - beta1) * g;
        const v = beta2 * second[i] + (1 - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        value[i] = keep * value[i] - (size * m) / (Math.sqrt(v) + 1e-8);
      }
    }
  }
}

/** Learning rate after `done` (0..1) of the training: a short linear rise, then half a cosine down to zero. */
export function cosineRate(peak: number, done: number, warmup: number): number {
  if (done < warmup) return (peak * done) / warmup;
  return (peak * (1 + Math.cos((Math.PI * (done - warmup)) / (1 - warmup)))) / 2;
}
