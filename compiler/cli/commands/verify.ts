import type { Command } from 'commander';
import { modulusBits, maxModulusBits, topLevel } from '../../../ir/ckks/parameters.ts';
import { readContainer } from '../../../ir/program/container.ts';
import { readModel } from '../../../ir/program/model-file.ts';
import { openEvaluationKeys, neededKeys } from '../../../runtime/files/evaluation-keys.ts';
import { withFile } from '../../../runtime/files/files.ts';
import { newCommand, withInputOptions, type InputFlags } from '../common-options.ts';
import { formatFacts } from '../format.ts';
import { printResult, type Io } from '../io.ts';
import { openSpecification, warnInsecure } from '../model.ts';
import { readReport } from '../report/schema.ts';
import { serverBackendOption, withServerOptions, type ServerFlags } from '../server-options.ts';
import { formatLayers, verifyLayers } from '../verify-layers.ts';
import { specificationFingerprint } from '../../../ir/program/schema.ts';
import { fail } from '../../../ir/diagnostics.ts';

interface Flags extends InputFlags, ServerFlags {
  readonly layers?: string;
  readonly network?: string;
  readonly backend: 'seal' | 'native';
  readonly keys?: string;
  readonly spec?: string;
}

export function verifyCommand(io: Io): Command {
  const command = newCommand(
    'verify',
    'Check a compiled model and what belongs to it, and say what was checked. Fails with a code at the first fault. With --layers also run it encrypted, with keys of its own, and say how far each layer is from the exact program.',
    [
      'fhec verify model.fhec',
      'fhec verify model.fhec --spec model.client.json --keys eval.keys',
      'fhec verify model.fhec --layers mnist:test[0:1] --backend native',
    ],
  )
    .argument('<model>', 'the compiled model (model.fhec)')
    .option('--spec <file>', 'check that this client specification belongs to the model')
    .option('--keys <file>', 'check that these evaluation keys belong to the model, are all there and are undamaged')
    .option(
      '--layers <inputs>',
      'encrypt the first of these inputs, run it, and compare what each node hands on with the exact program; its errors tell of the input and of the key, so keep them to yourself',
    )
    .option(
      '--network <file>',
      'with --layers: the ONNX file, to compare the results with those of the exact network too',
    )
    .addOption(serverBackendOption())
    .action(async (path: string, flags: Flags) => {
      const checks = [...checkModel(path, io, flags)];
      const layers = flags.layers === undefined ? undefined : await verifyLayers(path, flags.layers, flags, io);
      printResult(
        io,
        flags,
        { model: path, ok: true, checks: Object.fromEntries(checks), ...layers },
        `${formatFacts(checks)}\nall checks passed${layers ? `\n\n${formatLayers(layers)}` : ''}`,
      );
    });
  return withInputOptions(withServerOptions(command));
}

type Check = readonly [string, string];

function* checkModel(path: string, io: Io, flags: Flags): Generator<Check> {
  const container = withFile(path, (file) => {
    const opened = readContainer(file, 'model');
    // Reading a section holds it against its hash.
    return { names: opened.sectionNames.filter((name) => opened.section(name)), model: readModel(opened) };
  });
  const { model, names } = container;
  const { parameters: p, instructions, constants, keys, inputs, outputs } = model.program;
  yield [
    'file',
    `format, header and ${names.length} sections fit their SHA-256; content ${model.contentFingerprint.slice(0, 16)}`,
  ];
  yield [
    'parameters',
    `N = ${p.ringDegree}, ${p.primes.length} + ${p.specialPrimes.length} distinct primes, each 1 modulo 2N; ${topLevel(p)} levels`,
  ];
  yield [
    'security',
    p.secure
      ? `128 bits: log QP = ${modulusBits(p).toFixed(1)}, at most ${maxModulusBits.get(p.ringDegree) ?? 0} allowed`
      : 'NONE: made with --insecure-for-tests',
  ];
  warnInsecure(p, io, flags);
  yield [
    'program',
    `${instructions.length} instructions: registers, levels, scales and sizes fit; ${constants.length} finite constants`,
  ];
  yield ['interface', `${inputs.length} inputs, ${outputs.length} outputs: shapes, layouts and factors fit`];
  yield [
    'key manifest',
    `${[
      `${keys.rotations.length} rotations`,
      ...(keys.relinearization ? ['relinearization'] : []),
      ...(keys.conjugation ? ['conjugation'] : []),
      ...(keys.sparseWeight === undefined ? [] : [`switches to a sparse secret of weight ${keys.sparseWeight}`]),
    ].join(', ')} cover every instruction`,
  ];
  readReport(model.report);
  yield ['report', 'well formed'];
  if (flags.spec !== undefined) {
    const given = specificationFingerprint(openSpecification(flags.spec));
    if (given !== model.fingerprint) fail('FHE0704', `${flags.spec} was made for another model`);
    yield ['client specification', 'belongs to the model'];
  }
  if (flags.keys === undefined) return;
  const count = withFile(flags.keys, (file) => {
    const { container: opened } = openEvaluationKeys(file, model.fingerprint);
    const missing = neededKeys(keys, p).find(({ section }) => !opened.sectionNames.includes(section));
    if (missing) fail('FHE0706', `${file.name} holds no ${missing.section}`);
    return opened.sectionNames.filter((name) => opened.section(name)).length;
  });
  yield ['evaluation keys', `belong to the model; ${count} keys fit their SHA-256`];
}
