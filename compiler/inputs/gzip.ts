import { gunzipSync } from 'node:zlib';
import { badInput, maxElements } from './source.ts';

/** Unpacks gzip data where they are such; other bytes come back as they are. The result is bounded to 1 GiB. Errors: FHE0903. */
export function gunzip(bytes: Uint8Array, name: string): Uint8Array {
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: 8 * maxElements });
  } catch (error) {
    return badInput(
      name,
      `the gzip data cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
