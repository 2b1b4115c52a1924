import { dirname, join } from 'node:path';
import { FhecError, type Diagnostic } from '../../ir/diagnostics.ts';
import { evaluateFunc } from '../../ir/evaluate.ts';
import type { Module } from '../../ir/module.ts';
import { levelSpec, specs } from '../../ir/spec.ts';
import { slotCount } from '../../ir/ckks/parameters.ts';
import { folderStore, memoryStore, type ConstantStore } from '../../ir/text/constants.ts';
import { parseModule, readModule } from '../../ir/text/parse.ts';
import { printModule } from '../../ir/text/print.ts';
import { tensor } from '../../ir/tensor.ts';
import type { Type } from '../../ir/types.ts';
import { verifyModule } from '../../ir/verify.ts';
import { readPassOptions } from '../../passes/pass-options.ts';
import { findPass } from '../../passes/registry.ts';
import { runPasses } from '../../passes/run.ts';
import type { ExpectedError, FileTest } from './file-test.ts';

/** What a file test gave: the text that its golden must equal (for verbs that print), and what is wrong. */
export interface Outcome {
  readonly printed: string | undefined;
  readonly problems: readonly string[];
}

/** Runs the verbs of a file. `path` names it in messages; large constants lie in the folder `constants` beside it. */
export function runVerbs(test: FileTest, path: string): Outcome {
  const problems: string[] = [];
  let printed: string | undefined;
  const source: Source = { text: test.source, file: path, constants: folderStore(join(dirname(path), 'constants')) };
  for (const { name, rest } of test.verbs) {
    switch (name) {
      case 'roundtrip':
        problems.push(...roundTripProblems(source));
        break;
      case 'verify':
        problems.push(...errorProblems(test.errors, verifyDiagnostics(source, rest), path));
        break;
      case 'eval':
        problems.push(...evalProblems(parse(source), rest));
        break;
      case 'print':
        printed = printModule(parse(source), { loc: rest === '--loc', constants: memoryStore() });
        break;
      case 'pass': {
        const result = attempt(() => runPass(parse(source), rest));
        problems.push(...errorProblems(test.errors, 'funcs' in result ? [] : result, path));
        if ('funcs' in result) printed = printModule(result, { constants: memoryStore() });
      }
    }
  }
  return { printed: test.errors.length > 0 ? undefined : printed, problems };
}

interface Source {
  readonly text: string;
  readonly file: string;
  readonly constants: ConstantStore;
}

const parse = ({ text, ...options }: Source): Module => parseModule(text, options);

function attempt(f: () => Module): Module | readonly Diagnostic[] {
  try {
    return f();
  } catch (error) {
    if (error instanceof FhecError) return error.diagnostics;
    throw error;
  }
}

/** The source, without comments and blank lines, must be what the printer prints. */
function roundTripProblems(source: Source): string[] {
  const withoutComments = (text: string): string[] =>
    text.split('\n').filter((line) => line.trim() !== '' && !line.trimStart().startsWith('//'));
  const written = withoutComments(source.text);
  const options = { constants: memoryStore(), loc: / loc\(/.test(source.text) };
  const printed = withoutComments(printModule(parse(source), options));
  const at = printed.findIndex((line, i) => line !== written.at(i));
  if (at < 0 && printed.length === written.length) return [];
  const place = at < 0 ? printed.length : at;
  return [`not canonical:\n  written ${written.at(place) ?? '(end)'}\n  printed ${printed.at(place) ?? '(end)'}`];
}

function verifyDiagnostics({ text, ...options }: Source, specName: string): readonly Diagnostic[] {
  const { module, diagnostics } = readModule(text, options);
  if (diagnostics.length > 0 || !module) return diagnostics;
  const spec = specName === '' ? levelSpec(module.level) : specs.find((s) => s.name === specName);
  if (!spec) throw new Error(`spec '${specName}' is unknown: ${specs.map((s) => s.name).join(', ')}`);
  return verifyModule(module, spec);
}

/** Expected and found errors must pair up one to one, by code, line and part of the message. */
export function errorProblems(
  expected: readonly ExpectedError[],
  found: readonly Diagnostic[],
  file: string,
): readonly string[] {
  const rest = [...found];
  const lineOf = ({ loc }: Diagnostic): number | undefined =>
    loc.kind === 'text' && loc.file === file ? loc.line : undefined;
  const missing = expected.filter((e) => {
    const at = rest.findIndex((d) => d.code === e.code && lineOf(d) === e.line && d.message.includes(e.text));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  const place = (line: number | undefined): string => (line === undefined ? 'no line' : `line ${line}`);
  return [
    ...missing.map((e) => `missing error at ${place(e.line)}: ${e.code} ${e.text}`),
    ...rest.map((d) => `unexpected error at ${place(lineOf(d))}: ${d.code} ${d.message}`),
  ];
}

function runPass(module: Module, command: string): Module {
  const [name = '', ...flags] = command.split(/ +/);
  const pass = findPass(name);
  if (!pass) throw new Error(`pass '${name}' is unknown`);
  const given = flags.map((flag): [string, string | true] => {
    const match = /^--([\w-]+)(?:=(.*))?$/.exec(flag);
    if (!match) throw new Error(`'${flag}' is not of the form --option=value`);
    return [match[1], match[2] ?? true];
  });
  return runPasses(module, [{ pass, options: readPassOptions(pass, Object.fromEntries(given)) }]);
}

/** `[1, 2], [3] ~= [4]`: the flat data of each parameter and of each result of `main`. */
function evalProblems(module: Module, command: string): string[] {
  const main = module.funcs.find((f) => f.name === 'main');
  const sides = command.split('~=').map((side) => JSON.parse(`[${side}]`) as readonly (readonly number[])[]);
  if (!main || sides.length !== 2) throw new Error("eval needs '[inputs] ~= [outputs]' and the function main");
  const [given, wanted] = sides;
  const shapeOf = (type: Type): readonly number[] => {
    if (type.kind === 'tensor') return type.shape;
    if (type.kind === 'packed') return [type.slots];
    return [module.parameters ? slotCount(module.parameters) : 0];
  };
  const inputs = main.params.map((p, i) => tensor(shapeOf(p.type), given[i] ?? []));
  const found = evaluateFunc(main, inputs).map((t) => [...t.data]);
  const close = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
  const same =
    found.length === wanted.length &&
    found.every((f, i) => f.length === wanted[i].length && f.every((x, k) => close(x, wanted[i][k])));
  return same ? [] : [`eval gives ${found.map((f) => `[${f.join(', ')}]`).join(', ')}`];
}
