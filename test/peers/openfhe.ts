/**
 * fhec's rotation and bootstrap beside OpenFHE's, in the same run, in turn, on as many threads: npm run bench:peers -- [--log-degree 16] [--threads n]
 * [--only rotation | bootstrap] [--python FILE] [--json]. Figures go to stdout, progress to stderr.
 */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { isSecure, type Parameters } from '../../ir/ckks/parameters.ts';
import { primeBelow } from '../../passes/schedule/primes.ts';
import { openNativeBench } from '../../compiler/cli/calibrate/native-bench.ts';
import { figure, leastOptions } from '../../bench/bench.ts';
import { figureLine, figureTable, machine, median, type Figure } from '../../bench/figure.ts';
import { bootstrapFigures } from '../../bench/figures/bootstrap.ts';
import { findPython, howToInstall, OpenFhe, type PeerBootstrap } from './openfhe-process.ts';

const rotations = 9;

interface Flags {
  readonly logDegree: 15 | 16;
  readonly threads: number;
  readonly only?: 'rotation' | 'bootstrap';
  readonly python?: string;
  readonly json?: boolean;
}

const progress = (text: string): void => void process.stderr.write(`openfhe: ${text}\n`);

/** As many primes in as many digits as OpenFHE has, of the width of its scale. */
function likeParameters(ringDegree: number, primes: number, digits: number): Parameters {
  const special = Math.ceil(primes / digits);
  const taken = new Set<bigint>();
  while (taken.size < primes + special) {
    const prime = primeBelow(2n ** 50n, BigInt(2 * ringDegree), taken);
    if (prime === undefined) throw new Error('there are too few primes');
    taken.add(prime);
  }
  const all = [...taken];
  const made = {
    ringDegree,
    primes: all.slice(special),
    specialPrimes: all.slice(0, special),
    scales: new Array<number>(primes).fill(2 ** 49),
    secure: false,
  };
  return { ...made, secure: isSecure(made) };
}

async function* rotationFigures(peer: OpenFhe, flags: Flags): AsyncIterable<Figure> {
  const { ringDegree, primes, digits } = await peer.ready();
  const parameters = likeParameters(ringDegree, primes, digits);
  progress(`rotations modulo ${primes} primes in ${digits} digits, ${parameters.specialPrimes.length} special primes`);
  if (flags.only === 'bootstrap') return;
  const ours = openNativeBench(parameters, flags.threads);
  const rotate = ours.operation('rotate', primes);
  if (!rotate) throw new Error('the engine does not rotate');
  const seconds = { theirs: [] as number[], ours: [] as number[] };
  for (let i = 0; i <= rotations; i++) {
    seconds.theirs.push((await peer.rotate()).seconds);
    const began = performance.now();
    rotate();
    seconds.ours.push((performance.now() - began) / 1000);
  }
  ours.close();
  const [theirs, mine] = [seconds.theirs.slice(1), seconds.ours.slice(1)];
  const name = `rotate${flags.logDegree}`;
  yield figure(`${name}.primes`, primes);
  yield figure(`${name}.seconds`, median(mine), 's');
  yield figure(`${name}.openfhe_seconds`, median(theirs), 's');
  yield figure(`${name}.ratio_openfhe`, median(theirs.map((t, i) => t / mine[i])));
}

/** Theirs before and after ours: a change in the load of the machine shows. */
async function* bootstrapComparison(peer: OpenFhe, { logDegree, threads }: Flags): AsyncIterable<Figure> {
  const name = `bootstrap${logDegree}`;
  const theirs: PeerBootstrap[] = [];
  const once = async (): Promise<void> => {
    const result = await peer.bootstrap();
    progress(`bootstrap: ${result.seconds.toFixed(2)} s, ${result.bitsMean.toFixed(1)} bits`);
    theirs.push(result);
  };
  progress('making the bootstrap keys; the first bootstrap does not count');
  await peer.bootstrap();
  await once();
  let seconds = NaN;
  const options = { ...leastOptions, threads };
  for await (const ours of bootstrapFigures([name])((text) => progress(`fhec: ${text}`), options)) {
    if (ours.figure === `${name}.seconds${threads}`) seconds = ours.value;
    yield ours;
  }
  await once();
  const [, { levelsLeft, bitsMean, bitsWorst }] = theirs;
  const openfhe = median(theirs.map((t) => t.seconds));
  yield figure(`${name}.openfhe_seconds`, openfhe, 's');
  yield figure(`${name}.openfhe_levels_left`, levelsLeft);
  yield figure(`${name}.openfhe_bits_mean`, bitsMean, 'bit');
  yield figure(`${name}.openfhe_bits_worst`, bitsWorst, 'bit');
  yield figure(`${name}.ratio_openfhe`, openfhe / seconds);
}

async function main(flags: Flags): Promise<void> {
  const named = flags.python ?? process.env['FHEC_PEER_PYTHON'];
  const python = findPython(named === undefined ? ['python3', 'python', 'python3.10', 'peers/bin/python'] : [named]);
  if (python === undefined) {
    process.stderr.write(`${howToInstall}\n`);
    process.exitCode = 1;
    return;
  }
  const on = `${machine()}, ${flags.threads} threads`;
  const figures: Figure[] = [];
  const show = (one: Figure): void => {
    figures.push(one);
    if (flags.json) process.stdout.write(`${figureLine(one, on)}\n`);
  };
  const peer = new OpenFhe(python, flags.logDegree, flags.threads);
  try {
    progress(`making keys at N = 2^${flags.logDegree}`);
    for await (const one of rotationFigures(peer, flags)) show(one);
    if (flags.only !== 'rotation') for await (const one of bootstrapComparison(peer, flags)) show(one);
  } finally {
    peer.close();
  }
  if (!flags.json) process.stdout.write(`${figureTable(figures, on)}\n`);
}

const threadCount = (text: string): number => {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 on');
  return Number(text);
};

await new Command('openfhe')
  .description("fhec's rotation and bootstrap beside OpenFHE's, in the same run, in turn, on as many threads.")
  .addOption(
    new Option('--log-degree <n>', 'log2 of N; at 15 OpenFHE has no set of 128-bit security')
      .choices(['15', '16'])
      .default('16')
      .argParser((text) => Number(text)),
  )
  .option('--threads <n>', 'of both', threadCount, availableParallelism())
  .addOption(new Option('--only <what>', 'one of the two').choices(['rotation', 'bootstrap']))
  .option('--python <file>', 'a Python that has the package openfhe (default: FHEC_PEER_PYTHON, python3, ...)')
  .option('--json', 'one line of JSON a figure')
  .action(main)
  .parseAsync();
