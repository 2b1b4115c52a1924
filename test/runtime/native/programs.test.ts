import { describe, test } from 'vitest';
import { testParameters } from '../assembler.ts';
import { expectForecastNoise } from '../noise-of-programs.ts';
import { openSealBench } from '../on-seal.ts';
import { rotationSteps } from '../random-programs.ts';
import { hasEngine, whyNoEngine } from './engines.ts';
import { openNativeBench } from './on-native.ts';

describe.skipIf(!hasEngine)(
  whyNoEngine || 'random programs with every key on the native engine, decrypted by SEAL',
  () => {
    test.each([
      { ringDegree: 4096, depth: 2, scaleBits: 25 },
      { ringDegree: 4096, depth: 3, scaleBits: 36 },
      { ringDegree: 8192, depth: 5, scaleBits: 30 },
      { ringDegree: 4096, depth: 6, scaleBits: 45 },
    ])(
      'N = $ringDegree, $depth levels of $scaleBits bits: no more noise than stated',
      async ({ ringDegree, depth, scaleBits }) => {
        const parameters = testParameters(ringDegree, depth, scaleBits);
        const seal = await openSealBench(parameters, rotationSteps);
        const native = openNativeBench(seal, rotationSteps);
        try {
          expectForecastNoise(native.run, parameters, 1.5, ['real', 'complex']);
        } finally {
          native.close();
        }
      },
    );
  },
);
