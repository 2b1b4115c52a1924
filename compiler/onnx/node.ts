import { inferType, type Builder } from '../../ir/builder.ts';
import { attrProblem, type Attrs, type OpDefinition } from '../../ir/define.ts';
import { fail, type Loc } from '../../ir/diagnostics.ts';
import { constant } from '../../ir/nn/elementwise.ts';
import { elementCount, type Tensor } from '../../ir/tensor.ts';
import type { Attributes } from './attributes.ts';
import type { ElementKind } from './elements.ts';
import type { FoldingBudget } from './folding.ts';
import { toSafeInteger } from './numbers.ts';
import { constantOf, type Operand } from './operand.ts';
import { checkedShape } from './tensors.ts';

interface NodeDescription {
  readonly operator: string;
  readonly opset: number;
  readonly loc: Loc;
  readonly inputs: readonly (Operand | undefined)[];
  /** Names of the outputs; '' for one that the node leaves out. */
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  readonly builder: Builder;
  readonly budget: FoldingBudget;
}

/** One ONNX node on its way into the module: what it says, and the only way for an importer to make ops. */
export class OnnxNode {
  readonly operator: string;
  /** Version of the default operator set that the model imports. */
  readonly opset: number;
  readonly loc: Loc;
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  readonly #inputs: readonly (Operand | undefined)[];
  readonly #builder: Builder;
  readonly #budget: FoldingBudget;
  #asked = 0;

  constructor(description: NodeDescription) {
    this.operator = description.operator;
    this.opset = description.opset;
    this.loc = description.loc;
    this.outputs = description.outputs;
    this.attributes = description.attributes;
    this.#inputs = description.inputs;
    this.#builder = description.builder;
    this.#budget = description.budget;
  }

  /** Input i, which the operator requires. */
  input(i: number): Operand {
    return this.optional(i) ?? fail('FHE0208', `input ${i} of ${this.operator} is missing`, this.loc);
  }

  optional(i: number): Operand | undefined {
    this.#asked = Math.max(this.#asked, i + 1);
    return this.#inputs[i];
  }

  /** Every input, of which at least one must be there. */
  allInputs(): Operand[] {
    const count = Math.max(this.#inputs.length, 1);
    return Array.from({ length: count }, (_, i) => this.input(i));
  }

  /** How many inputs were given that no importer asked for. */
  unknownInputs(): number {
    return this.#inputs.slice(this.#asked).filter((i) => i !== undefined).length;
  }

  /** The value of input i, which must not depend on the inputs of the network; undefined where it is left out. */
  constantInput(i: number, what: string): Tensor | undefined {
    const operand = this.optional(i);
    if (!operand) return undefined;
    return (
      constantOf(operand) ??
      fail(
        'FHE0206',
        `input '${what}' of ${this.operator} must be a constant; here it depends on an input of the network`,
        this.loc,
      )
    );
  }

  /** As {@link constantInput}, as integers. */
  constantInts(i: number, what: string): readonly number[] | undefined {
    const value = this.constantInput(i, what);
    return value && Array.from(value.data, toSafeInteger);
  }

  /** Refuses the node: its form cannot be imported. `message` says what is wrong with it. */
  refuse(message: string): never {
    return fail('FHE0203', `${this.operator}: ${message}`, this.loc);
  }

  /** Refuses the node: the model contradicts the operator's definition. */
  malformed(message: string): never {
    return fail('FHE0208', `${this.operator}: ${message}`, this.loc);
  }

  constant(value: Tensor, kind: ElementKind): Operand {
    this.#budget.take(value.data.length, 0, this.loc);
    return this.#define(value, kind);
  }

  #define(value: Tensor, kind: ElementKind): Operand {
    return { value: this.#builder.create(constant, [], { value }, this.loc), kind };
  }

  /** Creates an op, or the constant that it is where no operand depends on the inputs of the network. The kind is that of the first operand. */
  emit(definition: OpDefinition, operands: readonly Operand[], attrs: Attrs = {}): Operand {
    const values = operands.map((o) => o.value);
    const problem = attrProblem(definition, attrs);
    if (problem) this.malformed(problem);
    const type = inferType(definition, values, attrs, { parameters: undefined });
    if (typeof type === 'string') return this.malformed(type);
    const shape = type.kind === 'tensor' ? checkedShape(type.shape, 'the result', this.loc) : [];
    const kind = operands[0]?.kind ?? 'float';
    const known = operands.map(constantOf).filter((c) => c !== undefined);
    if (known.length < operands.length)
      return { value: this.#builder.create(definition, values, attrs, this.loc), kind };
    const sizes = known.map((c) => c.data.length);
    const count = elementCount(shape);
    this.#budget.take(count, count * (sizes.length > 1 ? Math.min(...sizes) : 1), this.loc);
    return this.#define(definition.eval(known, attrs), kind);
  }
}

/** What a node becomes: its outputs in order. */
export type Importer = (node: OnnxNode) => Operand | readonly Operand[];
export type ImporterTable = Readonly<Record<string, Importer>>;
