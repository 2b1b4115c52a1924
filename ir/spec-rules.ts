import { sameScale } from './ckks/ops.ts';
import { topLevel, type Parameters } from './ckks/parameters.ts';
import type { Code } from './codes.ts';
import { isMatrixAttr, isTensorAttr, type Attr } from './define.ts';
import type { Loc } from './diagnostics.ts';
import type { NetworkInterface, Port } from './interface.ts';
import { paramName, type Module } from './module.ts';
import { elementCount, sameShape } from './tensor.ts';
import { formatType, type Type } from './types.ts';

/** Where a check puts what it finds. */
export type Report = (code: Code, message: string, loc?: Loc) => void;

/** A rule about whole modules, beyond which ops and types are legal. */
export interface Rule {
  readonly id: `S${string}`;
  readonly law: string;
  readonly check: (module: Module, report: Report) => void;
}

export const noParameters: Rule = {
  id: 'S03',
  law: 'no encryption parameters above the ckks level',
  check: (module, report) => {
    if (module.parameters) report('FHE0306', `a module at level ${module.level} must not state parameters`);
  },
};

export const parametersPresent: Rule = {
  id: 'S03',
  law: 'encryption parameters at the ckks level',
  check: (module, report) => {
    if (!module.parameters) report('FHE0306', 'a module at level ckks must state its parameters');
  },
};

const isPowerOfTwo = (n: number): boolean => Number.isSafeInteger(n) && n > 0 && Number.isInteger(Math.log2(n));

function parametersProblem({ ringDegree, primes, specialPrimes, scales }: Parameters): string | undefined {
  const all = [...primes, ...specialPrimes];
  if (!isPowerOfTwo(ringDegree) || ringDegree < 4) return `ring degree ${ringDegree} is not a power of two above 2`;
  if (primes.length === 0) return 'there is no prime';
  const unfit = all.find((q) => q % BigInt(2 * ringDegree) !== 1n || q >= 1n << 60n || q < 2n);
  if (unfit !== undefined) return `${unfit} is not 1 modulo ${2 * ringDegree} and below 2^60`;
  if (new Set(all).size !== all.length) return 'a prime stands twice';
  if (scales.length !== primes.length) return `${scales.length} scales for ${primes.length} levels`;
  if (!scales.every((s) => Number.isFinite(s) && s >= 1)) return 'a scale is below 1 or not finite';
  const level = scales.findIndex((s, l) => l > 0 && !sameScale(scales[l - 1], (s * s) / Number(primes[l])));
  return level < 0 ? undefined : `scale of level ${level - 1} is not the square of that of level ${level} by its prime`;
}

export const parametersWellFormed: Rule = {
  id: 'S04',
  law: 'parameters fit together: a power of two, distinct primes that are 1 modulo 2N and below 2^60, scales[l - 1] = scales[l]^2 / primes[l]',
  check: (module, report) => {
    const problem = module.parameters && parametersProblem(module.parameters);
    if (problem) report('FHE0306', `parameters: ${problem}`);
  },
};

interface Slot {
  readonly name: string;
  readonly type: Type;
  readonly loc: Loc;
}

export const interfaceFits: Rule = {
  id: 'S05',
  law: 'the interface, where there is one, describes the parameters and results of main: names, shapes, order; factors are finite and not zero',
  check: (module, report) => {
    if (!module.interface) return;
    const main = module.funcs.find((f) => f.name === 'main');
    if (!main) {
      report('FHE0306', `a module with an interface must have the function 'main'`);
      return;
    }
    const params = main.params.map((p) => ({ name: paramName(p), type: p.type, loc: p.loc }));
    const results = main.results.map((r) => ({ name: r.name, type: r.value.type, loc: r.value.loc }));
    checkPorts('input', module.interface.inputs, params, report);
    checkPorts('output', module.interface.outputs, results, report);
    checkSteps(module.interface, report);
  },
};

function checkPorts(role: string, ports: readonly Port[], values: readonly Slot[], report: Report): void {
  let next = 0;
  for (const port of ports) {
    const { name, shape } = port;
    const problem = portProblem(port);
    if (problem) report('FHE0306', `${role} '${name}': ${problem}`);
    const value = values.at(next);
    if (value?.name === name) {
      if (value.type.kind === 'tensor' && !sameShape(value.type.shape, shape))
        report('FHE0306', `${role} '${name}' has shape [${shape.join(', ')}] in the interface`, value.loc);
      next++;
      continue;
    }
    const first = next;
    while (values.at(next)?.name === `${name}/${next - first}`) next++;
    if (next === first) report('FHE0306', `${role} '${name}' does not stand at its place in main`, value?.loc);
    for (const { type, loc } of values.slice(first, next)) {
      const layout = type.kind === 'packed' ? type.layout : undefined;
      if (layout && layout.size !== elementCount(shape))
        report('FHE0306', `${role} '${name}' has ${elementCount(shape)} elements, its layout ${layout.size}`, loc);
    }
  }
  const extra = values.at(next);
  if (extra) report('FHE0306', `'${extra.name}' of main is no ${role} of the interface`, extra.loc);
}

