import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../../runtime/native/build.mjs', import.meta.url));
let tools = '';

beforeEach(() => {
  tools = mkdtempSync(join(tmpdir(), 'fhec-tools-'));
});
afterEach(() => rmSync(tools, { recursive: true }));

/** A program of this name that does as the shell script says. */
function tool(name: string, text: string): void {
  writeFileSync(join(tools, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(tools, name), 0o755);
}

/** Runs the build where only the tools written here are found. */
function build(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env: { PATH: tools, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, lines: stderr.trimEnd().split('\n') };
}

const onSeal = 'Programs run on SEAL (--backend seal).';

describe.skipIf(process.platform === 'win32')('the build of the native engine', () => {
  test.each([
    ['CMake is missing', {}],
    ['FHEC_NATIVE is off', { FHEC_NATIVE: 'off' }],
  ])('at install says that %s, in one line, and the install goes on', (reason, env) => {
    const { status, stdout, lines } = build(['--if-possible'], env);
    expect({ status, stdout, lines }).toEqual({
      status: 0,
      stdout: '',
      lines: [`fhec: the native engine was not built: ${reason}. ${onSeal}`],
    });
    expect(build([], env)).toEqual({ status: 1, stdout: '', lines });
  });

  test('at install says that the compiler is missing', () => {
    tool('cmake', 'exit 0');
    for (const env of [{}, { CXX: 'no-such-compiler' }]) {
      const { status, lines } = build(['--if-possible'], env);
      expect([status, lines]).toEqual([0, [expect.stringContaining('a C++20 compiler is missing')]]);
    }
  });

  test('at install shows the end of what the compiler said when it fails, and the install goes on', () => {
    tool('c++', 'exit 0');
    tool('cmake', 'case "$1" in --build) echo "no concepts"; exit 1;; esac; exit 0');
    const { status, lines } = build(['--if-possible']);
    expect([status, lines]).toEqual([0, ['no concepts', expect.stringContaining(`the compilation failed. ${onSeal}`)]]);
    expect(build([]).status).toBe(1);
  });

  test('of its tests ends as they end', () => {
    tool('c++', 'exit 0');
    tool('cmake', 'exit 1');
    expect(build(['--test', 'address']).status).toBe(1);
    expect(build(['--if-possible', '--test']).status).toBe(0);
  });
});
