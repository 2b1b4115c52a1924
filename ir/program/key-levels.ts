import { fail } from '../diagnostics.ts';
import type { Instruction, KeyLevels, KeyManifest, Register } from './program.ts';

/** The highest level at which the instructions use each key; 0 for a key that they do not use. `levelOf`: the level of a ciphertext. */
export function keyLevels(
  instructions: readonly Instruction[],
  rotations: readonly number[],
  levelOf: (register: Register) => number,
): KeyLevels {
  const highest = new Map<string | number, number>();
  for (const instruction of instructions) {
    const key = usedKey(instruction);
    if (key === undefined || instruction.op === 'encode') continue;
    highest.set(key, Math.max(highest.get(key) ?? 0, levelOf(instruction.args[0])));
  }
  return {
    relinearization: highest.get('relinearize') ?? 0,
    rotations: rotations.map((steps) => highest.get(steps) ?? 0),
    conjugation: highest.get('conjugate') ?? 0,
    toDense: highest.get('dense') ?? 0,
  };
}

/** The steps of a rotation, or a name. The key to the sparse secret serves level 0 alone. */
function usedKey(instruction: Instruction): string | number | undefined {
  switch (instruction.op) {
    case 'rotate':
      return instruction.steps;
    case 'relinearize':
    case 'conjugate':
      return instruction.op;
    case 'switch_key':
      return instruction.to === 'dense' ? 'dense' : undefined;
    default:
      return undefined;
  }
}

/** Refuses a manifest that names levels which do not exist (FHE0702). `top`: the highest of the chain. */
export function requirePossibleLevels({ levels, rotations }: KeyManifest, top: number): void {
  if (!levels) return;
  if (levels.rotations.length !== rotations.length)
    fail('FHE0702', 'the key manifest has not as many levels as rotations');
  const { relinearization, conjugation, toDense } = levels;
  if ([relinearization, conjugation, toDense, ...levels.rotations].some((level) => !(level <= top)))
    fail('FHE0702', 'the key manifest names a level above the modulus chain');
}

/** Refuses a manifest whose keys serve fewer levels than the program uses them at (FHE0702). */
export function requireLevels({ levels }: KeyManifest, used: KeyLevels): void {
  if (!levels) return;
  const short =
    used.rotations.some((level, i) => level > levels.rotations[i]) ||
    used.relinearization > levels.relinearization ||
    used.conjugation > levels.conjugation ||
    used.toDense > levels.toDense;
  if (short) fail('FHE0702', 'the key manifest has a key that serves fewer levels than the program uses it at');
}
