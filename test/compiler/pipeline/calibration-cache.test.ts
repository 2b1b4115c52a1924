import { expect, it } from 'vitest';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { calibrate, type Calibration } from '../../../compiler/pipeline/calibrate.ts';
import { calibrationKey, rememberedBy, type CalibrationStore } from '../../../compiler/pipeline/calibration-cache.ts';
import { canonicalise } from '../../../compiler/pipeline/canonical.ts';
import { randomInputs, residualNetwork } from './small-networks.ts';

const model = residualNetwork();
const module = canonicalise(importOnnx(model), () => undefined);
const dataset = randomInputs([1, 2, 4, 4], 60);

function storeOf(files: Map<string, Uint8Array>): CalibrationStore {
  return { read: (key) => files.get(key), write: (key, bytes) => void files.set(key, bytes) };
}

it('what was measured once comes back as it was, without a run of the network', () => {
  const files = new Map<string, Uint8Array>();
  let runs = 0;
  const run = () =>
    calibrate(module, dataset, {
      onProgress: () => runs++,
      remembered: rememberedBy(storeOf(files), 'key', dataset.images.length),
    });
  const first = run();
  const ran = runs;
  expect(ran).toBeGreaterThan(0);
  expect(run()).toEqual(first);
  expect(runs).toBe(ran);
});

it('what does not fit is measured anew', () => {
  const text = new TextEncoder();
  for (const bad of ['', '{', '{"output":[1],"logits":[],"profile":[]}', 'null']) {
    const files = new Map([['key', text.encode(bad)]]);
    const remembered = rememberedBy(storeOf(files), 'key', dataset.images.length);
    expect(calibrate(module, dataset, { remembered })).toEqual(calibrate(module, dataset));
    expect(files.get('key')?.length).toBeGreaterThan(1000);
  }
});

it('what is damaged in one digit is measured anew', () => {
  const files = new Map<string, Uint8Array>();
  const run = (): Calibration =>
    calibrate(module, dataset, { remembered: rememberedBy(storeOf(files), 'key', dataset.images.length) });
  const first = run();
  const written = new TextDecoder().decode(files.get('key'));
  const changed = written.replace(
    /"mean":(-?)0\.(\d)/,
    (_, sign: string, d: string) => `"mean":${sign}0.${(Number(d) + 1) % 10}`,
  );
  expect(changed).not.toBe(written);
  files.set('key', new TextEncoder().encode(changed));
  expect(run()).toEqual(first);
  expect(new TextDecoder().decode(files.get('key'))).toBe(written);
});

it('keys tell models, inputs, labels and losses apart', () => {
  const labels = new Int32Array(60);
  const other = randomInputs([1, 2, 4, 4], 60, 7);
  const keys = [
    calibrationKey([model], dataset, 'margin'),
    calibrationKey([model], dataset, 'cross-entropy'),
    calibrationKey([model, Uint8Array.of(1)], dataset, 'margin'),
    calibrationKey([model.subarray(1)], dataset, 'margin'),
    calibrationKey([model], other, 'margin'),
    calibrationKey([model], { ...dataset, labels }, 'margin'),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(calibrationKey([model], { ...dataset }, 'margin')).toBe(keys[0]);
});
