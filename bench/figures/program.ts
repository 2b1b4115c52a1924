import { figure, type Bench } from '../bench.ts';
import type { Figure } from '../figure.ts';

/** What the compiler made and how long it took. */
export function* programFigures({ compiled: { program, report } }: Bench): Iterable<Figure> {
  const { cost, parameters } = report;
  yield figure('compile.seconds', report.compileSeconds, 's');
  yield figure('predicted.seconds', cost.seconds, 's');
  yield figure('rotations', cost.rotations);
  yield figure('multiplications', cost.multiplications);
  yield figure('plain_multiplications', cost.plainMultiplications);
  yield figure('keys', program.keys.rotations.length);
  yield figure('levels', parameters.primes.length - 1);
  yield figure('ring_degree', parameters.ringDegree);
  yield figure('modulus_bits', parameters.modulusBits, 'bit');
}
