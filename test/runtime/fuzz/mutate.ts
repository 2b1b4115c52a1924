import { writeContainer, type FileKind, type Section } from '../../../ir/program/container.ts';
import { makeRandom } from '../../../ir/ckks/simulator/random.ts';

/** Choices of one mutant, reproducible from the seed and the number of the mutant. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number, mutant: number) {
    this.#random = makeRandom(seed, mutant);
  }

  below(limit: number): number {
    return Math.floor((this.#random() / 2 ** 32) * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  chance(share: number): boolean {
    return this.below(1e6) < share * 1e6;
  }
}

const bytesOfExtremes: readonly Uint8Array[] = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map(
  (x) => Uint8Array.from({ length: 8 }, (_, i) => Number((x >> BigInt(8 * i)) & 0xffn)),
);

/** Damages bytes as transport and attackers do. `near`: only the first so many bytes are changed in place. */
export function mutateBytes(bytes: Uint8Array, dice: Dice, near = bytes.length): Uint8Array {
  const at = dice.below(Math.min(near, bytes.length));
  // Not slice: that of a Buffer shares memory.
  const copy = new Uint8Array(bytes);
  const end = Math.min(copy.length, at + 1 + dice.below(64));
  switch (dice.below(8)) {
    case 0:
      copy[at] ^= 1 << dice.below(8);
      return copy;
    case 1:
      copy[at] = dice.below(256);
      return copy;
    case 2:
      copy.set(dice.pick(bytesOfExtremes).subarray(0, copy.length - at), at);
      return copy;
    case 3:
      return copy.fill(dice.pick([0, 0xff]), at, end);
    case 4:
      return copy.slice(0, at);
    case 5:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(end)]);
    case 6:
      return Buffer.concat([copy.subarray(0, end), copy.subarray(at)]);
    default: {
      const word = at - (at % 8);
      copy.set(dice.pick(bytesOfExtremes).subarray(0, copy.length - word), word);
      return copy;
    }
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const strange: readonly Json[] = [
  null,
  true,
  '',
  'rotate',
  '0: 1@1',
  '512: 512@1 x 4@0',
  '99999999: 99999999@0',
  '512: 1@1e9',
  '512: 512@99999999999999999999',
  '1'.repeat(20),
  [],
  {},
  [[[]]],
  -1,
  0,
  0.5,
  1,
  2,
  3,
  1024,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e308,
  -1e308,
  5e-324,
];

type Holder = Record<string, Json>;

/** Changes one place of a JSON value: another value, a neighbour's value, a key or element more or less. */
export function mutateJson(root: unknown, dice: Dice): unknown {
  const copy = structuredClone(root) as Json;
  const places: { holder: Holder; key: string }[] = [];
  const walk = (value: Json): void => {
    if (value === null || typeof value !== 'object') return;
    const holder = value as Holder;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      walk(holder[key]);
    }
  };
  walk(copy);
  if (places.length === 0) return dice.pick(strange);
  const { holder, key } = dice.pick(places);
  const value = holder[key];
  const other = dice.pick(places);
  switch (dice.below(6)) {
    case 0:
      holder[key] = structuredClone(other.holder[other.key]);
      return copy;
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else Reflect.deleteProperty(holder, key);
      return copy;
    case 2:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(value));
      else holder[dice.pick(['extra', 'constructor', 'length'])] = structuredClone(value);
      return copy;
    case 3:
      holder[key] = typeof value === 'number' ? value + dice.pick([-1, 1, 0.5, 2 ** 20]) : dice.pick(strange);
      return copy;
    case 4:
      holder[key] = typeof value === 'number' ? value * dice.pick([-1, 2, 0.5, 1e10]) : dice.pick(strange);
      return copy;
    default:
      holder[key] = dice.pick(strange);
      return copy;
  }
}

/** A file taken apart, so that it can be put together with right hashes around wrong content. */
export interface Parts {
  readonly kind: FileKind;
  readonly body: unknown;
  readonly sections: readonly Section[];
}

export const assemble = ({ kind, body, sections }: Parts): Uint8Array =>
  Buffer.concat(writeContainer(kind, body, sections));

/** Changes body or sections with right hashes. `json`: sections that hold JSON; `near`: as {@link mutateBytes}, in sections. */
export function mutateParts(parts: Parts, dice: Dice, json: readonly string[] = [], near?: number): Parts {
  const { sections } = parts;
  const which = dice.below(sections.length);
  const { name, bytes } = sections[which];
  const withSection = (section: Section): Parts => ({ ...parts, sections: sections.with(which, section) });
  switch (dice.below(12)) {
    case 0:
      return { ...parts, sections: sections.toSpliced(which, 1) };
    case 1:
      return withSection({ name: dice.pick(['', 'x', name + '/', ...sections.map((s) => s.name)]), bytes });
    case 2:
      return withSection({ name, bytes: dice.pick(sections).bytes });
    case 3:
    case 4:
    case 5:
    case 6:
      return { ...parts, body: mutateJson(parts.body, dice) };
    default: {
      if (!json.includes(name) || dice.chance(0.1)) return withSection({ name, bytes: mutateBytes(bytes, dice, near) });
      const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
      return withSection({ name, bytes: new TextEncoder().encode(JSON.stringify(mutateJson(value, dice))) });
    }
  }
}
