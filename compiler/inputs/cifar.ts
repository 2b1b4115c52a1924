import { badInput, type ItemSource } from './source.ts';

const shape = [3, 32, 32] as const;
const pixels = 3072;
const record = 1 + pixels;

/** The binary version of CIFAR-10: records of a label and 3072 pixels, red, green, blue, row-major. Errors: FHE0903. */
export function cifarSource(bytes: Uint8Array, name: string): ItemSource {
  if (bytes.length === 0 || bytes.length % record !== 0)
    badInput(name, `${bytes.length} bytes are no whole number of CIFAR-10 records (${record} bytes each)`);
  const count = bytes.length / record;
  const labels = Int32Array.from({ length: count }, (_, i) => bytes[i * record]);
  const wrong = labels.findIndex((label) => label > 9);
  if (wrong >= 0) badInput(name, `record ${wrong} has label ${labels[wrong]}; CIFAR-10 has classes 0 to 9`);
  return {
    name,
    count,
    shape,
    pixels: true,
    labels,
    read: (i) => ({ shape, data: Float64Array.from(bytes.subarray(i * record + 1, (i + 1) * record)) }),
  };
}
