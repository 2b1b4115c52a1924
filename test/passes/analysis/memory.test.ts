import { describe, expect, test } from 'vitest';
import { loadedKeyBytes } from '../../../ir/ckks/key-bytes.ts';
import { digitsOf } from '../../../ir/ckks/digits.ts';
import { topLevel, type Parameters } from '../../../ir/ckks/parameters.ts';
import type { Func, Module } from '../../../ir/module.ts';
import { ciphertextBytes } from '../../../passes/analysis/cost-model.ts';
import { memoryOf } from '../../../passes/analysis/memory.ts';
import { peakMemory } from '../../../passes/analysis/peak-memory.ts';
import { orderForMemory } from '../../../passes/ckks/order-for-memory.ts';
import { bootstrapModule } from '../../../passes/kernels/bootstrap/module.ts';
import { bootstrapDefaults, planBootstrap } from '../../../passes/kernels/bootstrap/plan.ts';
import { scheduleSlots } from '../../../passes/schedule/schedule.ts';
import { SlotsWriter } from '../schedule/slots-modules.ts';

interface Scheduled {
  readonly func: Func;
  readonly parameters: Parameters;
}

function scheduled(module: Module): Scheduled {
  const made = scheduleSlots(module, { insecureForTests: true, precisionBits: -100 });
  const { funcs, parameters } = orderForMemory(made);
  if (!parameters) throw new Error('a schedule chooses parameters');
  return { func: funcs[0], parameters };
}

const bootstrapped = (specialBits: number): Scheduled => {
  const { plan, parameters } = planBootstrap({
    ...bootstrapDefaults,
    ...{ ringDegree: 1024, slots: 512, scaleBits: 38, userLevels: 2, highBits: 48, specialBits },
    ...{ slotsToCoeffs: 3, coeffsToSlots: 3 },
  });
  return { func: bootstrapModule(plan, parameters).funcs[0], parameters };
};

/** A product and a rotation of it. */
function small(): Scheduled {
  const w = new SlotsWriter(8);
  const x = w.param('x/0');
  const square = w.mul(x, x);
  return scheduled(w.module(w.addPlain(w.add(square, w.rotate(square, 3)), 1)));
}

/** `count` rotations of one value, added one after the other. */
function turned(count: number): Scheduled {
  const w = new SlotsWriter(1024);
  const x = w.param('x/0');
  let total = x;
  for (let i = 1; i <= count; i++) total = w.add(total, w.rotate(x, i));
  return scheduled(w.module(total));
}

test('peak memory: the product is freed only after its second use', () => {
  const { peakCiphertexts, peakBytes } = peakMemory(small().func, 16);
  // Input, relinearized product, its rotation and their sum.
  expect(peakCiphertexts).toBe(4);
  expect(peakBytes).toBe(4 * ciphertextBytes(16, 2));
});

describe('the memory of SEAL', () => {
  test('is that of keys over the whole chain, a digit for each prime, and of the values', () => {
    const { func, parameters } = small();
    const { keyBytes, peakBytes } = memoryOf(func, parameters, 'seal');
    // Two primes and a special one: each of the two keys is two ciphertexts of 2 * 3 * 16 words.
    expect(keyBytes).toBe(2 * (2 * 2 * 3 * 16 * 8));
    expect(peakBytes).toBe(keyBytes + 4 * ciphertextBytes(16, 2));
  });

  test('has the two keys of the sparse secret, the one to it at the base prime', () => {
    const { func, parameters } = bootstrapped(50);
    const ops = func.body.map((v) => v.op);
    const steps = new Set(func.body.flatMap((v) => (v.op === 'ckks.rotate' ? [v.attrs['steps']] : [])));
    expect(['ckks.relinearize', 'ckks.conjugate', 'ckks.switch_key'].every((op) => ops.includes(op))).toBe(true);
    const primes = parameters.primes.length;
    const key = primes * ciphertextBytes(1024, primes + parameters.specialPrimes.length);
    const { keyBytes } = memoryOf(func, parameters, 'seal');
    expect(keyBytes).toBe((steps.size + 3) * key + ciphertextBytes(1024, 2));
  });
});

