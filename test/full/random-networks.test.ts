import { afterAll, describe, it } from 'vitest';
import { expectAgreement, type Agreement } from '../random-networks/agree.ts';
import { hasEngine, whyNoEngine } from '../runtime/native/engines.ts';

/** FHEC_SEED=n tries fifty others. */
const first = Number(process.env['FHEC_SEED'] ?? 1000);
const shallow = Array.from({ length: 35 }, (_, i) => first + i);
const deep = Array.from({ length: 15 }, (_, i) => first + shallow.length + i);

describe.skipIf(!hasEngine)(whyNoEngine || `fifty random networks from seed ${first} on`, () => {
  const found: Agreement[] = [];

  it.each(shallow)('seed %i', async (seed) => {
    found.push(await expectAgreement(seed, 5));
  });

  it.each(deep)('seed %i, with bootstraps', async (seed) => {
    found.push(await expectAgreement(seed, 6, true));
  });

  afterAll(() => {
    for (const { network, compiled, size, simulatorError, nativeError } of found) {
      const { cost, bootstraps } = compiled.report;
      const relative = [compiled.errorBound, simulatorError, nativeError].map((x) => Math.log2(x / size).toFixed(1));
      const [bound, simulated, native] = relative;
      process.stdout.write(
        `seed ${network.seed}: ${cost.depth} levels, ${bootstraps?.places.length ?? 0} bootstraps; log2 of the largest error beside the largest logit: simulated ${simulated}, native ${native}, bound ${bound}; ${network.operators.join(' ')}\n`,
      );
    }
  });
});
