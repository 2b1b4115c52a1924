import type { Parameters } from '../ckks/parameters.ts';
import type { ClientStep, NetworkInterface, Port } from '../interface.ts';
import { parseLayout } from '../layout.ts';
import type { AttrSyntax, InterfaceSyntax, ParametersSyntax, PortSyntax } from './syntax.ts';

const integerText = /^\d{1,40}$/;

const integers = (attr: AttrSyntax | undefined): bigint[] | undefined => {
  if (attr?.kind !== 'list') return undefined;
  const items = attr.items.flatMap((i) => (i.kind === 'number' && integerText.test(i.text) ? [BigInt(i.text)] : []));
  return items.length === attr.items.length ? items : undefined;
};

const numbers = (attr: AttrSyntax | undefined): number[] | undefined => {
  if (attr?.kind !== 'list') return undefined;
  const items = attr.items.flatMap((i) => (i.kind === 'number' ? [Number(i.text)] : []));
  return items.length === attr.items.length ? items : undefined;
};

/** The parameters that the header states, or the reason why it states none. Whether they fit together is the verifier's business. */
export function readParameters(syntax: ParametersSyntax): Parameters | string {
  const facts = new Map(syntax.facts.map((f) => [f.name.text, f.value]));
  const known = ['ring_degree', 'primes', 'special_primes', 'scales', 'secure'];
  const extra = [...facts.keys()].find((f) => !known.includes(f));
  if (extra !== undefined) return `parameters have no '${extra}'`;
  const degree = facts.get('ring_degree');
  const secure = facts.get('secure');
  const primes = integers(facts.get('primes'));
  const specialPrimes = integers(facts.get('special_primes'));
  const scales = numbers(facts.get('scales'));
  if (degree?.kind !== 'number' || !integerText.test(degree.text)) return `'ring_degree' must be an integer`;
  if (!primes || !specialPrimes) return `'primes' and 'special_primes' must be lists of integers`;
  if (!scales) return `'scales' must be a list of numbers`;
  if (secure?.kind !== 'bool') return `'secure' must be true or false`;
  return { ringDegree: Number(degree.text), primes, specialPrimes, scales, secure: secure.value };
}

function readPort({ name, shape, factor, layout: text }: PortSyntax): Port {
  const layout = text === undefined ? undefined : parseLayout(text);
  return { name, shape, factor, ...(layout && { layout }) };
}

/** The interface that the header states, or the reason why it states none. */
export function readInterface(syntax: InterfaceSyntax): NetworkInterface | string {
  const bad = syntax.ports.find((p) => p.layout !== undefined && !parseLayout(p.layout));
  if (bad) return `'layout' of '${bad.name}' must be a layout such as "8: 2@4 4@1"`;
  const ports = (role: 'input' | 'output'): Port[] => syntax.ports.filter((p) => p.role === role).map(readPort);
  const clientSteps: ClientStep[] = [];
  for (const { kind, axis, node } of syntax.clientSteps) {
    if (kind.text !== 'softmax' && kind.text !== 'argmax') return `client step '${kind.text}' is unknown`;
    clientSteps.push({ kind: kind.text, axis, node });
  }
  return { inputs: ports('input'), outputs: ports('output'), clientSteps };
}
