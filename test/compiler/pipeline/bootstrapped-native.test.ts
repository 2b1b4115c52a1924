import { describe, expect, it } from 'vitest';
import { compileModel } from '../../../compiler/compile.ts';
import { tensor } from '../../../ir/tensor.ts';
import { hasEngine } from '../../runtime/native/engines.ts';
import { predict, runEncrypted } from '../../support/encrypted-run.ts';
import { randomInputs, residualNetwork } from './small-networks.ts';

/** 32 numbers in 512 slots: linear maps and bootstraps have copies and imaginary parts to work in. */
describe.skipIf(!hasEngine)('a network that leaves slots free, on the native engine', () => {
  it('sums products over copies and bootstraps few slots, with the results of the simulator', async () => {
    const compiled = await compileModel(residualNetwork(), {
      calibration: randomInputs([1, 2, 4, 4], 60),
      target: 'native',
      bootstraps: 'cost',
      insecureForTests: true,
      ringDegree: 1024,
      degrees: 7,
      maxAccuracyLoss: 3,
      precisionBits: 6,
    });
    const { program, errorBound } = compiled;
    // Monomials are encoded at the scale 1.
    expect(program.instructions.some((i) => i.op === 'encode' && i.scale === 1)).toBe(true);
    expect(program.instructions.some((i) => i.op === 'mod_raise')).toBe(true);
    const images = randomInputs([1, 2, 4, 4], 2, 7).images.map((data) => tensor([1, 2, 4, 4], data));
    const { clear, simulated } = predict(compiled, images);
    const [native] = await runEncrypted(compiled, images, ['native']);
    native.forEach((logits, i) =>
      logits.forEach((x, k) => {
        expect(Math.abs(x - clear[i][k])).toBeLessThan(errorBound);
        expect(Math.abs(x - simulated[i][k])).toBeLessThan(2 * errorBound);
      }),
    );
  });
});
