import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { NativeEngine } from '../../../runtime/native/library.ts';
import { hasEngine, hasIfma, openEngine, whyNoEngine } from './engines.ts';
import { openSealWords, type SealWords } from './seal-words.ts';
import { randomWords, smallParameters, wordPrograms, type SmallParameters, type WordProgram } from './word-programs.ts';

/** Words of every value of a program, and its scale. */
interface Value {
  readonly words: Uint8Array;
  readonly scale: number;
}

const withoutSecondPart = (words: Uint8Array): Uint8Array => words.slice().fill(0, words.length / 2);

function runOnSeal(seal: SealWords, { ringDegree, primes }: SmallParameters, program: WordProgram): Value[] {
  const { evaluator, levelIds } = seal;
  const objects: { delete: () => void }[] = [];
  const held = <T extends { delete: () => void }>(object: T): T => {
    objects.push(object);
    return object;
  };
  const at = (level: number): readonly bigint[] => primes.slice(0, level + 1);
  const values = program.inputs.map(({ seed, shape }) =>
    held(seal.ciphertext(randomWords(seed, 2, ringDegree, at(shape.level)), 2, shape.level, shape.scale)),
  );
  for (const step of program.steps) {
    const out = held(seal.library.CipherText());
    const x = values[step.a];
    const { level } = program.shapes[step.a];
    const plain = (seed: number, scale: number): ReturnType<SealWords['plaintext']> =>
      held(seal.plaintext(randomWords(seed, 1, ringDegree, at(level)), level, scale));
    switch (step.op) {
      case 'add':
        evaluator.add(x, values[step.b], out);
        break;
      case 'sub':
        evaluator.sub(x, values[step.b], out);
        break;
      case 'multiply':
        evaluator.multiply(x, values[step.b], out);
        break;
      case 'negate':
        evaluator.negate(x, out);
        break;
      case 'square':
        evaluator.square(x, out);
        break;
      case 'rescale':
        evaluator.rescaleToNext(x, out);
        break;
      case 'add_plain':
        evaluator.addPlain(x, plain(step.seed, step.scale), out);
        break;
      case 'multiply_plain':
        evaluator.multiplyPlain(x, plain(step.seed, step.scale), out);
        break;
      case 'mod_switch':
        evaluator.cipherModSwitchTo(x, levelIds[step.level], out);
        break;
      case 'automorphism': {
        const operand = held(seal.ciphertext(withoutSecondPart(seal.wordsOf(x)), 2, level, x.scale));
        evaluator.applyGalois(operand, element(step.steps, ringDegree), seal.galoisKey(step.steps), out);
      }
    }
    values.push(out);
  }
  const results = values.map((v) => ({ words: seal.wordsOf(v), scale: v.scale }));
  for (const o of objects) o.delete();
  return results;
}

/** The Galois element of a rotation, 0 being the conjugation. */
function element(steps: number, ringDegree: number): number {
  if (steps === 0) return 2 * ringDegree - 1;
  let power = 1;
  for (let i = 0; i < steps; i++) power = (power * 3) % (2 * ringDegree);
  return power;
}

function runNatively(engine: NativeEngine, { ringDegree, primes }: SmallParameters, program: WordProgram): Value[] {
  const at = (level: number): readonly bigint[] => primes.slice(0, level + 1);
  const others: number[] = [];
  const values = program.inputs.map(({ seed, shape }) =>
    engine.importCiphertext(randomWords(seed, 2, ringDegree, at(shape.level)), 2, shape.level, shape.scale),
  );
  for (const step of program.steps) {
    const x = values[step.a];
    const { level, scale } = program.shapes[step.a];
    const plain = (seed: number, plainScale: number): number => {
      others.push(engine.importPlaintext(randomWords(seed, 1, ringDegree, at(level)), level, plainScale));
      return others[others.length - 1];
    };
    const made = (): number => {
      switch (step.op) {
        case 'add':
          return engine.add(x, values[step.b]);
        case 'sub':
          return engine.subtract(x, values[step.b]);
        case 'multiply':
          return engine.multiply(x, values[step.b]);
        case 'negate':
          return engine.negate(x);
        case 'square':
          return engine.multiply(x, x);
        case 'rescale':
          return engine.rescale(x);
        case 'add_plain':
          return engine.addPlain(x, plain(step.seed, step.scale));
        case 'multiply_plain':
          return engine.multiplyPlain(x, plain(step.seed, step.scale));
        case 'mod_switch':
          return engine.modDrop(x, step.level);
        case 'automorphism': {
          const operand = engine.importCiphertext(withoutSecondPart(engine.ciphertextWords(x)), 2, level, scale);
          others.push(operand);
          return engine.applyAutomorphism(operand, element(step.steps, ringDegree));
        }
      }
    };
    values.push(made());
  }
  const results = values.map((v, i) => {
    const { level, parts, scale } = engine.describeCiphertext(v);
    expect({ level, parts, scale }).toEqual(program.shapes[i]);
    return { words: engine.ciphertextWords(v), scale };
  });
  for (const object of [...values, ...others]) engine.release(object);
  expect(engine.objectCount()).toBe(0);
  expect(engine.bytesInUse()).toBe(0);
  return results;
}

/** FHEC_SEED: another set of parameters and programs. */
const seed = Number(process.env['FHEC_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Declares tests that random programs over random parameter sets give SEAL's words, with each kernel on one thread and on two. */
export function describeWordForWord(parameterSets: number, programsEach: number): void {
  const name = `${parameterSets * programsEach} random programs equal SEAL's word for word (FHEC_SEED=${seed})`;
  describe.skipIf(!hasEngine)(whyNoEngine || name, () => {
    const configurations = (hasIfma ? (['ifma', 'portable'] as const) : (['portable'] as const)).flatMap((kernel) =>
      [1, 2].map((threads) => ({ kernel, threads })),
    );
    const sets = fc.sample(smallParameters, { seed, numRuns: parameterSets });

    test.each(sets.map((parameters, set) => ({ ...parameters, set })))(
      'N = $ringDegree, primes $primes',
      async ({ set, ...parameters }) => {
        const { ringDegree, primes, specialPrime } = parameters;
        const seal = await openSealWords(ringDegree, primes, specialPrime);
        const engines = configurations.map((c) => openEngine(ringDegree, primes, [specialPrime], c));
        try {
          fc.assert(
            fc.property(wordPrograms(parameters), (program) => {
              const expected = runOnSeal(seal, parameters, program);
              engines.forEach((engine, c) => {
                runNatively(engine, parameters, program).forEach((value, i) => {
                  const { kernel, threads } = configurations[c];
                  const what = `${i < 2 ? 'input' : JSON.stringify(program.steps[i - 2])} with ${kernel}, ${threads} threads`;
                  expect(Buffer.compare(value.words, expected[i].words), what).toBe(0);
                  expect(value.scale, what).toBe(expected[i].scale);
                });
              });
            }),
            { seed: seed + set, numRuns: programsEach },
          );
        } finally {
          for (const o of [seal, ...engines]) o.close();
        }
      },
    );
  });
}
