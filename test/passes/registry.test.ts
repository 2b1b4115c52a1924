import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { Pass } from '../../passes/define-pass.ts';
import { findPass, passes } from '../../passes/registry.ts';

const isPass = (value: unknown): value is Pass =>
  typeof value === 'object' && value !== null && 'run' in value && 'from' in value && 'assumes' in value;

const files = readdirSync('passes', { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && name !== 'registry.ts',
);

test('the registry lists every pass of the folder, each in the file of its name', async () => {
  const found: Pass[] = [];
  for (const file of files) {
    const exported = (await import(pathToFileURL(`passes/${file}`).href)) as Record<string, unknown>;
    for (const pass of Object.values(exported).filter(isPass)) {
      expect(basename(file, '.ts'), `pass '${pass.name}' lies in ${file}`).toBe(pass.name);
      found.push(pass);
    }
  }
  expect(passes.map((p) => p.name).sort()).toEqual(found.map((p) => p.name).sort());
});

test('names and options are in kebab case, and defaults are of their kind', () => {
  expect(new Set(passes.map((p) => p.name)).size).toBe(passes.length);
  for (const pass of passes) {
    expect(pass.name).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect(findPass(pass.name)).toBe(pass);
    expect(pass.summary.length).toBeGreaterThan(0);
    for (const [name, option] of Object.entries(pass.options)) {
      expect(name).toMatch(/^[a-zA-Z][a-zA-Z0-9-]*$/);
      const kinds = { int: 'number', float: 'number', bool: 'boolean', string: 'string' };
      expect(typeof option.default, `${pass.name} --${name}`).toBe(kinds[option.kind]);
      expect(option.help.length).toBeGreaterThan(0);
    }
  }
});

test('every pass has a file test that shows what it does', () => {
  for (const { name } of passes) expect(existsSync(`test/passes/${name}/basic.fir`), name).toBe(true);
});
