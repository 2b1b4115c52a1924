import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fail } from '../../../ir/diagnostics.ts';
import { readBytes } from '../../inputs/image-files.ts';
import { importOnnx } from '../../onnx/import.ts';
import { sweepPareto, type ParetoLimit, type ParetoPoint, type ParetoSweep } from '../../pareto.ts';
import { folderOfCalibrations } from '../calibration-folder.ts';
import { loadInputs, newCommand, nonNegativeNumber, withInputOptions } from '../common-options.ts';
import { readChoiceFlags, withChoiceOptions, type ChoiceFlags } from '../compile-options.ts';
import { readCosts, withCostOption } from '../cost-option.ts';
import { formatBytes, formatSeconds, formatShare, formatThreads } from '../format.ts';
import { note, printResult, type Io } from '../io.ts';
import { modelNameOf } from '../model-name.ts';
import { startProgress } from '../progress.ts';
import { renderPareto } from '../report/pareto.ts';

interface Flags extends ChoiceFlags {
  readonly losses: readonly number[];
  readonly latencies: readonly number[];
  readonly out: string;
}

/** Percentage points. */
const defaultLosses: readonly number[] = [0.1, 0.25, 0.45, 1, 2, 5];

export function paretoCommand(io: Io): Command {
  const command = newCommand('pareto', 'Compare what accuracy costs: one choice for each limit of loss or of time.', [
    'fhec pareto model.onnx --calibration digits.npz -o pareto/',
    'fhec pareto model.onnx --calibration mnist:train[0:500] --losses 0.2,0.5,1 --latencies 1,2 -o pareto/',
  ])
    .argument('<model>', 'the network (.onnx)')
    .option(
      '--losses <list>',
      `limits of accuracy loss, in percentage points (default: ${defaultLosses.join(',')})`,
      numbers,
      defaultLosses,
    )
    .option('--latencies <list>', 'limits of seconds for one input, beside these (default: none)', numbers, [])
    .requiredOption('-o, --out <folder>', 'where pareto.svg, settings.json and settings.md are written');
  return withInputOptions(withCostOption(withChoiceOptions(command))).action(
    (path: string, flags: Flags, own: Command) => pareto(path, flags, own, io),
  );
}

function numbers(text: string): number[] {
  const list = text.split(',').filter((part) => part.trim() !== '');
  if (list.length > 100) throw new InvalidArgumentError('At most 100 numbers are expected.');
  return list.map(nonNegativeNumber);
}

async function pareto(path: string, flags: Flags, command: Command, io: Io): Promise<void> {
  const limits: ParetoLimit[] = [
    ...flags.losses.map((maxAccuracyLoss) => ({ maxAccuracyLoss })),
    ...flags.latencies.map((maxLatency) => ({ maxLatency })),
  ];
  if (limits.length === 0) fail('FHE0901', 'there are no limits: --losses or --latencies names some');
  const calibrationSpec = flags.calibration ?? fail('FHE0401', 'a comparison needs calibration inputs');
  const model = readBytes(path);
  const externalData = (file: string): Uint8Array => readFileSync(join(dirname(path), file));
  const { shape } =
    importOnnx(model, { externalData }).interface?.inputs[0] ?? fail('FHE0208', 'the model has no input');
  const calibration = await loadInputs(calibrationSpec, { shape }, flags);
  const costs = readCosts(flags, io);
  const progress = startProgress(io, flags);
  const options = {
    calibration,
    ...readChoiceFlags(flags),
    ...(costs ? { costs } : {}),
    externalData,
    ...(flags.cache === undefined ? {} : { calibrationStore: folderOfCalibrations(flags.cache) }),
    hooks: { onProgress: progress.update },
  };
  let sweep: ParetoSweep;
  try {
    sweep = sweepPareto(model, options, limits);
  } finally {
    progress.stop();
  }
  writeSweep(modelNameOf(path), commandLine(path, command), sweep, flags, io);
}

/** The options that were stated, as `fhec compile` takes them. */
function commandLine(path: string, command: Command): string {
  const own = new Set(['losses', 'latencies', 'out', 'json', 'quiet']);
  const stated = command.options
    .filter((o) => command.getOptionValueSource(o.attributeName()) === 'cli' && !own.has(o.attributeName()))
    .map((o) => {
      const value: unknown = command.getOptionValue(o.attributeName());
      return value === true ? (o.long ?? '') : `${o.long ?? ''} ${quoted(String(value))}`;
    });
  return ['fhec compile', quoted(path), ...stated].join(' ');
}

/** An argument as shells take it. */
const quoted = (text: string): string =>
  /^[\w./,:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

const limitOf = (limit: ParetoLimit): string =>
  'maxLatency' in limit ? `--max-latency ${limit.maxLatency}` : `--max-accuracy-loss ${limit.maxAccuracyLoss}`;

const fileOf = (name: string, limit: ParetoLimit): string =>
  `${name}-${'maxLatency' in limit ? `${limit.maxLatency}s` : `loss${limit.maxAccuracyLoss}`}.fhec`;

function writeSweep(name: string, line: string, { threads, points, missed }: ParetoSweep, flags: Flags, io: Io): void {
  const settings = points.map((p) => ({
    ...p,
    command: `${line} ${limitOf(p.limit)} -o ${quoted(fileOf(name, p.limit))}`,
  }));
  const result = { model: name, threads, points: settings, missed };
  const table = renderTable(settings, threads);
  const notes = missed.map(({ limit, reason }) => `${limitOf(limit)}: ${reason}`);
  mkdirSync(flags.out, { recursive: true });
  writeFileSync(join(flags.out, 'settings.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  const commands = settings.map((s) => s.command).join('\n');
  writeFileSync(
    join(flags.out, 'settings.md'),
    `# ${name}\n\n${[table, ...notes].join('\n\n')}\n\n\`\`\`sh\n${commands}\n\`\`\`\n`,
  );
  if (points.length > 0) writeFileSync(join(flags.out, 'pareto.svg'), `${renderPareto(name, points)}\n`);
  printResult(io, flags, result, table);
  for (const text of notes) note(io, flags, text);
  note(
    io,
    { quiet: Boolean(flags.quiet) || Boolean(flags.json) },
    `\n${flags.out}: pareto.svg, settings.json, settings.md`,
  );
}

/** A table in Markdown, the best points marked. */
function renderTable(points: readonly ParetoPoint[], threads: number): string {
  const rows = points.map((p) => [
    p.best ? '*' : '',
    limitOf(p.limit),
    formatShare(p.accuracy ?? p.agreement),
    p.loss.toFixed(2),
    formatSeconds(p.seconds),
    formatBytes(p.peakBytes),
    formatBytes(p.keyBytes),
    String(p.bootstraps),
    p.degrees.map((d) => d.replace(/^degree (\d+).*/, '$1')).join(' '),
  ]);
  const head = [
    'best',
    'limit',
    'top-1',
    'loss',
    `time, ${formatThreads(threads)}`,
    'memory',
    'keys',
    'bootstraps',
    'degrees',
  ];
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i].length)));
  const format = (row: readonly string[]): string => `| ${row.map((c, i) => c.padEnd(widths[i])).join(' | ')} |`;
  return [format(head), format(widths.map((w) => '-'.repeat(w))), ...rows.map(format)].join('\n');
}
