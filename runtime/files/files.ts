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
import { fail } from '../../ir/diagnostics.ts';
import { kindOf, type ByteSource } from '../../ir/program/container.ts';

/** Opens a file for reading in parts; call `close` when done. Errors: FHE0902. */
export function openFile(path: string): ByteSource & { readonly close: () => void } {
  const handle = attempt(path, () => openSync(path, 'r'));
  const { size } = fstatSync(handle);
  return {
    name: path,
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const got = attempt(path, () => readSync(handle, bytes, done, Math.min(length - done, 2 ** 30), offset + done));
        if (got === 0) fail('FHE0702', `${path} ended early`);
        done += got;
      }
      return bytes;
    },
    close: () => closeSync(handle),
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

/**
 * Writes the parts as one file: into a temporary file beside it first, so that a crash leaves the old file or the new one, never
 * half of it. Secrets get mode 0600 and their folder, when it is made here, 0700. Errors: FHE0902.
 */
export function writeFileParts(
  path: string,
  parts: readonly Uint8Array[],
  options: { readonly secret?: boolean } = {},
): void {
  const mode = options.secret ? 0o600 : 0o644;
  const temporary = `${path}.${process.pid}.part`;
  attempt(path, () => {
    mkdirSync(dirname(path), { recursive: true, ...(options.secret ? { mode: 0o700 } : {}) });
    const handle = openSync(temporary, 'wx', mode);
    try {
      for (const part of parts)
        for (let done = 0; done < part.length;)
          done += writeSync(handle, part, done, Math.min(part.length - done, 2 ** 30));
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, path);
  });
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

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return fail('FHE0902', `${path}: ${error.message}`);
    throw error;
  }
}