describe('the memory of the native engine', () => {
  test('counts each key at the highest level of its use', () => {
    const { func, parameters } = bootstrapped(50);
    expect(parameters.specialPrimes.length).toBeGreaterThan(1);
    const levels = new Map<string, number>();
    for (const { op, attrs, operands } of func.body) {
      if (!/rotate|conjugate|relinearize|switch_key/.test(op) || attrs['to'] === 'sparse') continue;
      const { type } = operands[0];
      if (type.kind !== 'cipher') throw new Error('keys switch ciphertexts');
      const name = JSON.stringify([op, attrs]);
      levels.set(name, Math.max(type.level, levels.get(name) ?? 0));
    }
    const specialPrimes = parameters.specialPrimes.length;
    const expected = [...levels.values()].reduce(
      (sum, level) => sum + loadedKeyBytes(parameters, { level, specialPrimes }),
      loadedKeyBytes(parameters, { level: 0, specialPrimes: 1 }),
    );
    const { keyBytes } = memoryOf(func, parameters, 'native');
    expect(keyBytes).toBe(expected);
    expect(keyBytes).toBeLessThan(
      (levels.size + 1) * loadedKeyBytes(parameters, { level: topLevel(parameters), specialPrimes }),
    );
  });

  test('has keys of SEAL where it made them: over the whole chain, at the width of the primes', () => {
    const { func, parameters } = small();
    const seal = memoryOf(func, parameters, 'seal').keyBytes;
    const widths = [...parameters.primes, ...parameters.specialPrimes].map((q) => q.toString(2).length);
    const words = 2 * 2 * 16;
    expect(digitsOf(parameters.primes, parameters.specialPrimes)).toHaveLength(2);
    const lines = widths.reduce((sum, w) => sum + 64 * Math.ceil((words * w) / 8 / 64), 64);
    const native = memoryOf(func, parameters, 'native').keyBytes;
    expect(native).toBe(2 * lines);
    expect(native).toBeLessThan(seal);
  });

  test('holds the rotations of a value together, which the order of the program does not', () => {
    const [few, many] = [turned(2), turned(10)];
    const bytes = ({ func, parameters }: Scheduled): number => {
      const { keyBytes, peakBytes } = memoryOf(func, parameters, 'native');
      return peakBytes - 1.125 * keyBytes;
    };
    const one = ciphertextBytes(2048, few.parameters.primes.length);
    expect(peakMemory(many.func, 2048).peakBytes).toBe(peakMemory(few.func, 2048).peakBytes);
    expect(bytes(many) - bytes(few)).toBeCloseTo(1.125 * 8 * one, 3);
  });

  test('keeps encoded vectors, packed, where they are constant as one word a prime, up to a gigabyte and a half', () => {
    const vector = Array.from({ length: 1024 }, (_, i) => Math.sin(i * i));
    const weighed = (...numbers: number[]): Scheduled => {
      const w = new SlotsWriter(1024);
      return scheduled(w.module(w.mulPlain(w.param('x/0'), ...numbers)));
    };
    /** Without the engine's spare buffers and the process around it. */
    const engineBytes = ({ func, parameters }: Scheduled, copies: number): number => {
      const encodes = func.body.filter((v) => v.op === 'ckks.encode');
      const body = [...Array.from({ length: copies - 1 }, () => encodes).flat(), ...func.body];
      return (memoryOf({ ...func, body }, parameters, 'native').peakBytes - 640 * 2 ** 20) / 1.125;
    };
    const [number, full] = [weighed(0.5), weighed(...vector)];
    const primes = full.parameters.primes;
    expect(primes).toHaveLength(2);
    const packed = primes.reduce((sum, q) => sum + 64 * Math.ceil((2048 * q.toString(2).length) / 8 / 64), 64);
    expect(engineBytes(number, 8) - engineBytes(number, 1)).toBeCloseTo(7 * 8 * primes.length, 3);
    expect(engineBytes(full, 8) - engineBytes(full, 1)).toBeCloseTo(7 * packed, 3);
    expect(engineBytes(full, 200_000) - engineBytes(full, 1)).toBeCloseTo(1.5 * 2 ** 30 - packed, 3);
  });
});
