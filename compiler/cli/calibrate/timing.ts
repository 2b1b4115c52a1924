import { costedOps, type CostedOp } from '../../../passes/analysis/cost-table.ts';
import { isSecure, maxModulusBits, type Parameters } from '../../../ir/ckks/parameters.ts';
import { InternalError } from '../../../ir/diagnostics.ts';
import { makeParameters } from '../../../passes/schedule/parameters.ts';
import { primeBelow } from '../../../passes/schedule/primes.ts';
import type { Measured } from '../../costs/fit.ts';

/** Seconds to repeat one operation for, at least `leastRuns` times. */
const secondsEach = 0.15;
const leastRuns = 3;
const mostRuns = 200;

/**
 * What a call takes when nothing disturbs it, in seconds: the tenth percentile, since other work on the machine only ever makes calls longer. The first
 * call, which fills caches, does not count.
 */
export function undisturbedSeconds(call: () => void): number {
  call();
  const seconds: number[] = [];
  const began = performance.now();
  while (seconds.length < leastRuns || (performance.now() - began < 1000 * secondsEach && seconds.length < mostRuns)) {
    const started = performance.now();
    call();
    seconds.push((performance.now() - started) / 1000);
  }
  return seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 10)];
}

/** What measures one back end at one modulus chain. */
export interface Bench {
  readonly parameters: Parameters;
  /** One operation on operands of so many primes (for mod_raise: with such a result), its result released; undefined for what is not measured. */
  readonly operation: (op: CostedOp, primes: number) => (() => void) | undefined;
  readonly close: () => void;
}

/** A switch of secrets is a rotation without its automorphism. */
const measuredOps = costedOps.filter((op) => op !== 'switch_key');

/** Every operation at half of the chain and at all of it. */
export function* measure({ parameters, operation }: Bench): Iterable<Measured> {
  const top = parameters.primes.length;
  for (const primes of new Set([Math.ceil((top + 1) / 2), top])) {
    for (const op of measuredOps) {
      const call = operation(op, primes);
      if (!call) continue;
      const { ringDegree, specialPrimes } = parameters;
      yield { op, ringDegree, primes, specialPrimes: specialPrimes.length, seconds: undisturbedSeconds(call) };
    }
  }
}

const scaleBits = 40;
const headroomBits = 8;
/** The widest that the AVX-512 IFMA kernel takes. */
const specialBits = 50n;

/** The longest chain of 40-bit primes that is secure, at least three levels and at most 16: times do not depend on security. */
export function chainOf(ringDegree: number): Parameters {
  const budget = maxModulusBits.get(ringDegree) ?? 0;
  const depth = Math.min(16, Math.max(3, Math.floor((budget - 100) / scaleBits)));
  const made = makeParameters({ ringDegree, depth, scaleBits, headroomBits });
  const special = primeBelow(1n << specialBits, BigInt(2 * ringDegree), new Set(made?.primes));
  if (!made || special === undefined) throw new InternalError(`no chain of primes for N = ${ringDegree}`);
  const chain = { ...made, specialPrimes: [special] };
  return { ...chain, secure: isSecure(chain) };
}
