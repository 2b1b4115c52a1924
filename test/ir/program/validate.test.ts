import { describe, expect, test } from 'vitest';
import { bytesSource, readContainer } from '../../../ir/program/container.ts';
import { readModel, writeModel } from '../../../ir/program/model-file.ts';
import type { Program, Register } from '../../../ir/program/program.ts';
import { keyLevels } from '../../../ir/program/key-levels.ts';
import { validateProgram } from '../../../ir/program/validate.ts';
import { Assembler, everyKeyProgram, testParameters } from '../../runtime/assembler.ts';

const parameters = testParameters(1024, 2);

/** A program of what `write` makes of an input at the top and one at level 0. */
function written(write: (a: Assembler, top: Register, low: Register) => Register): Program {
  const a = new Assembler(parameters);
  return a.finish([write(a, a.input('x'), a.input('low', 0))]);
}

describe('a ciphertext under the sparse secret', () => {
  test.each<[string, (a: Assembler, top: Register, low: Register) => Register, string]>([
    ['negated', (a, _, low) => a.unary('negate', a.switchKey(low, 'sparse')), 'takes mod_raise only'],
    ['added', (a, _, low) => a.binary('add', low, a.switchKey(low, 'sparse')), 'takes mod_raise only'],
    ['a result', (a, _, low) => a.switchKey(low, 'sparse'), `output 'y0' is under the sparse secret`],
    ['switched twice', (a, _, low) => a.switchKey(a.switchKey(low, 'sparse'), 'sparse'), 'already'],
    [
      'raised and rotated',
      (a, _, low) => a.rotate(a.modRaise(a.switchKey(low, 'sparse')), 1),
      'switched to the dense one first',
    ],
    ['raised and a result', (a, _, low) => a.modRaise(a.switchKey(low, 'sparse')), 'under the sparse secret'],
    ['never there', (a, top) => a.switchKey(top, 'dense'), 'no raised ciphertext'],
    ['not raised', (a, _, low) => a.switchKey(a.modRaise(low), 'dense'), 'no raised ciphertext'],
  ])('is refused where it is %s', (_, write, message) => {
    const program = written(write);
    expect(() => validateProgram(program)).toThrow('FHE0702');
    expect(() => validateProgram(program)).toThrow(message);
  });

  test('is accepted between its switches; a raise needs no switch', () => {
    expect(() => validateProgram(everyKeyProgram(parameters))).not.toThrow();
    expect(() => validateProgram(written((a, _, low) => a.rotate(a.modRaise(low), 1)))).not.toThrow();
  });
});

describe('the key manifest', () => {
  const program = everyKeyProgram(parameters);
  const without = (keys: Partial<Program['keys']>): Program => ({ ...program, keys: { ...program.keys, ...keys } });
  const { relinearization, rotations, conjugation } = program.keys;
  const dense = { relinearization, rotations, conjugation };
  const levels = program.keys.levels ?? keyLevels([], [], () => 0);

  test.each<[string, Program, string]>([
    ['a conjugation', without({ conjugation: false }), 'lacks the conjugation'],
    ['the sparse secret', { ...program, keys: dense }, 'lacks the sparse secret'],
    ['a rotation', without({ rotations: [], levels: { ...levels, rotations: [] } }), 'lacks rotation 3'],
    [
      'a rotation at its level',
      without({ levels: { ...levels, rotations: [levels.rotations[0] - 1] } }),
      'fewer levels',
    ],
    ['a conjugation at its level', without({ levels: { ...levels, conjugation: levels.conjugation - 1 } }), 'fewer'],
    ['a key back at its level', without({ levels: { ...levels, toDense: levels.toDense - 1 } }), 'fewer levels'],
    ['a level for each rotation', without({ levels: { ...levels, rotations: [] } }), 'not as many levels'],
    ['possible levels', without({ levels: { ...levels, relinearization: 64 } }), 'above the modulus chain'],
    ['a strong secret', without({ sparseWeight: 31 }), 'weaker than any'],
    ['a possible secret', without({ sparseWeight: 1025 }), 'impossible'],
  ])('must hold %s that the program needs', (__, broken, message) => {
    expect(() => validateProgram(broken)).toThrow(message);
  });
});

test('a program that claims security must have it under the sparse secret too', () => {
  const program = everyKeyProgram(testParameters(8192, 2));
  const claiming = { ...program, parameters: { ...program.parameters, secure: true } };
  expect(() => validateProgram(claiming)).toThrow('FHE0601');
  expect(() => validateProgram({ ...program, parameters: { ...program.parameters, secure: false } })).not.toThrow();
});

test('a constant of neither one, slots nor twice the slots is refused', () => {
  const program = everyKeyProgram(parameters);
  const constants = [...program.constants].map((c) => c.slice(1));
  expect(() => validateProgram({ ...program, constants })).toThrow('FHE0702');
});

test('a model file keeps every bit of its constants, and takes half the bytes for those that are 32-bit floats', () => {
  const a = new Assembler(parameters);
  const x = a.input('x');
  const vector = Float64Array.from({ length: a.slots }, (_, i) => Math.fround(Math.sin(i)));
  const program = a.finish([a.timesConstants(x, vector)]);
  const exact = [Float64Array.of(1 / 3), Float64Array.from({ length: 2 * a.slots }, (_, i) => Math.cos(i))];
  const constants = [exact[0], ...program.constants, vector.map((v) => v / 3), exact[1]];
  const moved = program.instructions.map((i) => (i.op === 'encode' ? { ...i, constant: i.constant + 1 } : i));
  const bytes = Buffer.concat(writeModel({ ...program, constants, instructions: moved }, 1, null));
  const { program: read } = readModel(readContainer(bytesSource(bytes), 'model'));
  expect(read.constants.at(0)).toEqual(exact[0]);
  expect(read.constants.at(1)).toEqual(vector);
  expect(read.constants.at(2)).toEqual(constants[2]);
  expect(read.constants.at(3)).toEqual(exact[1]);
  const container = readContainer(bytesSource(bytes), 'model');
  expect(container.sectionLength('constants')).toBe(4 * a.slots);
  expect(container.sectionLength('exactConstants')).toBe(8 * (1 + 3 * a.slots));
});
