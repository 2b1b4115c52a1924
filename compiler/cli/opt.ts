import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { text as readStream } from 'node:stream/consumers';
import { Command } from 'commander';
import { fail, FhecError } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';
import { registry } from '../../ir/registry.ts';
import { levelSpec, specs, type Spec } from '../../ir/spec.ts';
import { folderStore, memoryStore } from '../../ir/text/constants.ts';
import { parseModule } from '../../ir/text/parse.ts';
import { printModule } from '../../ir/text/print.ts';
import { verifyModule } from '../../ir/verify.ts';
import { readPassOptions } from '../../passes/pass-options.ts';
import { findPass, passes } from '../../passes/registry.ts';
import { runPasses, type PassStep } from '../../passes/run.ts';

interface OptFlags {
  readonly pass?: string;
  readonly out?: string;
  readonly constants?: string;
  readonly printAfter?: boolean;
  readonly timing?: boolean;
  readonly loc?: boolean;
  readonly verify?: string | true;
  readonly listPasses?: boolean;
  readonly listOps?: boolean;
}

const grammar = `
Grammar of the text form (docs/ops.md lists the ops):
  module    := 'module' LEVEL ('{' parameters? interface? '}')? func*
  func      := 'func' @NAME '(' (%NAME ':' type STRING loc?),* ')' '{' op* 'return' (%NAME STRING),* '}'
  op        := %NAME '=' NAME '(' %NAME,* ')' ('{' (NAME '=' attr),* '}')? ':' type loc?
  type      := tensor<[1, 3]> | packed<slots = 8, layout = "8: 8@1"> | cipher<level = 1, scale = 2, size = 2> | plain<level = 1, scale = 2>
  attr      := NUMBER | STRING | true | false | [attr,*] | #NAME | dense<[2]>[1, 2] | sparse<[2, 2]>[[0, 1, 5]]
  comment   := // to the end of the line

Examples:
  fhec opt net.fir --pass linearize,compose-linear     run two passes, print the result
  fhec opt net.fir --pass schedule --precision-bits=20 give a pass its options
  cat net.fir | fhec opt --verify                      check the text, print nothing`;

/** `fhec opt`: runs single passes on the text form of a module. */
export function optCommand(): Command {
  return new Command('opt')
    .description('Read the text form of a module, run passes on it and print it.')
    .argument('[file]', 'text of a module (.fir); standard input when absent or -')
    .option('--pass <names>', 'passes to run in order, separated by commas; options of a pass follow as --name=value')
    .option('-o, --out <file>', 'write the result here instead of standard output')
    .option(
      '--constants <folder>',
      "folder of the constants that the text names; 'constants' beside the file when absent",
    )
    .option('--print-after', 'print the module after each pass, not only after the last')
    .option('--timing', 'print the seconds of each pass to standard error')
    .option('--loc', 'print where each value comes from')
    .option('--verify [spec]', `only check the module, also against a stage: ${specs.map((s) => s.name).join(', ')}`)
    .option('--list-passes', 'list the passes and their options')
    .option('--list-ops', 'list the ops with their operands and attributes')
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', grammar)
    .action(async (_file: string | undefined, flags: OptFlags, command: Command) => {
      // The command line library does not know the options of passes and leaves them among the arguments.
      const file = command.args.find((a) => !a.startsWith('--'));
      const rest = command.args.filter((_, i) => i !== command.args.indexOf(file ?? ''));
      await runOpt(file, flags, rest);
    });
}

async function runOpt(file: string | undefined, flags: OptFlags, rest: readonly string[]): Promise<void> {
  if (flags.listPasses) return write(listPasses(), flags.out);
  if (flags.listOps) return write(listOps(), flags.out);
  const steps = readSteps(flags.pass, rest);
  const fromStdin = file === undefined || file === '-';
  const text = fromStdin ? await readStream(process.stdin) : readText(file);
  const folder = flags.constants ?? (fromStdin ? undefined : join(dirname(file), 'constants'));
  const store = folder === undefined ? memoryStore() : folderStore(folder);
  const module = parseModule(text, { file: fromStdin ? 'stdin' : file, constants: store });
  check(module, flags.verify === undefined || flags.verify === true ? levelSpec(module.level) : findSpec(flags.verify));
  if (flags.verify !== undefined) return;
  const outStore = flags.out === undefined ? store : folderStore(join(dirname(flags.out), 'constants'));
  const print = (m: Module): string => printModule(m, { loc: flags.loc ?? false, constants: outStore });
  const stages: string[] = [];
  const result = runPasses(module, steps, {
    onAfter: (pass, m) => {
      if (flags.printAfter) stages.push(`// after ${pass}\n${print(m)}`);
    },
    onTiming: ({ pass, seconds, ops }) => {
      if (flags.timing) console.error(`${pass}: ${seconds.toFixed(3)} s, ${ops} ops`);
    },
  });
  write(stages.length > 0 ? stages.join('\n') : print(result), flags.out);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail('FHE0902', `'${file}': ${error instanceof Error ? error.message : String(error)}`);
  }
}

function write(text: string, out: string | undefined): void {
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
}

function findSpec(name: string): Spec {
  return (
    specs.find((s) => s.name === name) ??
    fail('FHE0901', `stage '${name}' is unknown: ${specs.map((s) => s.name).join(', ')}`)
  );
}

function check(module: Module, spec: Spec): void {
  const diagnostics = verifyModule(module, spec);
  if (diagnostics.length > 0) throw new FhecError(diagnostics);
}

/** The passes of `--pass a,b` with the options that follow; an option goes to every named pass that has it. */
export function readSteps(names: string | undefined, rest: readonly string[]): PassStep[] {
  const given = new Map<string, string | true>();
  for (const argument of rest) {
    const match = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(argument);
    if (!match) fail('FHE0901', `'${argument}' is neither a file nor of the form --option=value`);
    given.set(match[1], match[2] ?? true);
  }
  const chosen = (names ?? '')
    .split(',')
    .filter((name) => name !== '')
    .map((name) => findPass(name) ?? fail('FHE0901', `pass '${name}' is unknown; see 'fhec opt --list-passes'`));
  for (const name of given.keys())
    if (!chosen.some((p) => Object.hasOwn(p.options, name)))
      fail('FHE0901', `no pass that runs has an option --${name}`);
  return chosen.map((pass) => {
    const own = [...given].filter(([name]) => Object.hasOwn(pass.options, name));
    return { pass, options: readPassOptions(pass, Object.fromEntries(own)) };
  });
}

export function listPasses(): string {
  const lines = passes.flatMap((p) => [
    `${p.name} (${p.from} -> ${p.to}): ${p.summary}`,
    ...Object.entries(p.options).map(([name, o]) => `  --${name}=${String(o.default)}  ${o.help}`),
  ]);
  return `${lines.join('\n')}\n`;
}

export function listOps(): string {
  const lines = registry.all().map(({ name, operands, attrs, doc }) => {
    const entries = Object.entries(attrs).map(([key, kind]) => `${key}: ${kind}`);
    return `${name}(${operands.join(', ')})${entries.length > 0 ? ` {${entries.join(', ')}}` : ''}\n  ${doc}`;
  });
  return `${lines.join('\n')}\n`;
}
