import { InvalidArgumentError, Option, type Command } from 'commander';
import { defaultMaxAccuracyLoss, type CompileOptions } from '../options.ts';
import type { BootstrapRule } from '../report.ts';
import { nonNegativeNumber, positiveInteger, type InputFlags } from './common-options.ts';
import type { CostFlags } from './cost-option.ts';

/** What says how polynomials, parameters and bootstraps are chosen, but for limits. */
export interface ChoiceFlags extends InputFlags, CostFlags {
  readonly calibration?: string;
  readonly maxDegree?: number;
  readonly degrees?: 'layerwise' | 'uniform' | number;
  readonly perTensor?: boolean;
  readonly precisionBits?: number;
  readonly ringDegree?: number;
  readonly target?: 'seal' | 'native';
  readonly bootstraps?: BootstrapRule;
  readonly insecureForTests?: boolean;
  readonly cache?: string;
}

export interface CompileFlags extends ChoiceFlags {
  readonly maxAccuracyLoss?: number;
  readonly maxLatency?: number;
  readonly out?: string;
  readonly report?: string;
  readonly printAfter?: string;
  readonly dumpDir?: string;
  readonly stopAfter?: string;
}

/** Adds the options of a choice. */
export function withChoiceOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--calibration <inputs>', 'a few hundred real inputs, with labels where there are any; see below'),
    )
    .option('--max-degree <number>', 'the highest degree of a polynomial (default: 15)', positiveInteger)
    .option(
      '--degrees <kind>',
      'layerwise (default), uniform (the best single degree), or this degree everywhere',
      degrees,
    )
    .option('--per-tensor', 'one polynomial for all channels of an activation, not one for each')
    .option(
      '--precision-bits <number>',
      'bits that the largest results keep above the noise (default: 10, and where there are bootstraps as many as the margins of the answers ask for)',
      nonNegativeNumber,
    )
    .option(
      '--ring-degree <number>',
      'fix N (default: the smallest that is secure, deep and exact enough)',
      positiveInteger,
    )
    .addOption(
      new Option(
        '--target <engine>',
        'what will run the program: seal (default), or native, which can bootstrap',
      ).choices(['seal', 'native']),
    )
    .addOption(
      new Option(
        '--bootstraps <rule>',
        'where to bootstrap: by cost (default), greedy (where the levels run out) or each-activation',
      ).choices(['cost', 'greedy', 'each-activation']),
    )
    .option('--insecure-for-tests', 'allow parameters without security; the result is marked and every command says so')
    .option(
      '--cache <folder>',
      'keep there what calibration measures, which later compilations of the model with the same inputs start from, and the compiled model for when all options are the same',
    );
}

/** Adds the options of `fhec compile` that are not about inputs. */
export function withCompileOptions(command: Command): Command {
  return withChoiceOptions(command)
    .addOption(
      new Option(
        '--max-accuracy-loss <points>',
        `accuracy that may be lost, in percentage points (default: ${defaultMaxAccuracyLoss})`,
      )
        .argParser(nonNegativeNumber)
        .conflicts('maxLatency'),
    )
    .option(
      '--max-latency <seconds>',
      'instead: the most seconds for one input; loses as little accuracy as it can',
      nonNegativeNumber,
    )
    .option(
      '-o, --out <file>',
      'the compiled model; its client specification is written beside it (default: the name of the model)',
    )
    .option('--report <file>', 'also write the report as an HTML page')
    .addOption(new Option('--print-after <stage>', 'print the module after a stage or pass').conflicts('json'))
    .option('--dump-dir <folder>', 'write the module after every stage and pass as text')
    .option('--stop-after <stage>', 'stop after a stage or pass, print its module and write nothing');
}

function degrees(text: string): 'layerwise' | 'uniform' | number {
  if (text === 'layerwise' || text === 'uniform') return text;
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('layerwise, uniform or a degree is expected.');
}

/** The options of the compiler that the flags state; what is absent keeps the compiler's default. */
export function readCompileFlags(flags: CompileFlags): Partial<CompileOptions> {
  const { maxAccuracyLoss, maxLatency } = flags;
  return {
    ...(maxAccuracyLoss === undefined ? {} : { maxAccuracyLoss }),
    ...(maxLatency === undefined ? {} : { maxLatency }),
    ...readChoiceFlags(flags),
  };
}

/** The same without limits. */
export function readChoiceFlags(flags: ChoiceFlags): Partial<CompileOptions> {
  const { maxDegree, precisionBits, ringDegree, target, bootstraps } = flags;
  return {
    ...(maxDegree === undefined ? {} : { maxDegree }),
    ...(flags.degrees === undefined ? {} : { degrees: flags.degrees }),
    ...(flags.perTensor ? { perChannel: false } : {}),
    ...(precisionBits === undefined ? {} : { precisionBits }),
    ...(ringDegree === undefined ? {} : { ringDegree }),
    ...(target === undefined ? {} : { target }),
    ...(bootstraps === undefined ? {} : { bootstraps }),
    ...(flags.insecureForTests ? { insecureForTests: true } : {}),
  };
}
