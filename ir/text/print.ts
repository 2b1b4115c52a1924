import { isMatrixAttr, isTensorAttr, type Attr } from '../define.ts';
import { InternalError, type Loc } from '../diagnostics.ts';
import type { NetworkInterface, Port } from '../interface.ts';
import { formatLayout } from '../layout.ts';
import type { Parameters } from '../ckks/parameters.ts';
import { rowIndices, type Matrix } from '../matrix.ts';
import { paramName, type Func, type Module, type Value } from '../module.ts';
import type { Tensor } from '../tensor.ts';
import { formatType } from '../types.ts';
import { maxInlineMatrixSize } from './attributes.ts';
import { constantName, type Constant, type ConstantStore } from './constants.ts';

export interface PrintOptions {
  /** Print where each value came from. */
  readonly loc?: boolean;
  /** Takes the constants that are too large for text; without it the text names them, and reading it back needs the store. */
  readonly constants?: ConstantStore;
}

/** Constants with more elements (tensors) or entries (matrices) are named, not written out. */
const maxInlineElements = 16;

/**
 * The canonical text of a module: values renumbered, attributes sorted by name, numbers in their shortest exact form, one op a line.
 * Equal modules have equal text, and reading it gives the module back.
 */
export function printModule(module: Module, options: PrintOptions = {}): string {
  const parts = [printHeader(module), ...module.funcs.map((f) => printFunc(f, options))];
  return parts.map((p) => `${p}\n`).join('\n');
}

function printHeader({ level, parameters, interface: networkInterface }: Module): string {
  const facts = [
    ...(parameters ? [printParameters(parameters)] : []),
    ...(networkInterface ? printInterface(networkInterface) : []),
  ];
  return facts.length === 0 ? `module ${level}` : [`module ${level} {`, ...facts.map((f) => `  ${f}`), '}'].join('\n');
}

function printParameters(p: Parameters): string {
  const facts = [
    `ring_degree = ${p.ringDegree}`,
    `primes = [${p.primes.join(', ')}]`,
    `special_primes = [${p.specialPrimes.join(', ')}]`,
    `scales = ${numbers(p.scales)}`,
    `secure = ${p.secure}`,
  ];
  return `parameters <${facts.join(', ')}>`;
}

function printInterface({ inputs, outputs, clientSteps }: NetworkInterface): string[] {
  const port = (role: string, p: Port): string =>
    `  ${role} ${quote(p.name)} ${numbers(p.shape)} factor ${numbers(p.factor)}${p.layout ? ` layout ${quote(formatLayout(p.layout))}` : ''}`;
  return [
    'interface {',
    ...inputs.map((p) => port('input', p)),
    ...outputs.map((p) => port('output', p)),
    ...clientSteps.map((s) => `  client ${s.kind} axis ${number(s.axis)} node ${quote(s.node)}`),
    '}',
  ];
}

function printFunc(func: Func, options: PrintOptions): string {
  const ids = new Map<Value, string>();
  for (const value of [...func.params, ...func.body]) ids.set(value, `%${ids.size}`);
  const id = (value: Value): string => {
    const name = ids.get(value);
    if (name === undefined) throw new InternalError(`${func.name}: value of ${value.op} used before its definition`);
    return name;
  };
  const locOf = (value: Value): string => (options.loc ? ` loc(${printLoc(value.loc)})` : '');
  // Names are computed once a constant, not once a use.
  const names = new Map<Constant, string>();
  const nameOf = (constant: Constant): string => {
    let name = names.get(constant);
    if (name === undefined) {
      name = constantName(constant);
      names.set(constant, name);
      options.constants?.put(name, constant);
    }
    return `#${name}`;
  };
  const params = func.params.map((p) => `${id(p)}: ${formatType(p.type)} ${quote(paramName(p))}${locOf(p)}`);
  const ops = func.body.map((v) => {
    const attrs = Object.keys(v.attrs)
      .sort()
      .map((key) => `${key} = ${printAttr(v.attrs[key], nameOf)}`);
    const dict = attrs.length === 0 ? '' : ` {${attrs.join(', ')}}`;
    return `  ${id(v)} = ${v.op}(${v.operands.map(id).join(', ')})${dict} : ${formatType(v.type)}${locOf(v)}`;
  });
  const results = func.results.map((r) => `${id(r.value)} ${quote(r.name)}`);
  const name = /^[A-Za-z_][\w.-]*$/.test(func.name) ? func.name : quote(func.name);
  return [
    `func @${name}(${params.join(', ')}) {`,
    ...ops,
    `  return${results.length > 0 ? ' ' : ''}${results.join(', ')}`,
    '}',
  ].join('\n');
}

function printAttr(attr: Attr, nameOf: (constant: Constant) => string): string {
  if (typeof attr === 'number') return number(attr);
  if (typeof attr === 'string') return quote(attr);
  if (typeof attr === 'boolean') return String(attr);
  if (isTensorAttr(attr)) return printTensor(attr) ?? nameOf(attr);
  if (isMatrixAttr(attr)) return printMatrix(attr) ?? nameOf(attr);
  return `[${attr.map((item) => printAttr(item, nameOf)).join(', ')}]`;
}

const printTensor = (t: Tensor): string | undefined =>
  t.data.length <= maxInlineElements ? `dense<${numbers(t.shape)}>${numbers([...t.data])}` : undefined;

function printMatrix(m: Matrix): string | undefined {
  if (m.value.length > maxInlineElements || Math.max(m.rows, m.columns) > maxInlineMatrixSize) return undefined;
  const row = rowIndices(m);
  const entries = [...m.value].map((v, i) => numbers([row[i], m.column[i], v]));
  return `sparse<[${m.rows}, ${m.columns}]>[${entries.join(', ')}]`;
}

function printLoc(loc: Loc): string {
  if (loc.kind !== 'derived') return printPlace(loc);
  return `derived ${quote(loc.pass)} [${leaves(loc).map(printPlace).join(', ')}]`;
}

/** The origins of a location: derivations inside derivations are flat in text. */
function leaves(loc: Loc): Exclude<Loc, { kind: 'derived' }>[] {
  const result: Exclude<Loc, { kind: 'derived' }>[] = [];
  const rest = [loc];
  for (let next = rest.shift(); next; next = rest.shift()) {
    if (next.kind === 'derived') rest.unshift(...next.parents);
    else result.push(next);
  }
  return result;
}

function printPlace(loc: Exclude<Loc, { kind: 'derived' }>): string {
  switch (loc.kind) {
    case 'unknown':
      return 'unknown';
    case 'onnx':
      return `node ${quote(loc.node)} ${quote(loc.operator)}`;
    case 'text':
      return `${quote(loc.file)}:${loc.line}:${loc.column}`;
  }
}

const quote = (text: string): string => JSON.stringify(text);
const number = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));
const numbers = (list: readonly number[]): string => `[${list.map(number).join(', ')}]`;
