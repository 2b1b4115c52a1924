import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

const root = mkdtempSync(join(tmpdir(), 'fhec-inputs-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A fresh folder with these files, gone when the tests of the file end; returns its path. */
export function folderOf(files: Readonly<Record<string, Uint8Array | string>>): string {
  const folder = mkdtempSync(join(root, 'case-'));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}

/** A .npy file by hand: any header, any body. */
export function npyFile(
  descr: string,
  fortran: boolean,
  shape: readonly number[],
  body: Uint8Array,
  version = 1,
): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${dims}), }\n`;
  const start = version === 1 ? 10 : 12;
  const bytes = new Uint8Array(start + header.length + body.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), start);
  bytes.set(body, start + header.length);
  return bytes;
}

/** An IDX file of unsigned bytes. */
export function idxFile(shape: readonly number[], body: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + body.length);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((d, i) => view.setUint32(4 + 4 * i, d, false));
  bytes.set(body, 4 + 4 * shape.length);
  return bytes;
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
