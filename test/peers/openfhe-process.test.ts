import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPython, OpenFhe } from './openfhe-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-peers-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A program that answers as a Python with the package would. */
function python(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const answering = `
[ "$1" = -c ] && exit 0
echo "{\\"ringDegree\\": $((1 << $2)), \\"secure\\": true, \\"primes\\": 22, \\"digits\\": 3}"
while read -r what; do
  [ "$what" = rotate ] && echo "{\\"seconds\\": 0.$OMP_NUM_THREADS}"
  [ "$what" = bootstrap ] && echo '{"seconds": 9, "levelsLeft": 5, "bitsMean": 17, "bitsWorst": 14}'
done`;

describe.skipIf(process.platform === 'win32')('OpenFHE beside fhec', () => {
  let found = '';
  beforeAll(() => {
    found = python('good', answering);
  });

  test('is found where the package is', () => {
    expect(findPython([join(folder, 'absent'), python('bare', 'exit 1'), found])).toBe(found);
    expect(findPython([python('bare', 'exit 1')])).toBeUndefined();
  });

  test('answers one request after the other, on as many threads as it is told', async () => {
    const peer = new OpenFhe(found, 15, 3);
    expect(await peer.ready()).toEqual({ ringDegree: 32768, secure: true, primes: 22, digits: 3 });
    for (let i = 0; i < 3; i++) expect(await peer.rotate()).toEqual({ seconds: 0.3 });
    expect(await peer.bootstrap()).toMatchObject({ levelsLeft: 5, bitsMean: 17 });
    peer.close();
  });

  test('that ends or answers something else is an error', async () => {
    const ended = new OpenFhe(python('ended', 'exit 1'), 15, 1);
    await expect(ended.ready()).rejects.toThrow('ended without an answer');
    const other = new OpenFhe(python('other', 'echo "{}"'), 15, 1);
    await expect(other.ready()).rejects.toThrow('ringDegree');
    other.close();
  });
});
