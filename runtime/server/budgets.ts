import { freemem, totalmem } from 'node:os';
import { fail } from '../../ir/diagnostics.ts';
import type { Program } from '../../ir/program/program.ts';
import { ownedInstructions } from './partition.ts';
import { threadMemory, type ThreadMemory } from './seal-memory.ts';

/** What a thread may keep. Whole keys fit into `keys`. */
export interface ThreadBudget {
  /** Bytes of evaluation keys to hold at a time. */
  readonly keys: number;
  /** Bytes of encoded weights to keep from run to run. */
  readonly plaintexts: number;
  /** Bytes of SEAL's heap that the thread is expected to use with them. */
  readonly expected: number;
}

export interface BudgetLimits {
  /** Bytes of encoded weights over all threads; default 512 MiB for SEAL, 1.5 GiB for the native engine. */
  readonly plaintextBudget?: number | undefined;
  /** Bytes of evaluation keys: of each thread of SEAL, of the native engine in all; default all that are needed. */
  readonly keyBudget?: number | undefined;
  /** Bytes for everything; default what the machine has. */
  readonly memoryBudget?: number | undefined;
}

/** Bytes of the machine: all, and those that nothing else uses. */
export interface MachineMemory {
  readonly total: number;
  readonly free: number;
}

/** The end of the heap of one thread (WebAssembly addresses have 32 bits). */
const heapEnd = 2 ** 32;
/** Large blocks that come and go leave gaps between them: measured 5% to 12% of the values. */
const gaps = 1.2;
/** Kept free: SEAL does not survive the end of its heap. */
const margin = 160 * 2 ** 20;
/** JavaScript's own memory of a thread: program, weights, the file of one key. */
const javascriptBytes = (memory: ThreadMemory): number => 200 * 2 ** 20 + memory.key / 2;
/** The share of the free memory that a server takes at most. */
export const machineShare = 0.8;

/** Bytes of encoded weights that a server keeps where nobody says otherwise. */
export const defaultPlaintexts = 512 * 2 ** 20;

export function machineMemory(): MachineMemory {
  // A container's limit, or nothing that means anything.
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  return { total, free: Math.min(freemem(), total) };
}

const least = (m: ThreadMemory): number => m.context + gaps * m.values + (m.keys > 0 ? m.key + m.keyReading : 0);

/**
 * Shares SEAL's heap of 4 GiB and the memory of the machine: context and values come first, then keys, since a key that is not there is read
 * several times a run, then encoded weights. Errors: FHE0805 when a thread's least does not fit.
 */
export function threadBudgets(
  program: Program,
  workerOf: Int32Array,
  threads: number,
  limits: BudgetLimits,
  all: MachineMemory,
): ThreadBudget[] {
  const most = limits.memoryBudget ?? Infinity;
  const machine = { total: Math.min(all.total, most), free: Math.min(all.free, most) };
  const memories = Array.from({ length: threads }, (_, worker) => {
    const owned = ownedInstructions(program, workerOf, worker);
    return threadMemory(program, (at) => owned[at]);
  });
  for (const memory of memories) requireHeap(memory, threads);
  requireMachine(memories, machine, most < all.total ? 'the memory budget is' : 'the machine has');
  const spare = machineShare * machine.free - memories.reduce((sum, m) => sum + least(m) + javascriptBytes(m), 0);
  return memories.map((memory) => {
    const inHeap = heapEnd - margin - least(memory);
    const left = Math.max(0, Math.min(inHeap, spare / threads));
    const wanted = Math.min(memory.keys, Math.max(1, Math.floor((limits.keyBudget ?? Infinity) / memory.key)));
    const keys = Math.min(wanted, 1 + Math.floor(left / memory.key));
    const kept = Math.max(0, keys - 1) * memory.key;
    const plaintexts = Math.min(
      (limits.plaintextBudget ?? defaultPlaintexts) / threads,
      memory.plaintexts,
      (left - kept) / gaps,
    );
    return { keys: keys * memory.key, plaintexts, expected: least(memory) + kept + plaintexts };
  });
}

export const formatMemory = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const account = (m: ThreadMemory): string[] => [
  `${formatMemory(m.context)} for the parameters, ${formatMemory(gaps * m.values)} for ciphertexts that live at once, ${formatMemory(m.key + m.keyReading)} for one evaluation key`,
];

function requireHeap(memory: ThreadMemory, threads: number): void {
  if (least(memory) <= heapEnd - margin) return;
  fail(
    'FHE0805',
    `a thread of SEAL has 4 GiB, and this program needs at least ${formatMemory(least(memory))} in one`,
    undefined,
    [
      ...account(memory),
      threads > 1
        ? 'fewer levels help most: a lower degree, or a higher --max-accuracy-loss'
        : 'with --threads 2 each thread holds fewer ciphertexts; fewer levels help most: a lower degree, or a higher --max-accuracy-loss',
    ],
  );
}

function requireMachine(memories: readonly ThreadMemory[], machine: MachineMemory, whose: string): void {
  const needed = memories.reduce((sum, m) => sum + least(m) + javascriptBytes(m), 0);
  if (needed <= machine.total) return;
  fail(
    'FHE0805',
    `${whose} ${formatMemory(machine.total)}, and ${memories.length} threads need at least ${formatMemory(needed)}`,
    undefined,
    [...account(memories[0]), ...(memories.length > 1 ? ['--threads 1 needs less'] : [])],
  );
}
