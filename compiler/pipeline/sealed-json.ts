import { createHash } from 'node:crypto';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON behind a line with its SHA-256. */
export function sealJson(value: unknown): Uint8Array {
  const text = JSON.stringify(value);
  return new TextEncoder().encode(`${digest(text)}\n${text}`);
}

/** What was sealed; undefined where there is nothing, or any byte of it is not as it was written. */
export function unsealJson(bytes: Uint8Array | undefined): unknown {
  if (!bytes) return undefined;
  const [sum, text] = new TextDecoder().decode(bytes).split('\n', 2);
  if (text === undefined || digest(text) !== sum) return undefined;
  const value: unknown = JSON.parse(text);
  return value;
}
