import { test } from 'vitest';
import { testParameters } from '../assembler.ts';
import { expectForecastNoise } from '../noise-of-programs.ts';
import { openSealBench } from '../on-seal.ts';
import { rotationSteps } from '../random-programs.ts';

test('over random programs the simulator has errors of the same size as SEAL', async () => {
  const parameters = testParameters(8192, 4);
  const bench = await openSealBench(parameters, rotationSteps);
  for (let round = 0; round < 2; round++) expectForecastNoise(bench.run, parameters, 1);
});
