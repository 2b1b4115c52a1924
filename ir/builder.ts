import { arityProblem, attrProblem, type Attrs, type InferContext, type OpDefinition } from './define.ts';
import { fail, unknownLoc, type Loc } from './diagnostics.ts';
import { liveBody, type Func, type Result, type Value } from './module.ts';
import { registry } from './registry.ts';
import { errorType, type Type } from './types.ts';

/** Makes a parameter of a function. */
function makeParam(name: string, type: Type, loc: Loc = unknownLoc): Value {
  return { op: 'param', operands: [], attrs: { name }, type, loc };
}

/**
 * The one way to create ops. Infers each type; throws a FhecError that names `loc` when an op refuses its operands or attributes.
 */
export class Builder {
  readonly #params: Value[] = [];
  readonly #body: Value[] = [];
  readonly #context: InferContext;

  constructor(context: InferContext = { parameters: undefined }) {
    this.#context = context;
  }

  param(name: string, type: Type, loc: Loc = unknownLoc): Value {
    const value = makeParam(name, type, loc);
    this.#params.push(value);
    return value;
  }

  create(definition: OpDefinition, operands: readonly Value[], attrs: Attrs = {}, loc: Loc = unknownLoc): Value {
    const problem = arityProblem(definition, operands.length);
    if (problem) fail('FHE0301', `${definition.name}: ${problem}`, loc);
    const wrong = attrProblem(definition, attrs);
    if (wrong) fail('FHE0302', `${definition.name}: ${wrong}`, loc);
    const type = inferType(definition, operands, attrs, this.#context);
    if (typeof type === 'string') fail('FHE0301', `${definition.name}: ${type}`, loc);
    const value: Value = { op: definition.name, operands, attrs, type, loc };
    this.#body.push(value);
    return value;
  }

  /** The op of `value` again, on other operands. */
  copy(value: Value, operands: readonly Value[]): Value {
    return this.create(registry.get(value.op), operands, value.attrs, value.loc);
  }

  /** The function made so far, without what the results do not need. Parameters stay, used or not. */
  finish(name: string, results: readonly Result[]): Func {
    return { name, params: [...this.#params], body: liveBody(results, this.#body), results };
  }
}

/** The type that the op gives, the reason why it gives none, or the error type when an operand is poisoned. */
export function inferType(
  definition: OpDefinition,
  operands: readonly Value[],
  attrs: Attrs,
  context: InferContext,
): Type | string {
  const types = operands.map((o) => o.type);
  return types.some((t) => t.kind === 'error') ? errorType : definition.infer(types, attrs, context);
}
