import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { fail, InternalError } from '../../ir/diagnostics.ts';
import { kindOf, type ByteSource } from '../../ir/program/container.ts';

/** Opens a file for reading in parts; call `close` when done. Errors: FHE0902. */
export function openFile(path: string): ByteSource & { readonly close: () => void } {
  const handle = attempt(path, () => openSync(path, 'r'));
  const { size } = fstatSync(handle);
  let open = true;
  return {
    name: path,
    size,
    read: (offset, length) => {
      // The number of the handle may name another file by now.
      if (!open) throw new InternalError(`${path} was closed`);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const got = attempt(path, () => readSync(handle, bytes, done, Math.min(length - done, 2 ** 30), offset + done));
        if (got === 0) fail('FHE0702', `${path} ended early`);
        done += got;
      }
      return bytes;
    },
    close: () => {
      if (open) closeSync(handle);
      open = false;
    },
  };
}

/** Reads from a file and closes it. Errors: FHE0902 and those of `read`. */
export function withFile<T>(path: string, read: (file: ByteSource) => T): T {
  const file = openFile(path);
  try {
    return read(file);
  } finally {
    file.close();
  }
}

export interface WriteOptions {
  /** Mode 0600, and 0700 for the folder when it is made here. */
  readonly secret?: boolean;
}

/** Writes bytes at a place of a file. */
export type WriteAt = (offset: number, bytes: Uint8Array) => void;

/**
 * Writes a file: into a temporary file beside it first, so that a crash leaves the old file or the new one, never half of it. `fill` writes its parts
 * in any order; what it leaves out is zero. Errors: FHE0902 and those of `fill`.
 */
export function writeFile(path: string, fill: (write: WriteAt) => void, options: WriteOptions = {}): void {
  const mode = options.secret ? 0o600 : 0o644;
  const temporary = `${path}.${process.pid}.part`;
  const handle = attempt(path, () => {
    mkdirSync(dirname(path), { recursive: true, ...(options.secret ? { mode: 0o700 } : {}) });
    return openSync(temporary, 'wx', mode);
  });
  try {
    fill((offset, bytes) =>
      attempt(path, () => {
        for (let done = 0; done < bytes.length;)
          done += writeSync(handle, bytes, done, Math.min(bytes.length - done, 2 ** 30), offset + done);
      }),
    );
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(handle);
  }
  attempt(path, () => renameSync(temporary, path));
}

/** Writes the parts one after another as one file, as {@link writeFile} does. */
export function writeFileParts(path: string, parts: readonly Uint8Array[], options: WriteOptions = {}): void {
  writeFile(
    path,
    (write) => {
      let end = 0;
      for (const part of parts) {
        write(end, part);
        end += part.length;
      }
    },
    options,
  );
}

/** Makes a folder that only its owner can read, where there is none. Errors: FHE0902. */
export function makePrivateFolder(path: string): void {
  attempt(path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
}

/** Refuses to overwrite a secret key: losing it loses every ciphertext made with it. Errors: FHE0904. */
export function refuseToOverwrite(path: string): void {
  if (existsSync(path)) fail('FHE0904', `${path} exists already`);
}

/** Refuses a secret file that others can read. Errors: FHE0902. */
export function requirePrivate(path: string): void {
  const { mode } = attempt(path, () => statSync(path));
  if ((mode & 0o077) !== 0) {
    fail('FHE0902', `${path} can be read by others (mode 0${(mode & 0o777).toString(8)}); set it to 0600 with chmod`);
  }
}

/** What a path holds, by its header: used by the server to refuse secrets. */
export function fileKind(path: string): ReturnType<typeof kindOf> {
  return withFile(path, kindOf);
}

/** What an action on a path gives; an error of the system becomes FHE0902, with the path. */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return fail('FHE0902', `${path}: ${error.message}`);
    throw error;
  }
}
