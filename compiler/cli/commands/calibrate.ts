import { InvalidArgumentError, type Command } from 'commander';
import { availableParallelism, cpus } from 'node:os';
import { fail } from '../../../ir/diagnostics.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import { nativeCostModel } from '../../../passes/analysis/native-costs.ts';
import { primeBelow } from '../../../passes/schedule/primes.ts';
import { findNative } from '../../../runtime/native/library.ts';
import { costFileText, defaultCostFile, writeCostFile, type MeasuredCosts } from '../../costs/cost-file.ts';
import { fitNativeSpeed, scaleSealCosts, type Measured } from '../../costs/fit.ts';
import { openNativeBench } from '../calibrate/native-bench.ts';
import { openSealBench } from '../calibrate/seal-bench.ts';
import { chainOf, measure, type Bench } from '../calibrate/timing.ts';
import { newCommand, positiveInteger } from '../common-options.ts';
import { formatFacts, formatSeconds } from '../format.ts';
import { interruptible } from '../interrupt.ts';
import { note, printResult, type CommonFlags, type Io } from '../io.ts';
import { startProgress } from '../progress.ts';

interface Flags extends CommonFlags {
  readonly out?: string;
  readonly threads?: number;
  readonly ringDegrees: readonly number[];
}

export function calibrateCommand(io: Io): Command {
  return newCommand(
    'calibrate',
    'Measure SEAL and the native engine on this machine, so that the compiler predicts its seconds: a minute or two, best on an idle machine.',
    ['fhec calibrate', 'fhec calibrate -o server.json     # then: fhec compile ... --costs server.json'],
  )
    .option(
      '-o, --out <file>',
      'where the costs are written (default: fhec/costs.json in your folder for settings, where fhec compile finds them)',
    )
    .option('--threads <number>', 'threads of the native engine (default: the cores)', positiveInteger)
    .option('--ring-degrees <list>', 'what to measure', ringDegrees, [8192, 16384, 32768])
    .action((flags: Flags) => interruptible((signal) => calibrate(flags, io, signal)));
}

function ringDegrees(text: string): number[] {
  const degrees = text.split(',').map(Number);
  const fits = (n: number): boolean => Number.isInteger(Math.log2(n)) && n >= 1024 && n <= 32768;
  if (!degrees.every(fits))
    throw new InvalidArgumentError('Powers of two from 1024 to 32768 are expected, as 8192,16384.');
  return degrees;
}

/** The same chain with three special primes: key switching in long digits. */
function withMoreSpecialPrimes(parameters: Parameters): Parameters {
  const { ringDegree, primes, specialPrimes } = parameters;
  const taken = new Set([...primes, ...specialPrimes]);
  const wide = [1, 2, 3].map(() => {
    const prime = primeBelow(2n ** 50n, BigInt(2 * ringDegree), taken) ?? fail('FHE0801', 'there are too few primes');
    taken.add(prime);
    return prime;
  });
  return { ...parameters, specialPrimes: wide, secure: false };
}

async function calibrate(flags: Flags, io: Io, signal: AbortSignal): Promise<void> {
  const threads = flags.threads ?? availableParallelism();
  const progress = startProgress(io, flags);
  const chains = flags.ringDegrees.map(chainOf);
  const found = findNative();
  const native: Measured[] = [];
  const seal: Measured[] = [];
  let kernel = '';
  try {
    if (!('missing' in found)) {
      for (const chain of chains.flatMap((c) => [c, withMoreSpecialPrimes(c)])) {
        progress.update('native engine', native.length / (56 * chains.length));
        const bench = openNativeBench(chain, threads);
        ({ kernel } = bench);
        await take(bench, native, signal);
      }
    }
    for (const [at, chain] of chains.entries()) {
      progress.update('SEAL', at / chains.length);
      await take(await openSealBench(chain), seal, signal);
    }
  } finally {
    progress.stop();
  }
  const costs: MeasuredCosts = {
    machine: machineName(),
    measured: new Date().toISOString(),
    seal: scaleSealCosts(seal),
    ...('missing' in found ? {} : { native: { threads, kernel, speed: fitNativeSpeed(native) } }),
  };
  const out = flags.out ?? defaultCostFile();
  writeCostFile(out, costFileText(costs, { seal, native }));
  if ('missing' in found) note(io, flags, `The native engine was not measured: ${found.missing}.`);
  printResult(
    io,
    flags,
    { out, ...costs, nativeFit: costs.native && fitError(native, costs) },
    summary(out, costs, seal, native),
  );
}

/** Measures, with a pause after each operation in which Ctrl-C is heard, and closes. */
async function take(bench: Bench, into: Measured[], signal: AbortSignal): Promise<void> {
  try {
    for (const one of measure(bench)) {
      into.push(one);
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
  } finally {
    bench.close();
  }
}

/** The median over the measurements of how far the fitted prediction lies off, as a factor of at least 1. */
function fitError(measured: readonly Measured[], { native }: MeasuredCosts): number | undefined {
  if (!native) return undefined;
  const factors = measured.map(({ op, ringDegree, primes, specialPrimes, seconds }) => {
    const ratio = nativeCostModel(specialPrimes, native.speed).seconds(op, ringDegree, primes) / seconds;
    return Math.max(ratio, 1 / ratio);
  });
  return factors.sort((a, b) => a - b)[factors.length >> 1];
}

const machineName = (): string =>
  `${availableParallelism()} cores, ${cpus()[0]?.model.trim().replaceAll(/\s+/g, ' ') ?? 'unknown processor'}, Node ${process.version}`;

function summary(out: string, costs: MeasuredCosts, seal: readonly Measured[], native: readonly Measured[]): string {
  const rotations = (from: readonly Measured[], special: number): [string, string][] =>
    from
      .filter((m) => m.op === 'rotate' && m.specialPrimes === special)
      .map((m) => [`  rotation, N = ${m.ringDegree}, ${m.primes} primes`, formatSeconds(m.seconds)]);
  const facts: [string, string][] = [
    ['machine', costs.machine],
    ['SEAL, one thread', ''],
    ...rotations(seal, 1),
    ...(costs.native
      ? ([
          [`native, ${costs.native.threads} threads, kernel ${costs.native.kernel}`, ''],
          ...rotations(native, 1),
          ['  predictions of the fit are off by', `a factor of ${fitError(native, costs)?.toFixed(2)} in the median`],
        ] as [string, string][])
      : []),
    ['written to', out],
  ];
  return formatFacts(facts);
}
