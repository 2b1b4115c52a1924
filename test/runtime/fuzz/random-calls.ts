import type { Handle, NativeEngine, NativeKeyMaker } from '../../../runtime/native/library.ts';
import type { Dice } from './mutate.ts';

const odd = [
  -1,
  0,
  0.5,
  1,
  2,
  3,
  4,
  7,
  16,
  31,
  32,
  33,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
  NaN,
  Infinity,
  -Infinity,
];

/** Calls one method of an engine of 16 coefficients and 3 levels, with arguments that are more or less what it takes. Returns what it made. */
export function callAny(
  engine: NativeEngine,
  maker: NativeKeyMaker,
  held: readonly Handle[],
  dice: Dice,
): readonly Handle[] {
  const sound = dice.chance(0.9);
  const strange = (): number => dice.pick(odd);
  const object = (): Handle => (sound || dice.chance(0.5) ? dice.pick(held) : strange());
  const level = (): number => (sound ? dice.below(3) : strange());
  const scale = (): number => (sound ? 2 ** dice.below(20) : strange());
  const element = (): number => (sound ? 1 + 2 * dice.below(16) : strange());
  const bytes = (length: number): Uint8Array =>
    new Uint8Array(sound ? length : dice.below(2 * length)).fill(sound ? 0 : dice.below(256));
  const handles = (): Float64Array => Float64Array.from({ length: dice.below(4) }, object);
  const vector = (): Float64Array => new Float64Array(sound ? 8 * (1 + dice.below(2)) : dice.below(40)).fill(scale());
  const words = (parts: number, l: number): Uint8Array => bytes(8 * 16 * parts * (1 + (l >= 0 && l < 3 ? l : 1)));
  const taken = (parts: number): Handle => {
    const l = level();
    return engine.importCiphertext(words(parts, l), sound ? parts : strange(), l, scale());
  };
  const calls: readonly (() => readonly Handle[])[] = [
    () => [taken(2)],
    () => [taken(3)],
    () => [engine.encode(vector(), level(), scale())],
    () => [...engine.encodeMany([vector(), vector()], level(), Float64Array.of(scale(), scale()))],
    () => [engine.importSeededCiphertext(words(1, 1), bytes(64), sound ? 1 : level(), scale())],
    () => [engine.importPlaintext(words(1, 2), sound ? 2 : level(), scale())],
    () => [engine.importSeededKey(maker.galois(element(), level()))],
    () => [engine.importSeededKey(maker.relinearization(level()))],
    () => [engine.importSealKey([words(2, 1)], [bytes(dice.pick([0, 64]))], element())],
    () =>
      Object.values(maker.sparsePair(sound ? dice.below(17) : strange(), level())).map((b) =>
        engine.importSeededKey(b),
      ),
    () => (engine.ciphertextWords(object()), engine.describeCiphertext(object()), []),
    () => (engine.plaintextWords(object()), engine.describeKey(object()), engine.modulusId(level(), level()), []),
    () => [engine.add(object(), object())],
    () => [engine.subtract(object(), object())],
    () => [engine.negate(object())],
    () => [engine.multiply(object(), object())],
    () => [engine.addPlain(object(), object())],
    () => [engine.multiplyPlain(object(), object())],
    () => [engine.rescale(object())],
    () => [engine.modDrop(object(), level())],
    () => [engine.modRaise(object(), level())],
    () => [engine.applyAutomorphism(object(), element())],
    () => [engine.multiplyByI(object())],
    () => [engine.relinearize(object(), object())],
    () => [engine.relinearizeRescale(object(), object())],
    () => [engine.rotate(object(), object())],
    () => [engine.rotateAdd(object(), object(), object())],
    () => [...engine.rotateMany(object(), handles())],
    () => [engine.switchSecret(object(), object())],
    () => {
      const terms = Float64Array.from({ length: 2 * dice.below(5) }, (_, i) => (i % 2 === 0 ? level() : object()));
      const ends = Float64Array.from({ length: dice.below(3) }, () => dice.below(6));
      return [...engine.weightedSums(handles(), terms, ends)];
    },
  ];
  return dice.pick(calls)();
}
