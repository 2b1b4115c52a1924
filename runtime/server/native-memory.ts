import { loadedKeyBytes } from '../../ir/ckks/key-bytes.ts';
import { keptWeights, mostFused } from '../../ir/ckks/plaintext-bytes.ts';
import { fail } from '../../ir/diagnostics.ts';
import type { Program, Register } from '../../ir/program/program.ts';
import { inputCount } from '../execute.ts';
import { neededKeys } from '../files/evaluation-keys.ts';
import { fuseProgram, type FusionLimits } from '../native/fuse.ts';
import { ciphersOf, isExtended, keyedBy, lastSteps, plainsOf, resultsOf } from '../native/fused-steps.ts';
import { plaintextBytes, type PlaintextBytes } from '../native/plaintext-bytes.ts';
import { weightsOf } from '../native/plaintext-store.ts';
import { describeNeeded } from '../native/describe-key.ts';
import { fusedShapes, type RegisterShape } from '../native/register-shapes.ts';
import { formatMemory, machineMemory, machineShare, type BudgetLimits } from './budgets.ts';
import { keyUses } from './key-cache.ts';

/** How a native server shares its memory. */
export interface NativeBudget {
  /** Bytes of evaluation keys to hold at a time; at least the largest one. */
  readonly keys: number;
  /** Bytes of encoded weights to keep from run to run. */
  readonly plaintexts: number;
  /** What fusion may hold at a time. */
  readonly fusion: FusionLimits;
  /** Bytes that the engine refuses to go beyond; 0 for no limit. */
  readonly engine: number;
}

/** Intermediate results of the operations beside what {@link nativeMemory} counts, and buffers whose sizes do not fit: measured 1% to 8%. */
const slack = 1.15;

/** What fusion may hold, if all keys fit beside it. */
const fusionBytes = [mostFused, 2 ** 26, 2 ** 24];

/** Bytes that each key which the program uses takes in the engine, by its section. */
export function nativeKeyBytes({ parameters, keys, instructions }: Program): Map<string, number> {
  const used = new Set(keyUses(instructions));
  const needed = neededKeys(keys, parameters).filter(({ section }) => used.has(section));
  return new Map(needed.map((key) => [key.section, loadedKeyBytes(parameters, describeNeeded(parameters, key))]));
}

/** What fusion may do where memory is short: sums of products, a few at a time. */
const leastFusion: FusionLimits = { bytes: 0, keys: 1 };

/** Bytes of the engine for one run as it is fused, without keys and kept weights, at most. */
export function nativeWorkingBytes(
  program: Program,
  limits = leastFusion,
  bytesOf: PlaintextBytes = plaintextBytes(program),
): number {
  const { parameters, outputs } = program;
  const { ringDegree, primes, specialPrimes } = parameters;
  const steps = fuseProgram(program, limits, bytesOf);
  const shapes = fusedShapes(program, steps);
  const shape = (r: Register): RegisterShape => shapes.get(r) ?? { level: primes.length - 1, parts: 2 };
  const extended = new Set(steps.flatMap(({ call }) => (isExtended(call) ? resultsOf(call) : [])));
  const sizeOf = (r: Register): number =>
    shape(r).parts * (shape(r).level + 1 + (extended.has(r) ? specialPrimes.length : 0));
  const last = lastSteps(program, steps);
  let live = 0;
  let peak = 0;
  const held = new Set<Register>();
  const hold = (r: Register): void => {
    if (!held.has(r)) live += sizeOf(r);
    held.add(r);
  };
  const inputs = inputCount(program);
  for (let r = 0; r < inputs; r++) hold(r);
  steps.forEach(({ call }, s) => {
    const results = resultsOf(call);
    for (const r of results) hold(r);
    const { level } = shape(results[0]);
    const switched = call.kind === 'automorphisms' ? results.length : keyedBy(call).length;
    const dividing = switched > 0 || call.kind === 'divide';
    const splitting = dividing ? 5 * (level + 1) + 2 * (1 + switched) * specialPrimes.length : 0;
    const plains = plainsOf(call).reduce((sum, r) => sum + bytesOf(r, isExtended(call)) / (8 * ringDegree), 0);
    peak = Math.max(peak, live + splitting + plains);
    for (const r of [...ciphersOf(call), ...results]) {
      if ((last.get(r) ?? s) > s || r < inputs || !held.delete(r)) continue;
      live -= sizeOf(r);
    }
  });
  for (const { registers } of outputs) for (const r of registers) hold(r);
  // Tables of the transforms, forward and back with quotients, and of the encoder.
  const tables = 4 * (primes.length + specialPrimes.length) + 8;
  return slack * (Math.max(peak, live) + tables) * 8 * ringDegree;
}

/**
 * Shares the memory of a native server: what a run needs comes first, then keys, since a key that is not there is read several times a run, then
 * encoded weights. Errors: FHE0805 when the budget does not hold a run with one key, or the machine has not as much memory.
 */
export function nativeBudget(program: Program, limits: BudgetLimits, machine = machineMemory()): NativeBudget {
  const keyBytes = [...nativeKeyBytes(program).values()];
  const bytesOf = plaintextBytes(program);
  const largest = Math.max(0, ...keyBytes);
  const allKeys = keyBytes.reduce((sum, b) => sum + b, 0);
  const { memoryBudget } = limits;
  const least = nativeWorkingBytes(program, leastFusion, bytesOf) + largest;
  if (memoryBudget !== undefined && least > memoryBudget)
    refuse(`the memory budget is ${formatMemory(memoryBudget)}`, least);
  if (least > machine.total) refuse(`the machine has ${formatMemory(machine.total)} of memory`, least);
  const available = memoryBudget ?? Math.max(least, machineShare * machine.free);
  const wanted = Math.min(allKeys, Math.max(largest, limits.keyBudget ?? Infinity));
  // However large they are.
  const together = (bytes: number): number => Math.max(1, Math.floor(bytes / Math.max(1, largest)));
  const working = (bytes: number): number => nativeWorkingBytes(program, { bytes, keys: together(wanted) }, bytesOf);
  const bytes = fusionBytes.find((b) => working(b) + wanted <= available) ?? 0;
  const spare = Math.max(0, available - (bytes > 0 ? working(bytes) + largest : least));
  const keys = Math.min(wanted, largest + spare);
  const left = spare - (keys - largest);
  const fusion = bytes > 0 ? { bytes, keys: together(keys) } : leastFusion;
  const weights = weightsOf(program, fuseProgram(program, fusion, bytesOf), bytesOf).reduce(
    (sum, w) => sum + w.bytes,
    0,
  );
  const plaintexts = Math.min(limits.plaintextBudget ?? keptWeights, weights, left);
  return { keys, plaintexts, fusion, engine: Math.floor(memoryBudget ?? 0) };
}

function refuse(reason: string, least: number): never {
  fail(
    'FHE0805',
    `${reason}, and the native engine needs at least ${formatMemory(least)}: for tables, ciphertexts that live at once, and one evaluation key`,
  );
}