function portProblem({ shape, factor, layout }: Port): string | undefined {
  const count = elementCount(shape);
  if (layout && layout.size !== count) return `it has ${count} elements, its layout ${layout.size}`;
  if (!shape.every((d) => Number.isSafeInteger(d) && d > 0)) return `[${shape.join(', ')}] is no shape`;
  if (factor.length !== 1 && factor.length !== count) return `${factor.length} factors for ${count} elements`;
  return factor.every((f) => Number.isFinite(f) && f !== 0) ? undefined : 'a factor is zero or not finite';
}

function checkSteps({ outputs, clientSteps }: NetworkInterface, report: Report): void {
  const rank = Math.max(0, ...outputs.map((o) => o.shape.length));
  for (const { kind, axis } of clientSteps) {
    const inside = Number.isInteger(axis) && axis >= -rank && axis < rank;
    if (!inside) report('FHE0306', `client step ${kind}: axis ${axis} is outside the outputs`);
  }
}

/** A plain loop: networks have tens of millions of weights, and every pass is verified. */
function isFiniteData(data: Float64Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

const hasFiniteData = (attr: Attr): boolean => {
  if (Array.isArray(attr)) return (attr as readonly Attr[]).every((a) => (isMatrixAttr(a) ? hasFiniteData(a) : true));
  if (typeof attr !== 'object') return true;
  if (isTensorAttr(attr)) return isFiniteData(attr.data);
  return isMatrixAttr(attr) ? isFiniteData(attr.value) : true;
};

export const finiteConstants: Rule = {
  id: 'S06',
  law: 'constants hold finite numbers only',
  check: (module, report) => {
    for (const value of module.funcs.flatMap((f) => f.body)) {
      const bad = Object.entries(value.attrs).find(([, attr]) => !hasFiniteData(attr));
      if (bad) report('FHE0302', `${value.op}: '${bad[0]}' holds a number that is not finite`, value.loc);
    }
  },
};

export const vectorsOfOneLength: Rule = {
  id: 'S07',
  law: 'vectors all have one length, a power of two',
  check: (module, report) => {
    let slots: number | undefined;
    for (const { type, loc } of module.funcs.flatMap((f) => [...f.params, ...f.body])) {
      if (type.kind !== 'packed') continue;
      if (!isPowerOfTwo(type.slots)) report('FHE0303', `${type.slots} slots are not a power of two`, loc);
      else if (type.slots !== (slots ??= type.slots))
        report('FHE0303', `vectors of ${slots} and of ${type.slots} slots in one module`, loc);
    }
  },
};

export const ckksTypes: Rule = {
  id: 'S07',
  law: 'levels lie in the chain, scales are finite and at least 1, ciphertexts have size 2 or 3',
  check: (module, report) => {
    // A chain without primes is S04's mistake.
    if (!module.parameters?.primes.length) return;
    const top = topLevel(module.parameters);
    for (const { type, loc } of module.funcs.flatMap((f) => [...f.params, ...f.body])) {
      if (type.kind !== 'cipher' && type.kind !== 'plain') continue;
      const text = formatType(type);
      if (type.level > top) report('FHE0303', `level of ${text} is above the chain (${top})`, loc);
      else if (!Number.isFinite(type.scale) || type.scale < 1) report('FHE0303', `scale of ${text} is no scale`, loc);
      else if (type.kind === 'cipher' && type.size !== 2 && type.size !== 3)
        report('FHE0303', `size of ${text} is neither 2 nor 3`, loc);
    }
  },
};

export const resultsOfSizeTwo: Rule = {
  id: 'S08',
  law: 'parameters and results are ciphertexts of size 2',
  check: (module, report) => {
    const check = (what: string, type: Type, loc: Loc): void => {
      if (type.kind !== 'cipher' || type.size !== 2)
        report('FHE0303', `${what} is ${formatType(type)}, not a ciphertext of size 2`, loc);
    };
    for (const func of module.funcs) {
      for (const p of func.params) check(`parameter '${paramName(p)}'`, p.type, p.loc);
      for (const r of func.results) check(`result '${r.name}'`, r.value.type, r.value.loc);
    }
  },
};

export const rules: readonly Rule[] = [
  noParameters,
  parametersPresent,
  parametersWellFormed,
  interfaceFits,
  finiteConstants,
  vectorsOfOneLength,
  ckksTypes,
  resultsOfSizeTwo,
];
