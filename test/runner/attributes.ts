import { slotCount, type Parameters } from '../../ir/ckks/parameters.ts';
import type { Attr, AttrKind, Attrs, OpDefinition } from '../../ir/define.ts';
import { matrixFromTriples, type Matrix } from '../../ir/matrix.ts';
import type { Value } from '../../ir/module.ts';
import { channelCount } from '../../ir/nn/define.ts';
import { elementCount, tensor } from '../../ir/tensor.ts';
import type { Choices } from './choices.ts';

/** What attributes are drawn for: the operands are known already. */
export interface Site {
  readonly choices: Choices;
  readonly operands: readonly Value[];
  readonly parameters: Parameters | undefined;
}

const shapeOf = (value: Value | undefined): readonly number[] =>
  value?.type.kind === 'tensor' ? value.type.shape : [];

export function randomShape(choices: Choices): number[] {
  return Array.from({ length: 1 + choices.int(4) }, (_, i) => (i === 0 ? 1 : 1 + choices.int(4)));
}

function randomMatrix(choices: Choices, rows: number, columns: number): Matrix {
  const count = rows === 0 || columns === 0 ? 0 : choices.int(24);
  const places = Array.from({ length: count }, () => choices.int(rows * columns));
  const unique = [...new Set(places)];
  return matrixFromTriples(
    rows,
    columns,
    unique.map((p) => Math.floor(p / columns)),
    unique.map((p) => p % columns),
    unique.map(() => choices.number()),
  );
}

/** A shape of as many elements: what reshape takes. */
function otherShape(choices: Choices, shape: readonly number[]): number[] {
  const count = elementCount(shape);
  const factor = choices.pick([1, 2, 3, 4].filter((f) => count % f === 0));
  return [1, factor, count / factor];
}

const slotsOf = ({ operands, parameters }: Site): number => {
  const type = operands.at(0)?.type;
  return type?.kind === 'packed' ? type.slots : parameters ? slotCount(parameters) : 8;
};

/** At the ckks level vectors may be complex. */
const randomPlain = (site: Site): Attr => {
  const slots = slotsOf(site);
  return site.choices.int(3) === 0 ? tensor([2, slots], site.choices.numbers(2 * slots)) : randomVector(site);
};

const randomVector = (site: Site): Attr => {
  const length = site.choices.bool() ? 1 : slotsOf(site);
  return tensor([length], site.choices.numbers(length));
};

const window = ({ choices, operands }: Site): Attrs => {
  const rank = Math.max(1, shapeOf(operands[0]).length - 2);
  const each = (f: () => number): number[] => Array.from({ length: rank }, f);
  const pads = each(() => choices.int(2));
  return {
    kernel: each(() => 1 + choices.int(2)),
    strides: each(() => 1 + choices.int(2)),
    pads: [...pads, ...pads],
    dilations: each(() => 1),
    group: 1,
    output_padding: each(() => 0),
  };
};

/** Attributes that must fit the operands; the rest is drawn by kind alone. */
const fitted: Readonly<Record<string, (site: Site) => Attrs>> = {
  'nn.linear': ({ choices, operands }) => {
    const shape = randomShape(choices);
    const rows = elementCount(shape);
    const matrices = operands.map((o) => randomMatrix(choices, rows, elementCount(shapeOf(o))));
    return { shape, matrices, bias: tensor([rows], choices.numbers(rows)) };
  },
  'nn.polynomial': ({ choices, operands }) => {
    const channels = choices.bool() ? channelCount(shapeOf(operands[0])) : 1;
    const terms = 1 + choices.int(4);
    return {
      coefficients: tensor([channels, terms], choices.numbers(channels * terms)),
      scale: Array.from({ length: channels }, () => 1 + choices.int(4) / 4),
    };
  },
  'nn.leaky_relu': ({ choices, operands }) => ({
    alpha: choices.numbers(choices.bool() ? channelCount(shapeOf(operands[0])) : 1),
  }),
  'nn.clip': ({ choices }) => ({ min: choices.pick([-1, 0, -Infinity]), max: choices.pick([1, 6, Infinity]) }),
  'nn.conv': window,
  'nn.conv_transpose': window,
  'nn.max_pool': window,
  'nn.average_pool': window,
  'nn.reshape': ({ choices, operands }) => ({ shape: otherShape(choices, shapeOf(operands[0])) }),
  'nn.transpose': ({ choices, operands }) => {
    const axes = shapeOf(operands[0]).map((_, i) => i);
    const by = choices.int(axes.length);
    return { perm: [...axes.slice(by), ...axes.slice(0, by)] };
  },
  'nn.slice': ({ operands }) => ({ starts: [0], ends: [1], axes: [shapeOf(operands[0]).length - 1], steps: [1] }),
  'nn.gather': ({ operands }) => ({ axis: shapeOf(operands[0]).length - 1, indices: [0, 0] }),
  'nn.expand': ({ operands }) => ({ shape: [2, ...shapeOf(operands[0]).slice(1)] }),
  'nn.pad': ({ choices, operands }) => ({
    pads: shapeOf(operands[0]).flatMap(() => [choices.int(2), choices.int(2)]),
    mode: 'constant',
  }),
  'nn.resize': ({ choices, operands }) => ({
    matrices: shapeOf(operands[0]).map((d) => randomMatrix(choices, 1 + choices.int(3), d)),
  }),
  'slots.pack': (site) => ({ layout: `${slotsOf(site)}: ${slotsOf(site)}@1` }),
  'slots.add_plain': (site) => ({ vector: randomVector(site) }),
  'slots.mul_plain': (site) => ({ vector: randomVector(site) }),
  'ckks.encode': (site) => {
    const level = site.choices.int(site.parameters?.primes.length ?? 1);
    const scale = site.parameters?.scales[level] ?? 2;
    return { vector: randomPlain(site), level, scale: scale ** site.choices.pick([1, 2]) };
  },
  'ckks.switch_key': ({ choices }) => ({ to: choices.pick(['sparse', 'dense']) }),
};

const byKind: { readonly [K in AttrKind]: (choices: Choices) => Attr } = {
  int: (c) => c.int(4),
  float: (c) => c.number(),
  bool: (c) => c.bool(),
  string: (c) => c.pick(['constant', 'a "quoted" name\n', '8: 8@1']),
  ints: (c) => Array.from({ length: c.int(4) }, () => c.int(3)),
  floats: (c) => c.numbers(1),
  strings: (c) => Array.from({ length: c.int(3) }, () => 'x'),
  tensor: (c) => {
    const shape = randomShape(c);
    return tensor(shape, c.numbers(elementCount(shape)));
  },
  matrix: (c) => randomMatrix(c, 2, 2),
  matrices: (c) => [randomMatrix(c, 2, 2)],
};

/** Attributes for the op: fitted to the operands where that matters. Whether they are accepted is for `infer` to say. */
export function randomAttrs(definition: OpDefinition, site: Site): Attrs {
  const special: Attrs = Object.hasOwn(fitted, definition.name) ? fitted[definition.name](site) : {};
  const entries = Object.entries(definition.attrs).map(([name, kind]) => [
    name,
    special[name] ?? byKind[kind](site.choices),
  ]);
  return Object.fromEntries(entries) as Attrs;
}
