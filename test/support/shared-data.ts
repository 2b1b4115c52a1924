import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

/**
 * The path of a file or folder of the shared data, which lie beside the repository and not in it; undefined where they are absent.
 * Tests that need them then skip: `describe.skipIf(!path)`, with the reason printed by {@link whyNoData}.
 */
export function sharedData(path: string): string | undefined {
  const full = join(root, path);
  return existsSync(full) ? full : undefined;
}

/** The name of a test group that skips, and why. */
export const whyNoData = (path: string): string => `skipped where ../shared/data/${path} is absent`;
