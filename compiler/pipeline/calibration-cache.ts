import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Module, Value } from '../../ir/module.ts';
import { findActivation } from '../../ir/nn/activations.ts';
import type { ActivationProfile } from '../../passes/analysis/profile.ts';
import type { Dataset } from '../inputs/dataset.ts';
import type { Measured } from './calibrate.ts';
import { mainOf } from './main-of.ts';
import { sealJson, unsealJson } from './sealed-json.ts';

/** Where measurements of earlier compilations are kept, by key. */
export interface CalibrationStore {
  readonly read: (key: string) => Uint8Array | undefined;
  readonly write: (key: string, bytes: Uint8Array) => void;
}

/** Changes when what is measured, or how, changes. */
const version = 2;

/** A key that tells apart models (with their external data), calibration inputs, labels and the loss. */
export function calibrationKey(model: readonly Uint8Array[], { images, labels }: Dataset, loss: string): string {
  const hash = createHash('sha256').update(`${version} ${loss} ${images.length}`);
  for (const bytes of model) hash.update(`${bytes.length}`).update(bytes);
  const add = ({ buffer, byteOffset, byteLength }: Float64Array | Int32Array): void =>
    void hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  images.forEach(add);
  if (labels) add(labels);
  return hash.digest('hex');
}

const numbers = z.array(z.number()).transform((list) => Float64Array.from(list));

const measuredSchema = z.object({
  output: z.array(z.number()),
  logits: z.array(numbers),
  profile: z.array(
    z.object({
      channels: z.number(),
      elements: z.number(),
      impact: z.number(),
      images: z.number(),
      channelImpact: numbers,
      perChannel: z.array(
        z.object({
          minimum: z.number(),
          maximum: z.number(),
          mean: z.number(),
          deviation: z.number(),
          histogram: z.object({ low: z.number(), high: z.number(), counts: numbers }),
        }),
      ),
    }),
  ),
});

const activationsOf = (module: Module): Value[] => mainOf(module).body.filter((v) => findActivation(v.op));

function write(module: Module, { profile, logits, output }: Measured): Uint8Array {
  const list = (x: Float64Array): number[] => [...x];
  const plain = (p: ActivationProfile): object => ({
    ...p,
    channelImpact: list(p.channelImpact),
    perChannel: p.perChannel.map((c) => ({ ...c, histogram: { ...c.histogram, counts: list(c.histogram.counts) } })),
  });
  const profiles = activationsOf(module).flatMap((v) => profile.get(v) ?? []);
  return sealJson({ output, logits: logits.map(list), profile: profiles.map(plain) });
}

/** Undefined for what is damaged or not of this network: then it is measured anew. */
function read(module: Module, images: number, bytes: Uint8Array): Measured | undefined {
  const parsed = measuredSchema.safeParse(unsealJson(bytes));
  const activations = activationsOf(module);
  if (!parsed.success || parsed.data.profile.length !== activations.length || parsed.data.logits.length !== images)
    return undefined;
  const { profile, logits, output } = parsed.data;
  return { logits, output, profile: new Map(activations.map((v, i) => [v, profile[i]])) };
}

/** For `remembered` of `calibrate`: what the store has under the key, else what is measured, which the store then has. */
export const rememberedBy =
  (store: CalibrationStore, key: string, images: number) =>
  (module: Module, measure: () => Measured): Measured => {
    const bytes = store.read(key);
    const known = bytes && read(module, images, bytes);
    if (known) return known;
    const measured = measure();
    store.write(key, write(module, measured));
    return measured;
  };
