import type { Section } from '../../ir/program/container.ts';
import type { KeyManifest } from '../../ir/program/program.ts';
import { conjugationSection, galoisSection, relinearizationSection } from '../files/evaluation-keys.ts';
import { uncompressed, type Seal } from '../seal/library.ts';
import { makeSecretSwitchKeys, type KeyGenerator } from './sparse-secret.ts';

/** The evaluation keys as SEAL makes them. `secretBytes`: the secret key as SEAL saves it; `onMade`: called after each key. */
export function makeSealKeys(
  seal: Seal,
  generator: KeyGenerator,
  secretBytes: Uint8Array,
  { rotations, relinearization, conjugation, sparseWeight }: KeyManifest,
  onMade: () => void,
): Section[] {
  const { library } = seal;
  const saved = (key: { saveArray: ReturnType<KeyGenerator['createRelinKeys']>['saveArray']; delete: () => void }) => {
    const bytes = key.saveArray(uncompressed(library));
    key.delete();
    onMade();
    return bytes;
  };
  const galois = (steps: number): Uint8Array => saved(generator.createGaloisKeysSerializable(Int32Array.of(steps)));
  const switchKeys = (weight: number): Section[] => {
    const pair = makeSecretSwitchKeys(seal, generator, secretBytes, weight);
    pair.forEach(onMade);
    return pair;
  };
  return [
    ...rotations.map((steps) => ({ name: galoisSection(steps), bytes: galois(steps) })),
    // SEAL's name for the conjugation is a rotation by 0 steps.
    ...(conjugation ? [{ name: conjugationSection, bytes: galois(0) }] : []),
    ...(relinearization
      ? [{ name: relinearizationSection, bytes: saved(generator.createRelinKeysSerializable()) }]
      : []),
    ...(sparseWeight === undefined ? [] : switchKeys(sparseWeight)),
  ];
}
