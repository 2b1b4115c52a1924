import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '../matrix.ts';
import type { Tensor } from '../tensor.ts';
import { decodeConstant, encodeConstant } from './constant-format.ts';

export type Constant = Tensor | Matrix;

/** Where the constants too large for text are kept, by content name (the first 12 hex digits of the SHA-256 of their bytes). */
export interface ConstantStore {
  /** The constant, `undefined` when the store does not have it, or a text that says how it is damaged. */
  readonly get: (name: string) => Constant | string | undefined;
  readonly put: (name: string, constant: Constant) => void;
}

/** The content name: equal constants have equal names. */
export function constantName(constant: Constant): string {
  return nameOfBytes(encodeConstant(constant));
}

const nameOfBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 12);

/** Keeps constants in memory. */
export function memoryStore(): ConstantStore {
  const known = new Map<string, Constant>();
  return { get: (name) => known.get(name), put: (name, constant) => void known.set(name, constant) };
}

/** Keeps each constant in a file `NAME.const` of `folder` (made on the first put). Content is checked against its name on reading. */
export function folderStore(folder: string): ConstantStore {
  const path = (name: string): string => join(folder, `${name}.const`);
  return {
    get: (name) => {
      if (!/^[0-9a-f]{12}$/.test(name) || !existsSync(path(name))) return undefined;
      const bytes = readFileSync(path(name));
      if (nameOfBytes(bytes) !== name) return `its content does not match its name`;
      return decodeConstant(bytes);
    },
    put: (name, constant) => {
      if (existsSync(path(name))) return;
      mkdirSync(folder, { recursive: true });
      writeFileSync(path(name), encodeConstant(constant));
    },
  };
}
