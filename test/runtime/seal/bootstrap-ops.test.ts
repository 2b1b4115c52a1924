import { beforeAll, describe, expect, test } from 'vitest';
import { makeEmbedding } from '../../../ir/ckks/embedding.ts';
import { validateProgram } from '../../../ir/program/validate.ts';
import { clearBackend } from '../../../runtime/clear/backend.ts';
import { execute } from '../../../runtime/execute.ts';
import { sealBackend } from '../../../runtime/seal/backend.ts';
import type { CipherText } from '../../../runtime/seal/library.ts';
import { makeSimulators } from '../../../ir/ckks/simulator/simulator.ts';
import { Assembler, everyKeyProgram, testParameters } from '../assembler.ts';
import { openSealBench, type SealBench } from '../on-seal.ts';

const parameters = testParameters(2048, 3);
const slots = 1024;
const sparseWeight = 32;
const { toCoefficients } = makeEmbedding(2048);
const base = Number(parameters.primes[0]);
const input = Float64Array.from({ length: slots }, (_, i) => Math.sin(i * i));

let bench: SealBench;
beforeAll(async () => {
  bench = await openSealBench(parameters, [3], sparseWeight);
});

/** x after a raise to the top; under the sparse secret on the way where asked. */
function raiseProgram(sparse: boolean) {
  const a = new Assembler(parameters);
  const low = a.modSwitch(a.input('x'), 0);
  const raised = sparse ? a.switchKey(a.modRaise(a.switchKey(low, 'sparse')), 'dense') : a.modRaise(low);
  const program = a.finish([raised, a.unary('mul_i', raised)]);
  validateProgram(program);
  return program;
}

/** The multiples of the base prime in the coefficients, from the real parts of z and of z times i or -i. */
function multiplesOf(real: Float64Array, turned: Float64Array): Float64Array {
  const scale = parameters.scales[parameters.primes.length - 1];
  const imaginary = turned.map((y, j) => (j % 2 === 0 ? -y : y));
  return toCoefficients({ real, imaginary }).map((c) => (c * scale) / base);
}

const deviationOf = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

describe.each([
  { secret: 'dense', sparse: false, deviation: Math.sqrt(((2 / 3) * 2048 + 1) / 12) },
  { secret: 'sparse', sparse: true, deviation: Math.sqrt((sparseWeight + 1) / 12) },
])('a raise under the $secret secret', ({ sparse, deviation }) => {
  test('adds whole multiples of the base prime of the size that the weight of the secret tells, on SEAL and in the simulator', () => {
    const program = raiseProgram(sparse);
    const [real, turned] = bench.run(program, [input]);
    const simulator = makeSimulators(parameters, 1, { sparseWeight }).open(0);
    const ciphers = program.inputs.map((s) => simulator.encrypt(input, s.level, s.scale));
    const [simulated, turnedToo] = execute(program, simulator, ciphers);
    for (const multiples of [
      multiplesOf(real, turned),
      multiplesOf(simulator.decrypt(simulated).values, simulator.decrypt(turnedToo).values),
    ]) {
      const whole = multiples.map(Math.round);
      // The message is a thousandth of the base prime, spread over the coefficients.
      multiples.forEach((m, k) => expect(Math.abs(m - whole[k])).toBeLessThan(2 ** -10));
      expect(deviationOf(whole) / deviation).toBeGreaterThan(0.9);
      expect(deviationOf(whole) / deviation).toBeLessThan(1.1);
      if (sparse) for (const k of whole) expect(Math.abs(k)).toBeLessThanOrEqual((sparseWeight + 1) / 2);
    }
  });
});

test('a raise does not show modulo the base prime; complex values multiply, conjugate and turn as in clear', () => {
  const program = everyKeyProgram(parameters);
  validateProgram(program);
  const inputs = [input, input.map((x) => 1 - x * x)];
  const want = execute(program, clearBackend, inputs);
  bench.run(program, inputs).forEach((got, i) => {
    const worst = got.reduce((most, y, k) => Math.max(most, Math.abs(y - want[i][k])), 0);
    expect(worst).toBeLessThan(2 ** -12);
  });
});

test('mul_i is exact: four of them give the ciphertext back, word for word', () => {
  const backend = sealBackend(bench.seal, bench.keys);
  for (let level = 0; level < parameters.primes.length; level++) {
    const cipher = bench.encrypt(input, level, parameters.scales[level]);
    let turned: CipherText = cipher;
    for (let i = 0; i < 4; i++) turned = backend.mulI(turned);
    expect(Buffer.compare(turned.saveArray(), cipher.saveArray())).toBe(0);
  }
});

test('complex constants too large for the modulus, and numbers that are none, are refused before SEAL sees them', () => {
  const backend = sealBackend(bench.seal, bench.keys);
  for (const value of [1e300, Infinity, NaN, 2 ** 12]) {
    const vector = new Float64Array(2 * slots);
    vector[slots + 5] = value;
    vector[slots + 6] = 1;
    expect(() => backend.encode(vector, 0, 2 ** 30)).toThrow('FHE0803');
  }
});

test('without the keys an op is refused by name', () => {
  const backend = sealBackend(bench.seal, { relinearization: undefined, galois: new Map() });
  const cipher = bench.encrypt(input, 0, parameters.scales[0]);
  expect(() => backend.conjugate(cipher)).toThrow('FHE0706');
  expect(() => backend.switchKey(cipher, 'sparse')).toThrow('FHE0706');
});
