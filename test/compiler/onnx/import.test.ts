import { describe, expect, it } from 'vitest';
import { importOnnx, type ImportOptions } from '../../../compiler/onnx/import.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { tensor } from '../../../ir/tensor.ts';
import { errorOf } from '../../support/error-code.ts';
import { dataTypes, floatTensor, intTensor, model, node, port, smallNetwork } from '../../support/onnx-builder.ts';

type Node = ReturnType<typeof node>;
type Initializer = ReturnType<typeof floatTensor>;

/** A model of input x [2, 3] and output y. */
const single = (nodes: readonly Node[], initializers: readonly Initializer[] = [], opset = 17): Uint8Array =>
  model({ opset, inputs: [port('x', [2, 3])], outputs: ['y'], nodes, initializers });

const ops = (bytes: Uint8Array, options?: ImportOptions): string[] =>
  importOnnx(bytes, options).funcs[0].body.map((v) => v.op);
const error = (bytes: Uint8Array, options?: ImportOptions): string => errorOf(() => importOnnx(bytes, options));
const run = (bytes: Uint8Array, data: readonly number[]): number[] => {
  const [output] = evaluateFunc(importOnnx(bytes).funcs[0], [tensor([2, 3], data)]);
  return [...output.data];
};

describe('importOnnx', () => {
  it('makes the interface of a network, its batch 1 and its softmax a step of the client', () => {
    const module = importOnnx(smallNetwork());
    expect(module.level).toBe('nn');
    expect(module.interface).toEqual({
      inputs: [{ name: 'image', shape: [1, 1, 6, 6], factor: [1] }],
      outputs: [{ name: 'probabilities', shape: [1, 3], factor: [1] }],
      clientSteps: [{ kind: 'softmax', axis: 1, node: 'Softmax_9' }],
    });
    const [main] = module.funcs;
    expect(main.params.map((p) => p.attrs['name'])).toEqual(['image']);
    expect(main.results[0].value.loc).toEqual({ kind: 'onnx', node: 'classifier', operator: 'Gemm' });
  });

  it('keeps the softmax where asked to', () => {
    expect(ops(smallNetwork(), { keepClientSteps: true })).toContain('nn.softmax');
    expect(ops(smallNetwork())).not.toContain('nn.softmax');
  });

  it('folds what does not depend on the inputs, shape arithmetic included', () => {
    expect(ops(smallNetwork()).filter((op) => op !== 'nn.constant')).toEqual([
      'nn.conv',
      'nn.batch_norm',
      'nn.relu',
      'nn.max_pool',
      'nn.reshape',
      'nn.matmul',
      'nn.add',
    ]);
  });

  it('divides integers by truncation while it folds', () => {
    const nodes = [node('Div', ['a', 'b'], ['q']), node('Reshape', ['x', 'q'], ['y'])];
    const [main] = importOnnx(single(nodes, [intTensor('a', [7, 5]), intTensor('b', [2, 2])])).funcs;
    expect(main.results[0].value.type).toEqual({ kind: 'tensor', shape: [3, 2] });
  });

  it('takes a graph input with an initialiser as a constant', () => {
    const bytes = model({
      inputs: [port('x', [2]), port('w', [2])],
      outputs: ['y'],
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      initializers: [floatTensor('w', [2], [2, 3])],
    });
    expect(importOnnx(bytes).interface?.inputs.map((p) => p.name)).toEqual(['x']);
  });

  it('takes given constants for inputs that are known', () => {
    const nodes = [node('Reshape', ['x', 's'], ['y'])];
    const bytes = model({ inputs: [port('x', [2, 3]), port('s', [1], dataTypes.int64)], outputs: ['y'], nodes });
    expect(error(bytes)).toContain('FHE0206');
    const constants = new Map([['s', tensor([1], [6])]]);
    expect(importOnnx(bytes, { constants }).interface?.outputs[0].shape).toEqual([6]);
    expect(error(bytes, { constants: new Map([['s', tensor([2], [3, 2])]]) })).toContain('FHE0206');
  });

  it('leaves out nodes that no output needs', () => {
    expect(ops(single([node('NoSuchOperator', ['x'], ['z']), node('Relu', ['x'], ['y'])]))).toEqual(['nn.relu']);
  });

  it('turns PRelu into a leaky ReLU by channel, or into exact sums', () => {
    const x = [-1, -2, -3, 4, -5, 6];
    const byChannel = single([node('PRelu', ['x', 's'], ['y'])], [floatTensor('s', [3], [1, 2, 3])]);
    expect(ops(byChannel)).toEqual(['nn.leaky_relu']);
    expect(run(byChannel, x)).toEqual([-1, -4, -9, 4, -10, 6]);
    const byRow = single([node('PRelu', ['x', 's'], ['y'])], [floatTensor('s', [2, 1], [1, 2])]);
    expect(ops(byRow)).not.toContain('nn.leaky_relu');
    expect(run(byRow, x)).toEqual([-1, -2, -3, 4, -10, 6]);
  });

  it('computes whole powers by products and others as an activation', () => {
    const power = (e: number): Uint8Array => single([node('Pow', ['x', 'e'], ['y'])], [floatTensor('e', [], [e])]);
    expect(ops(power(2))).toEqual(['nn.mul']);
    expect(run(power(5), [1, -2, 3, 0, 2, 1])).toEqual([1, -32, 243, 0, 32, 1]);
    expect(ops(power(0.5))).toEqual(['nn.power']);
  });

  it('computes Clip by one activation, or by the maxima that its bounds ask for', () => {
    const clip = (...inputs: string[]): Uint8Array =>
      single([node('Clip', ['x', ...inputs], ['y'])], [floatTensor('low', [], [-1]), floatTensor('high', [], [2])]);
    const x = [-3, -1, 0, 1, 2, 5];
    expect(ops(clip('low', 'high'))).toEqual(['nn.clip']);
    expect(run(clip('low', 'high'), x)).toEqual([-1, -1, 0, 1, 2, 2]);
    expect(run(clip('low'), x)).toEqual([-1, -1, 0, 1, 2, 5]);
    expect(run(clip('', 'high'), x)).toEqual([-3, -1, 0, 1, 2, 2]);
    expect(run(clip(), x)).toEqual(x);
  });
});

