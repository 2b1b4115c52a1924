import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emitProgram } from '../../../compiler/emit/emit-program.ts';
import type { Parameters } from '../../../ir/ckks/parameters.ts';
import type { Program, Register } from '../../../ir/program/program.ts';
import { bootstrapModule } from '../../../passes/kernels/bootstrap/module.ts';
import { bootstrapDefaults, planBootstrap } from '../../../passes/kernels/bootstrap/plan.ts';
import { execute } from '../../../runtime/execute.ts';
import { nativeBackend } from '../../../runtime/native/backend.ts';
import { fuseExactly, fuseProgram, type FusionLimits } from '../../../runtime/native/fuse.ts';
import { ciphersOf, isExtended, resultsOf, type Automorphism } from '../../../runtime/native/fused-steps.ts';
import type { Handle, NativeEngine } from '../../../runtime/native/library.ts';
import { PlaintextStore, weightsOf } from '../../../runtime/native/plaintext-store.ts';
import { runFused, type FusedRunner } from '../../../runtime/native/run-fused.ts';
import { nativeWorkingBytes } from '../../../runtime/server/native-memory.ts';
import { Assembler, testParameters } from '../assembler.ts';
import { complexPrograms } from '../random-programs.ts';
import { hasEngine, openEngine, whyNoEngine } from './engines.ts';
import { randomWords } from './word-programs.ts';

const steps = [1, 2, 5, 8, 16, 100];
const parameters = testParameters(1024, 3, 40);

interface Matrix {
  readonly op: 'matrix' | 'sum' | 'product' | 'waiting' | 'other';
  readonly a: number;
  readonly babies: number;
  readonly rows: number;
  readonly k: number;
}

