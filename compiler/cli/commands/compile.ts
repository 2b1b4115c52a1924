import type { Command } from 'commander';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail, FhecError } from '../../../ir/diagnostics.ts';
import { writeModel, writeSpecification } from '../../../ir/program/model-file.ts';
import { specificationOf } from '../../../ir/program/schema.ts';
import { printModule } from '../../../ir/text/print.ts';
import { writeFileParts } from '../../../runtime/files/files.ts';
import { compileModel, type CompileResult } from '../../compile.ts';
import { readBytes } from '../../inputs/image-files.ts';
import { importOnnx } from '../../onnx/import.ts';
import { CompilationStopped, type CompileOptions } from '../../options.ts';
import { calibrationKey } from '../../pipeline/calibration-cache.ts';
import { loadInputs, newCommand, preparationOf, withInputOptions } from '../common-options.ts';
import { readCompileFlags, withCompileOptions, type CompileFlags } from '../compile-options.ts';
import { readCosts, withCostOption } from '../cost-option.ts';
import { StageWatcher, summarise } from '../compile-output.ts';
import { folderOfCalibrations } from '../calibration-folder.ts';
import { compilerFingerprint, folderOfModels, type CompiledModel } from '../compiled-models.ts';
import { CompileCrash } from '../crash.ts';
import { formatBytes } from '../format.ts';
import { note, printResult, type Io } from '../io.ts';
import { modelNameOf } from '../model-name.ts';
import { startProgress } from '../progress.ts';
import { renderHtml } from '../report/html.ts';

export function compileCommand(io: Io): Command {
  const command = newCommand('compile', 'Compile an ONNX classifier to a program on encrypted data.', [
    'fhec compile model.onnx --calibration mnist:train[0:500] -o model.fhec',
    'fhec compile model.onnx --calibration digits.npz --max-accuracy-loss 0.5 --report report.html',
    'fhec compile model.onnx --calibration images/ --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --max-latency 20',
    'fhec compile model.onnx --calibration digits.npz --stop-after canonicalise-slots > slots.fir',
  ]).argument('<model>', 'the network (.onnx)');
  return withInputOptions(withCostOption(withCompileOptions(command))).action((path: string, flags: CompileFlags) =>
    compile(path, flags, io),
  );
}

async function compile(path: string, flags: CompileFlags, io: Io): Promise<void> {
  const calibrationSpec = flags.calibration ?? fail('FHE0401', 'a compilation needs calibration inputs');
  const model = readBytes(path);
  const external: Uint8Array[] = [];
  const externalData = (file: string): Uint8Array => {
    const bytes = readFileSync(join(dirname(path), file));
    external.push(bytes);
    return bytes;
  };
  const { shape } =
    importOnnx(model, { externalData }).interface?.inputs[0] ?? fail('FHE0208', 'the model has no input');
  const calibration = await loadInputs(calibrationSpec, { shape }, flags);
  const watcher = new StageWatcher(flags.printAfter, flags.dumpDir, io.out);
  const watched = flags.printAfter !== undefined || flags.dumpDir !== undefined || flags.stopAfter !== undefined;
  const costs = readCosts(flags, io);
  const stated = { ...readCompileFlags(flags), ...(costs ? { costs } : {}), modelName: modelNameOf(path) };
  const compiled = flags.cache === undefined || watched ? undefined : folderOfModels(flags.cache);
  const key =
    compiled &&
    calibrationKey(
      [model, ...external],
      calibration,
      JSON.stringify([stated, preparationOf(flags), compilerFingerprint()]),
    );
  const known = key === undefined ? undefined : compiled?.find(key);
  if (known) {
    writeResult(path, flags, known, io);
    note(io, flags, `compiled before from the same model, inputs and options; taken from ${flags.cache}`);
    return;
  }
  const progress = startProgress(io, flags);
  const options: CompileOptions = {
    calibration,
    ...stated,
    externalData,
    ...(flags.cache === undefined ? {} : { calibrationStore: folderOfCalibrations(flags.cache) }),
    hooks: {
      onProgress: progress.update,
      ...(watched ? { onStage: watcher.see } : {}),
      ...(flags.stopAfter === undefined ? {} : { stopAfter: flags.stopAfter }),
    },
  };
  try {
    const result = await compileModel(model, options);
    progress.stop();
    watcher.requireSeen('--stop-after', flags.stopAfter);
    watcher.requireSeen('--print-after', flags.printAfter);
    const made = compiledModel(result, flags);
    if (key !== undefined) compiled?.keep(key, made.parts);
    writeResult(path, flags, made, io);
  } catch (error) {
    progress.stop();
    if (error instanceof CompilationStopped) return printStopped(error, watcher, flags, io);
    if (error instanceof FhecError) throw error;
    throw await crashOf(error, model, options);
  }
}

/** Compiles once more and watches, which the first time would have cost: compilation is deterministic, so the same error comes back. */
async function crashOf(error: unknown, model: Uint8Array, options: CompileOptions): Promise<CompileCrash> {
  const watcher = new StageWatcher(undefined, undefined, () => undefined);
  await compileModel(model, { ...options, hooks: { onStage: watcher.see } }).catch(() => undefined);
  return new CompileCrash(watcher.names.at(-1) ?? 'none', watcher.last, error);
}

/** With `--stop-after` the module of that stage is the result. */
function printStopped({ stage }: CompilationStopped, { last }: StageWatcher, flags: CompileFlags, io: Io): void {
  const text = last ? printModule(last) : '';
  printResult(io, flags, { stoppedAfter: stage, module: text }, flags.printAfter === stage ? '' : text);
}

function compiledModel(
  { program, errorBound, report }: CompileResult,
  flags: CompileFlags,
): CompiledModel & { readonly parts: readonly Uint8Array[] } {
  const preparation = preparationOf(flags);
  const parts = writeModel(program, errorBound, report, preparation);
  return {
    parts,
    specification: specificationOf(program, errorBound, preparation),
    report,
    bytes: parts.reduce((n, p) => n + p.length, 0),
    copyTo: (to) => writeFileParts(to, parts),
  };
}

function writeResult(path: string, flags: CompileFlags, model: CompiledModel, io: Io): void {
  const { specification, report, bytes } = model;
  const out = flags.out ?? `${modelNameOf(path)}.fhec`;
  const client = `${out.replace(/\.fhec$/, '')}.client.json`;
  model.copyTo(out);
  writeFileParts(client, [new TextEncoder().encode(writeSpecification(specification))]);
  if (flags.report !== undefined) writeFileSync(flags.report, renderHtml(report));
  printResult(
    io,
    flags,
    { model: out, client, bytes, html: flags.report, report },
    flags.quiet ? '' : summarise(report),
  );
  note(
    io,
    { quiet: Boolean(flags.quiet) || Boolean(flags.json) },
    `\n${out}   ${formatBytes(bytes)}, for the server\n${client}   for the client`,
  );
}
