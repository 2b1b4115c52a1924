import { describe, test } from 'vitest';
import { testParameters } from '../assembler.ts';
import { expectForecastNoise } from '../noise-of-programs.ts';
import { openSealBench } from '../on-seal.ts';
import { rotationSteps } from '../random-programs.ts';

const parameters = testParameters(8192, 4);

describe('the simulator against SEAL', () => {
  test.each(['real', 'complex'] as const)('over random %s programs the errors have the same size', async (kind) => {
    const bench = await openSealBench(parameters, rotationSteps);
    expectForecastNoise(bench.run, parameters, 1, [kind]);
  });
});