describe('importOnnx refuses', () => {
  const relu = node('Relu', ['x'], ['y']);

  it.each([
    ['bytes that are no model', Uint8Array.of(1, 2, 3, 4), 'FHE0201'],
    ['an empty file', new Uint8Array(), 'FHE0201'],
    [
      'an unknown operator, by the name of its node',
      single([node('Sort', ['x'], ['y'], {}, 'sorter')]),
      "FHE0202.*'sorter'",
    ],
    ['an operator of another domain', single([{ ...relu, domain: 'com.example' }]), 'FHE0202.*com.example'],
    ['an unnamed node by operator and index', single([node('Sort', ['x'], ['y'])]), "FHE0202.*'Sort_0'"],
    ['an attribute that nobody knows', single([node('Relu', ['x'], ['y'], { slope: 1 })]), "FHE0203.*'slope'"],
    ['an attribute of the wrong type', single([node('Flatten', ['x'], ['y'], { axis: 'one' })]), "FHE0208.*'axis'"],
    ['too many inputs', single([node('Relu', ['x', 'x'], ['y'])]), 'FHE0203'],
    ['a missing input', single([node('Add', ['x'], ['y'])]), 'FHE0208'],
    ['a use before its definition', single([node('Relu', ['z'], ['y']), node('Relu', ['x'], ['z'])]), "FHE0208.*'z'"],
    ['a name that is defined twice', single([relu, relu]), "FHE0208.*'y' is defined twice"],
    ['an output that nothing computes', single([node('Relu', ['x'], ['z'])]), "FHE0208.*'y'"],
    ['an old opset', single([relu], [], 5), 'FHE0204'],
    ['an opset of the future', single([relu], [], 1000), 'FHE0204'],
    [
      'shapes that do not fit',
      single([node('Add', ['x', 'w'], ['y'])], [floatTensor('w', [2], [1, 2])]),
      'FHE0208.*broadcast',
    ],
    ['an encrypted integer cast', single([node('Cast', ['x'], ['y'], { to: 7 })]), 'FHE0501'],
    [
      'a softmax in the middle',
      single([node('Softmax', ['x'], ['s']), node('Relu', ['s'], ['y'])]),
      "FHE0501.*'Softmax_0'",
    ],
    ['a comparison of encrypted values', single([node('Greater', ['x', 'x'], ['y'])]), 'FHE0501'],
    [
      'a huge constant',
      single([node('ConstantOfShape', ['s'], ['y'])], [intTensor('s', [2 ** 20, 2 ** 7])]),
      'FHE0205',
    ],
    ['an absurd constant', single([node('ConstantOfShape', ['s'], ['y'])], [intTensor('s', [2 ** 40])]), 'FHE0205'],
    ['a negative shape', single([node('ConstantOfShape', ['s'], ['y'])], [intTensor('s', [-4])]), 'FHE0208|FHE0205'],
    ['a mask in use', single([node('Dropout', ['x'], ['z', 'm']), node('Identity', ['m'], ['y'])]), "FHE0203.*'m'"],
    ['two shape unknowns', single([node('Reshape', ['x', 's'], ['y'])], [intTensor('s', [-1, -1])]), 'FHE0208'],
    ['a slice of no step', single([node('Slice', ['x', 's', 's', 's', 's'], ['y'])], [intTensor('s', [0])]), 'FHE0208'],
  ])('%s', (_, bytes, expected) => {
    expect(error(bytes)).toMatch(new RegExp(expected, 's'));
  });

  it('a dynamic dimension other than the batch, by name', () => {
    const bytes = model({ inputs: [port('x', ['n', 3, 'height'])], outputs: ['y'], nodes: [relu] });
    expect(error(bytes)).toMatch(/FHE0206.*'height'/s);
  });

  it('training mode', () => {
    const nodes = [node('Dropout', ['x', 'ratio', 'training'], ['y'])];
    const training = { name: 'training', dims: [], dataType: dataTypes.bool, int32Data: [1] };
    const ratio = (r: number): Initializer => floatTensor('ratio', [], [r]);
    expect(error(single(nodes, [ratio(0.5), training]))).toContain('FHE0203');
    expect(error(single(nodes, [ratio(0), training]))).toBe('no error');
  });

  it('a control flow, saying why', () => {
    const branch = node('If', ['x'], ['y']);
    const bytes = single([{ ...branch, attribute: [{ name: 'then_branch', type: 5, g: { name: 'then' } }] }]);
    expect(error(bytes)).toMatch(/FHE0202.*sub-graph/s);
  });

  it('a chain of constants that doubles without end', () => {
    const doubling = Array.from({ length: 40 }, (_, i) =>
      node('Concat', [`c${i}`, `c${i}`], [`c${i + 1}`], { axis: 0 }),
    );
    const nodes = [...doubling, node('Add', ['x', 'c40'], ['y'])];
    expect(error(single(nodes, [floatTensor('c0', [1], [1])]))).toContain('FHE0205');
  });

  it('a client step where the network has several outputs', () => {
    const nodes = [node('Relu', ['x'], ['logits']), node('Softmax', ['logits'], ['y'])];
    expect(error(model({ inputs: [port('x', [2, 3])], outputs: ['logits', 'y'], nodes }))).toContain('FHE0501');
  });
});
