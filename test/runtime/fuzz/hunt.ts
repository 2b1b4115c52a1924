import { expect } from 'vitest';
import { codes } from '../../../ir/codes.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import { bytesSource, readContainer, type FileKind } from '../../../ir/program/container.ts';
import { Dice, type Parts } from './mutate.ts';

/** FHEC_MUTANTS: how many in all of one file of tests; FHEC_SEED: another set of them. A failure names the mutant. */
const mutants = Number(process.env['FHEC_MUTANTS'] ?? 12_000);
export const seed = Number(process.env['FHEC_SEED'] ?? 1);
export const share = (part: number): number => Math.ceil(mutants * part);

/** Counts the mutants by the code that refused them; `valid` are those that were not. */
export function hunt(count: number, salt: number, attempt: (dice: Dice) => void): Map<string, number> {
  const outcomes = new Map<string, number>();
  for (let mutant = 0; mutant < count; mutant++) {
    let outcome = 'valid';
    const started = performance.now();
    try {
      attempt(new Dice(seed + salt * 7919, mutant));
    } catch (error) {
      if (!(error instanceof FhecError))
        throw new Error(`mutant ${mutant} of seed ${seed} (${salt}): ${String(error)}`, { cause: error });
      outcome = error.diagnostics[0].code;
      expect(Object.keys(codes)).toContain(outcome);
    }
    if (performance.now() - started > 20_000)
      throw new Error(`mutant ${mutant} of seed ${seed} (${salt}) took too long`);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return outcomes;
}

export const only = (outcomes: ReadonlyMap<string, number>, ...allowed: string[]): void =>
  expect(allowed).toEqual(expect.arrayContaining([...outcomes.keys()]));

export function takeApart(bytes: Uint8Array, kind: FileKind): Parts {
  const container = readContainer(bytesSource(bytes), kind);
  const sections = container.sectionNames.map((name) => ({ name, bytes: container.section(name) }));
  return { kind, body: container.body, sections };
}