const matrices = fc.array(
  fc.record({
    op: fc.constantFrom<Matrix['op'][]>('matrix', 'matrix', 'sum', 'product', 'waiting', 'other'),
    a: fc.nat(1000),
    babies: fc.integer({ min: 1, max: 12 }),
    rows: fc.integer({ min: 1, max: 4 }),
    k: fc.nat(1000),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Matrices times vectors by baby and giant steps, chained rotations, sums of sums: what fusion looks for, in many forms. */
function writeProgram(over: Parameters, choices: readonly Matrix[]): Program {
  const w = new Assembler(over);
  const values: Register[] = [w.input('x'), w.input('v')];
  const weights = (seed: number): Float64Array => Float64Array.from({ length: w.slots }, (_, i) => Math.sin(seed + i));
  const canonical = (x: Register): boolean => w.cipher(x).scale === over.scales[w.cipher(x).level];
  const matrix = (x: Register, { babies, rows, k }: Matrix): Register => {
    const { level, scale } = w.cipher(x);
    const plainScale = over.scales[level] ** 2 / scale;
    const turned = [x];
    for (let b = 1; b <= babies; b++) turned.push(w.rotate(k % 2 === 0 ? x : turned[b - 1], steps[(k + b) % 3]));
    let total: Register | undefined;
    for (let r = 0; r < rows; r++) {
      const products = turned.map((t, b) => {
        const constants = (k + b + r) % 7 === 0 ? [0.5 + r] : weights(k + 10 * r + b);
        return w.binary('mul_plain', t, w.encode(constants, level, plainScale));
      });
      // From either end: the first operand of a sum gives it its scale.
      const row =
        k % 3 === 0
          ? products.reduce((s, p) => w.binary('add', s, p))
          : products.reduceRight((s, p) => w.binary('add', p, s));
      if (total === undefined) total = row;
      else {
        const giant = w.rotate(total, steps[3 + (r % 3)]);
        total = (k >> 2) % 2 === 0 ? w.binary('add', giant, row) : w.binary('add', row, giant);
      }
    }
    return w.unary('rescale', total ?? x);
  };
  for (const choice of choices) {
    const { op, a, k } = choice;
    const x = values[values.length - 1 - (a % Math.min(values.length, 4))];
    const alike = values.filter(
      (v) => w.cipher(v).level === w.cipher(x).level && w.cipher(v).scale === w.cipher(x).scale,
    );
    const y = alike[k % alike.length];
    const { level } = w.cipher(x);
    if (op === 'matrix' && level > 0 && canonical(x)) values.push(matrix(x, choice));
    else if (op === 'product' && level > 0 && canonical(x)) values.push(w.times(x, y));
    else if (op === 'waiting' && level > 0 && canonical(x)) {
      // A sum of a product that waits for its relinearization with a rotation.
      const product = w.binary('mul', x, y);
      const weighted = w.binary('mul_plain', x, w.encode(weights(k), level, w.cipher(y).scale));
      const turned = w.rotate(weighted, steps[k % steps.length]);
      const sum = k % 2 === 0 ? w.binary('add', product, turned) : w.binary('add', turned, product);
      values.push(w.unary('rescale', w.unary('relinearize', sum)));
    } else if (op === 'sum') {
      const mirrored = w.unary('conjugate', x);
      values.push(
        w.binary('add', k % 2 === 0 ? mirrored : x, k % 2 === 0 ? w.rotate(y, steps[k % steps.length]) : mirrored),
      );
    } else if (op === 'other') values.push(w.binary('sub', w.unary('negate', x), y));
  }
  return w.finish([...new Set(values.slice(-3))]);
}

/** Many rows of the same inputs, and sums that are cut. */
function bootstrapProgram(): Program {
  const { plan, parameters: chain } = planBootstrap({
    ...bootstrapDefaults,
    ringDegree: 1024,
    slots: 512,
    scaleBits: 34,
    userLevels: 1,
    highBits: 44,
    specialBits: 48,
  });
  return emitProgram(bootstrapModule(plan, chain), { insecureForTests: true });
}

test.each([2 ** 28, 2 ** 21, 2 ** 19, 2 ** 16, 0])(
  'a fused bootstrap makes what it uses before, within %d bytes',
  (bytes) => {
    const program = bootstrapProgram();
    const made = new Set(program.inputs.flatMap((input) => input.registers));
    const fused = fuseProgram(program, { bytes, keys: 100 });
    for (const { call } of fused) {
      for (const r of ciphersOf(call)) expect(made).toContain(r);
      for (const r of resultsOf(call)) expect(made).not.toContain(r);
      for (const r of resultsOf(call)) made.add(r);
    }
    for (const r of program.outputs.flatMap((output) => output.registers)) expect(made).toContain(r);
  },
);

const limits: readonly FusionLimits[] = [
  { bytes: 2 ** 28, keys: 100 },
  { bytes: 2 ** 18, keys: 3 },
  { bytes: 0, keys: 1 },
];

interface Result {
  readonly level: number;
  readonly parts: number;
  readonly scale: number;
  /** In base 64. */
  readonly words: string;
}

describe.skipIf(!hasEngine)(whyNoEngine || 'a fused program', () => {
  let engine: NativeEngine;
  let runner: Omit<FusedRunner, 'plaintexts'>;

  beforeAll(() => {
    const { ringDegree, primes, specialPrimes } = parameters;
    engine = openEngine(ringDegree, primes, specialPrimes, { threads: 2 });
    const secret = Int8Array.from({ length: ringDegree }, (_, i) => (i % 3) - 1);
    const maker = engine.keyMaker(secret);
    const level = primes.length - 1;
    const element = (by: number): number =>
      Array.from({ length: by }).reduce<number>((g) => (3 * g) % (2 * ringDegree), 1);
    const galois = (g: number): Handle => engine.importSeededKey(maker.galois(g, level));
    const rotations = new Map(steps.map((by) => [by, galois(element(by))]));
    const [relinearization, conjugation] = [
      engine.importSeededKey(maker.relinearization(level)),
      galois(2 * ringDegree - 1),
    ];
    const rotation = (by: number): Handle => rotations.get(by) ?? -1;
    const automorphisms = (all: readonly Automorphism[]): Handle[] =>
      all.map((i) => (i.op === 'rotate' ? rotation(i.steps) : conjugation));
    const keys = {
      relinearization: () => relinearization,
      conjugation: () => conjugation,
      rotation,
      automorphisms,
      secret: () => -1,
    };
    runner = { engine, keys, backend: nativeBackend(engine, keys) };
  });
  afterAll(() => engine?.close());

  const inputsOf = (program: Program, seed: number): Handle[] =>
    program.inputs.map(({ level, scale }, i) => {
      const words = randomWords(seed + i, 2, parameters.ringDegree, parameters.primes.slice(0, level + 1));
      return engine.importCiphertext(words, 2, level, scale);
    });

  /** Words and scales of the results, which may be inputs too. */
  const results = (handles: readonly Handle[], inputs: readonly Handle[]): Result[] => {
    const all = handles.map((h) => ({
      ...engine.describeCiphertext(h),
      words: Buffer.from(engine.ciphertextWords(h)).toString('base64'),
    }));
    for (const h of new Set(handles)) if (!inputs.includes(h)) engine.release(h);
    return all;
  };

  /** Words and scales for exact steps; for those that keep values undivided, which round less often, only level, parts and scale. */
  const check = (program: Program, seed: number): void => {
    const inputs = inputsOf(program, seed);
    const expected = results(execute(program, runner.backend, inputs), inputs);
    const shapeOnly = ({ level, parts, scale }: Result): Omit<Result, 'words'> => ({ level, parts, scale });
    for (const limit of limits) {
      for (const fuse of [fuseExactly, fuseProgram]) {
        const fused = fuse(program, limit);
        const held = engine.objectCount();
        const plaintexts = new PlaintextStore(engine, program, fused, 0);
        const progress: number[] = [];
        const onProgress = (done: number): void => void progress.push(done);
        const found = results(runFused(program, fused, { ...runner, plaintexts }, inputs, { onProgress }), inputs);
        if (fuse === fuseExactly) expect(found).toEqual(expected);
        else expect(found.map(shapeOnly)).toEqual(expected.map(shapeOnly));
        expect(engine.objectCount()).toBe(held);
        expect(progress.at(-1)).toBeCloseTo(1);
        expect([...progress].sort((a, b) => a - b)).toEqual(progress);
        const covered = fused.flatMap((s) => s.covers).sort((a, b) => a - b);
        expect(covered).toEqual(program.instructions.flatMap((i, at) => (i.op === 'encode' ? [] : [at])));
      }
      expect(nativeWorkingBytes(program, limit)).toBeGreaterThan(0);
    }
    inputs.forEach((h) => engine.release(h));
  };

  test('with matrices gives the same words as one instruction after the other, whatever it may hold', () => {
    fc.assert(
      fc.property(matrices, fc.nat(2 ** 30), (choices, seed) => check(writeProgram(parameters, choices), seed)),
      { numRuns: 60 },
    );
  });

  test('of any kind gives the same words as one instruction after the other', () => {
    fc.assert(
      fc.property(complexPrograms(parameters), fc.nat(2 ** 30), (program, seed) => check(program, seed)),
      { numRuns: 40 },
    );
  });

  test('keeps its weights up to a budget', () => {
    const program = writeProgram(parameters, [{ op: 'matrix', a: 0, babies: 4, rows: 3, k: 2 }]);
    const fused = fuseProgram(program, limits[0]);
    const inputs = inputsOf(program, 7);
    const held = engine.objectCount();
    const before = engine.bytesInUse();
    const [{ bytes }] = weightsOf(program, fused);
    expect(bytes).toBeLessThan(8 * parameters.ringDegree * parameters.primes.length);
    const plaintexts = new PlaintextStore(engine, program, fused, 5 * bytes);
    const first = results(runFused(program, fused, { ...runner, plaintexts }, inputs), inputs);
    const kept = engine.objectCount() - held;
    expect(kept).toBe(5);
    expect(engine.bytesInUse() - before).toBe(
      weightsOf(program, fused)
        .slice(0, 5)
        .reduce((sum, w) => sum + w.bytes, 0),
    );
    expect(results(runFused(program, fused, { ...runner, plaintexts }, inputs), inputs)).toEqual(first);
    expect(engine.objectCount() - held).toBe(kept);
    inputs.forEach((h) => engine.release(h));
  });

  test('sums a matrix in one call, rotates its operand once, and divides what is rotated twice once', () => {
    const program = writeProgram(parameters, [{ op: 'matrix', a: 0, babies: 1, rows: 3, k: 2 }]);
    const calls = (fuse: typeof fuseProgram): string[] => fuse(program, limits[0]).map(({ call }) => call.kind);
    const turns = ['automorphism_add', 'automorphism_add'];
    expect(calls(fuseExactly)).toEqual(['instruction', 'sums', ...turns, 'instruction']);
    expect(calls(fuseProgram)).toEqual(['instruction', 'sums', ...turns, 'divide']);
  });

  test('keeps many rotations of one ciphertext undivided where few rows of products follow', () => {
    const program = writeProgram(parameters, [{ op: 'matrix', a: 0, babies: 12, rows: 2, k: 2 }]);
    const fused = fuseProgram(program, limits[0]);
    expect(fused.map(({ call }) => call.kind)).toEqual([
      'automorphisms',
      'extend',
      'sums',
      'automorphism_add',
      'divide',
    ]);
    expect(fused.map(({ call }) => isExtended(call))).toEqual([true, true, true, true, false]);
    const plain = fuseExactly(program, limits[0]);
    const bytes = (steps: typeof plain): number => weightsOf(program, steps).reduce((sum, w) => sum + w.bytes, 0);
    expect(bytes(fused)).toBeGreaterThan(bytes(plain));
  });
});
