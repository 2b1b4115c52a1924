import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../ir/diagnostics.ts';
import type { Module } from '../../ir/module.ts';
import { folderStore } from '../../ir/text/constants.ts';
import { printModule } from '../../ir/text/print.ts';
import type { CompileReport } from '../report.ts';
import { degreesOf, formOf } from './report/degrees.ts';
import { formatBytes, formatFacts, formatInterval, formatSeconds, formatShare, formatThreads } from './format.ts';

/** Watches the modules of a compilation for `--print-after` and `--dump-dir`, and remembers the last one for a reproducer. */
export class StageWatcher {
  readonly #printAfter: string | undefined;
  readonly #dumpFolder: string | undefined;
  readonly #print: (text: string) => void;
  readonly names: string[] = [];
  last: Module | undefined;

  constructor(printAfter: string | undefined, dumpFolder: string | undefined, print: (text: string) => void) {
    this.#printAfter = printAfter;
    this.#dumpFolder = dumpFolder;
    this.#print = print;
  }

  readonly see = (name: string, module: Module): void => {
    this.names.push(name);
    this.last = module;
    if (name === this.#printAfter) this.#print(`// after ${name}\n${printModule(module)}`);
    if (this.#dumpFolder === undefined) return;
    mkdirSync(this.#dumpFolder, { recursive: true });
    const constants = folderStore(join(this.#dumpFolder, 'constants'));
    const file = `${String(this.names.length).padStart(2, '0')}-${name}.fir`;
    writeFileSync(join(this.#dumpFolder, file), printModule(module, { loc: true, constants }));
  };

  /** Throws FHE0901 when a stage that was asked for never came. */
  requireSeen(option: string, name: string | undefined): void {
    if (name !== undefined && !this.names.includes(name))
      fail('FHE0901', `${option} ${name}: there is no such stage; this compilation had ${this.names.join(', ')}`);
  }
}

/** What a person wants to know of a compilation, in a few lines. */
export function summarise(report: CompileReport): string {
  const { accuracy, activations, alternatives, cost, parameters: p, precision, uniform } = report;
  const { exact, polynomial, agreement, interval } = accuracy;
  const chosen = alternatives.find((a) => a.chosen);
  const facts: (readonly [string, string])[] = [
    ['model', `${report.model}, compiled in ${formatSeconds(report.compileSeconds)}`],
    ...(exact === undefined || polynomial === undefined
      ? [
          [
            'agreement',
            `${formatShare(agreement)} of top-1 as the exact network (95% interval ${formatInterval(interval)})`,
          ] as const,
        ]
      : [
          ['accuracy before', `${formatShare(exact)} on ${accuracy.images} calibration inputs`] as const,
          [
            'accuracy after',
            `${formatShare(polynomial)} (95% interval ${formatInterval(interval)}); same top-1 on ${formatShare(agreement)}`,
          ] as const,
        ]),
    ['blow-ups', `${formatShare(accuracy.blowUps)} of ${accuracy.images} calibration inputs`],
    ...(activations.length === 0
      ? []
      : [['degrees', activations.map((a) => `${a.node} ${formOf(a)}`).join(', ')] as const]),
    [
      'one input',
      `${formatSeconds(cost.seconds)} predicted on ${formatThreads(cost.threads)}, ${formatBytes(cost.peakBytes)} of memory`,
    ],
    ...(uniform && chosen && !uniform.chosen
      ? [['uniform degree', `${degreesOf(uniform.degrees)} would take ${formatSeconds(uniform.seconds)}`] as const]
      : []),
    [
      'keys',
      `${cost.rotationKeys} rotation keys, ${formatBytes(cost.keyBytes)} in memory; ciphertexts of an input ${formatBytes(cost.ciphertextBytes)}`,
    ],
    [
      'operations',
      `${cost.rotations} rotations, ${cost.multiplications} multiplications, ${cost.plainMultiplications} by plaintexts, depth ${cost.depth}`,
    ],
    [
      'parameters',
      `N = ${p.ringDegree}, log QP = ${p.modulusBits.toFixed(1)} bits (128-bit security up to ${p.limitBits})${p.secure ? '' : '; INSECURE, for tests only'}`,
    ],
    ...(report.bootstraps
      ? [
          [
            'bootstraps',
            `${report.bootstraps.places.reduce((n, b) => n + b.vectors, 0)} of ${formatSeconds(report.bootstraps.seconds)}, to ${report.bootstraps.precisionBits.toFixed(1)} bits`,
          ] as const,
          [
            'placement',
            report.bootstraps.rules
              .map((r) => `${r.rule}: ${r.count} bootstraps, ${formatSeconds(r.seconds)}`)
              .join('; '),
          ] as const,
        ]
      : []),
    ['precision', `${precision.errorBits.toFixed(1)} bits; error at most ${precision.errorBound.toExponential(1)}`],
    ...report.clientSteps.map((s) => ['left to the client', `${s.kind} of node '${s.node}'`] as const),
    ...report.warnings.map((w) => ['warning', w] as const),
  ];
  return formatFacts(facts);
}
