import { arityProblem, attrProblem, isMatrixAttr, type Attr } from './define.ts';
import { diagnostic, unknownLoc, type Diagnostic, type Loc } from './diagnostics.ts';
import { matrixProblem } from './matrix-check.ts';
import { paramName, type Func, type Module, type Value } from './module.ts';
import { registry } from './registry.ts';
import type { Report } from './spec-rules.ts';
import type { Spec } from './spec.ts';
import { formatType, sameType } from './types.ts';

/**
 * The verifier: collects every breach of an invariant, one message a mistake (a value that fails silences what depends on it).
 * Each invariant has a file test `test/ir/verify/ID-*.fir` that breaks it.
 *
 * Structure, at every level (verifyStructure):
 *   V01 every op is registered
 *   V02 an op has as many operands as its definition says
 *   V03 an op has exactly the attributes of its definition, of the right kind; matrices are well-formed
 *   V04 an op accepts its operands and attributes
 *   V05 the type of a value is the one that its op infers
 *   V06 operands and results are parameters or earlier values of the same function
 *   V07 a value is defined once
 *   V08 names of parameters, of results and of functions are unique
 * What a level allows (verifyModule, from the spec):
 *   S01 ... S08: see spec.ts.
 * Not checked here: that a module means the same as the one it came from (property tests do), that layouts of operands agree
 * (the meaning of `slots.pack` is the lowering's promise), that ciphertext scales are canonical and parameters secure (passes/check).
 */
export function verifyModule(module: Module, spec: Spec): Diagnostic[] {
  const diagnostics = verifyStructure(module);
  const report: Report = (code, message, loc = unknownLoc) => void diagnostics.push(diagnostic(code, message, loc));
  if (module.level !== spec.level) {
    report('FHE0304', `the module is at level ${module.level}, '${spec.name}' asks for ${spec.level}`);
    return diagnostics;
  }
  for (const func of module.funcs) {
    for (const value of func.body) {
      // An unregistered op has its message already.
      if (registry.find(value.op) && !spec.ops.has(value.op))
        report('FHE0304', `${value.op} is not legal in ${spec.name}`, value.loc);
    }
    for (const { type, loc } of [...func.params, ...func.body]) {
      if (!spec.types.includes(type.kind))
        report('FHE0303', `type ${formatType(type)} is not legal in ${spec.name}`, loc);
    }
  }
  for (const rule of spec.rules) rule.check(module, report);
  return diagnostics;
}

/** The invariants of every level; `parseModule` checks them too. */
export function verifyStructure(module: Module): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (code, message, loc = unknownLoc) => void diagnostics.push(diagnostic(code, message, loc));
  repeated(module.funcs.map((f) => f.name)).forEach((name) =>
    report('FHE0306', `function '${name}' stands twice`, module.funcs.find((f) => f.name === name)?.params[0]?.loc),
  );
  for (const func of module.funcs) verifyFunc(func, module, report);
  return diagnostics;
}

const repeated = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, i) => names.indexOf(name) !== i)),
];

function verifyFunc(func: Func, module: Module, report: Report): void {
  const defined = new Set<Value>();
  // Values whose type cannot be trusted: poisoned by the reader, or found wrong here.
  const wrong = new Set<Value>();
  const define = (value: Value): void => {
    if (defined.has(value)) report('FHE0305', `${func.name}: a value of ${value.op} is defined twice`, value.loc);
    defined.add(value);
    if (value.type.kind === 'error') wrong.add(value);
  };
  const isUsable = (value: Value, user: string, loc: Loc): boolean => {
    if (!defined.has(value) && value.type.kind !== 'error')
      report('FHE0305', `${user}: a value of ${value.op} is used before its definition`, loc);
    return defined.has(value) && !wrong.has(value);
  };
  for (const param of func.params) {
    if (param.op !== 'param' || param.operands.length > 0 || typeof param.attrs['name'] !== 'string')
      report('FHE0306', `${func.name}: a parameter must be the op 'param' with a name`, param.loc);
    define(param);
  }
  for (const value of func.body) {
    const usable = value.operands.map((o) => isUsable(o, value.op, value.loc)).every(Boolean);
    if (value.type.kind !== 'error' && !(usable ? verifyValue(value, module, report) : isShaped(value, report)))
      wrong.add(value);
    if (!usable) wrong.add(value);
    define(value);
  }
  for (const { name, value } of func.results) isUsable(value, `result '${name}'`, value.loc);
  repeated(func.params.map(paramName)).forEach((name) =>
    report('FHE0306', `${func.name}: parameter '${name}' stands twice`, lastNamed(func, name)),
  );
  repeated(func.results.map((r) => r.name)).forEach((name) =>
    report('FHE0306', `${func.name}: result '${name}' stands twice`, func.results[0].value.loc),
  );
}

const lastNamed = (func: Func, name: string): Loc =>
  func.params.findLast((p) => paramName(p) === name)?.loc ?? unknownLoc;

/** V01 to V03: what does not need the types of the operands. */
function isShaped(value: Value, report: Report): boolean {
  const definition = registry.find(value.op);
  if (!definition) {
    report('FHE0102', `op '${value.op}' is unknown`, value.loc);
    return false;
  }
  const arity = arityProblem(definition, value.operands.length);
  if (arity) report('FHE0301', `${value.op}: ${arity}`, value.loc);
  const attrs = attrProblem(definition, value.attrs) ?? contentProblem(Object.entries(value.attrs));
  if (attrs) report('FHE0302', `${value.op}: ${attrs}`, value.loc);
  return !arity && !attrs;
}

function contentProblem(attrs: readonly (readonly [string, Attr])[]): string | undefined {
  for (const [name, attr] of attrs) {
    for (const item of Array.isArray(attr) ? (attr as readonly Attr[]) : [attr]) {
      const problem = isMatrixAttr(item) ? matrixProblem(item) : undefined;
      if (problem) return `a matrix of '${name}' is malformed: ${problem}`;
    }
  }
  return undefined;
}

/** V01 to V05 for a value whose operands are sound. True when the type can be trusted. */
function verifyValue(value: Value, module: Module, report: Report): boolean {
  if (!isShaped(value, report)) return false;
  const operands = value.operands.map((o) => o.type);
  const type = registry.get(value.op).infer(operands, value.attrs, { parameters: module.parameters });
  if (typeof type === 'string') report('FHE0301', `${value.op}: ${type}`, value.loc);
  else if (!sameType(type, value.type))
    report(
      'FHE0303',
      `${value.op} gives ${formatType(type)}, but ${formatType(value.type)} is written here`,
      value.loc,
    );
  else return true;
  return false;
}
