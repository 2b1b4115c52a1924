import fc from 'fast-check';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { InternalError } from '../../../ir/diagnostics.ts';
import { sha256Hex, writeContainer } from '../../../ir/program/container.ts';
import { writeContainerFile, type PlannedSection } from '../../../runtime/files/stream-container.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'keys');

const planned = (contents: readonly Uint8Array[]): PlannedSection[] =>
  contents.map((bytes, i) => ({ name: `section ${i}`, length: bytes.length, make: () => bytes }));
const body = (hashes: readonly string[]) => ({ key: sha256Hex(new TextEncoder().encode(hashes.join(''))) });

test('a container written section by section is the one that is written at once', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (contents) => {
      const sections = contents.map((bytes, i) => ({ name: `section ${i}`, bytes }));
      const made = body(contents.map(sha256Hex));
      const expected = Buffer.concat(writeContainer('evaluation-keys', made, sections));
      const written = writeContainerFile(path, 'evaluation-keys', planned(contents), body);
      expect(written).toEqual({ bytes: expected.length, body: made });
      expect(Buffer.compare(readFileSync(path), expected)).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test('leaves the old file, and nothing beside it, when a section cannot be made', () => {
  writeFileSync(path, 'old');
  const [first] = planned([new Uint8Array(8)]);
  const failing = (make: () => Uint8Array): void =>
    void writeContainerFile(path, 'evaluation-keys', [first, { name: 'x', length: 8, make }], body);
  expect(() =>
    failing(() => {
      throw new Error('no key');
    }),
  ).toThrow('no key');
  expect(() => failing(() => new Uint8Array(9))).toThrow(InternalError);
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['keys']);
});
