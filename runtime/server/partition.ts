import type { Program, Register } from '../../ir/program/program.ts';
import { inputCount } from '../execute.ts';

/** Which worker runs each instruction. An encode has no owner: every worker makes the plaintexts that it uses itself. */
export interface Partition {
  readonly workerOf: Int32Array;
  /** Predicted seconds until the last result, transfers included. */
  readonly seconds: number;
}

export const unowned = -1;

/** Whether a worker runs each instruction, the encodes that it needs included. */
export function ownedInstructions(program: Program, workerOf: Int32Array, worker: number): boolean[] {
  const inputs = inputCount(program);
  const owned = Array.from(workerOf, (w) => w === worker);
  program.instructions.forEach((instruction, at) => {
    if (instruction.op === 'encode' || !owned[at]) return;
    for (const r of instruction.args) if (r >= inputs && workerOf[r - inputs] === unowned) owned[r - inputs] = true;
  });
  return owned;
}

const heavy = new Set(['rotate', 'relinearize', 'conjugate', 'switch_key']);

/**
 * Shares a program between workers: instructions are merged into clusters (a key switch or a sum with what only it uses), and each
 * cluster goes, in program order, to the worker that finishes it first (list scheduling by earliest finish time, as HEFT:
 * Topcuoglu, Hariri, Wu, 2002). Where that is no faster than one worker alone, one worker does it all. `transferSeconds` is the time to hand one ciphertext to another worker.
 */
export function partition(program: Program, workers: number, transferSeconds: number): Partition {
  const inputs = inputCount(program);
  const { instructions, seconds } = program;
  const clusters = clusterOf(program, transferSeconds * 5);
  const work = new Map<number, { cost: number; needs: Set<Register> }>();
  instructions.forEach((instruction, at) => {
    if (instruction.op === 'encode') return;
    const root = clusters[at];
    const cluster = work.get(root) ?? { cost: 0, needs: new Set<Register>() };
    work.set(root, cluster);
    cluster.cost += seconds[at];
    for (const r of instruction.args) {
      const from = r - inputs;
      if (from >= 0 && instructions[from].op === 'encode') cluster.cost += seconds[from];
      else if (from < 0 || clusters[from] !== root) cluster.needs.add(r);
    }
  });

  const free = new Float64Array(workers);
  const finish = new Map<number, number>();
  const chosen = new Map<number, number>();
  for (const root of [...work.keys()].sort((a, b) => a - b)) {
    const { cost, needs } = work.get(root) ?? { cost: 0, needs: new Set<Register>() };
    let best = { worker: 0, at: Infinity };
    for (let w = 0; w < workers; w++) {
      let start = free[w];
      for (const r of needs) {
        if (r < inputs) continue;
        const from = clusters[r - inputs];
        start = Math.max(start, (finish.get(from) ?? 0) + (chosen.get(from) === w ? 0 : transferSeconds));
      }
      if (start + cost < best.at) best = { worker: w, at: start + cost };
    }
    chosen.set(root, best.worker);
    finish.set(root, best.at);
    free[best.worker] = best.at;
  }
  const workerOf = Int32Array.from(instructions, ({ op }, at) =>
    op === 'encode' ? unowned : (chosen.get(clusters[at]) ?? 0),
  );
  const shared = { workerOf, seconds: free.reduce((m, t) => Math.max(m, t), 0) };
  if (workers === 1) return shared;
  const alone = partition(program, 1, transferSeconds);
  return alone.seconds <= shared.seconds ? alone : shared;
}

/**
 * The cluster of each instruction, named by its last instruction: a value joins its only user unless it is a key switch or the
 * cluster would grow beyond `limit` seconds.
 */
function clusterOf(program: Program, limit: number): Int32Array {
  const inputs = inputCount(program);
  const { instructions, seconds } = program;
  const users = instructions.map(() => [] as number[]);
  instructions.forEach((instruction, at) => {
    if (instruction.op === 'encode') return;
    for (const r of instruction.args) if (r >= inputs) users[r - inputs].push(at);
  });
  const cluster = new Int32Array(instructions.length);
  const cost = new Float64Array(instructions.length);
  for (let at = instructions.length - 1; at >= 0; at--) {
    const [user, ...others] = users[at];
    const joins = user !== undefined && others.length === 0 && !heavy.has(instructions[at].op);
    const root = joins && cost[cluster[user]] + seconds[at] <= limit ? cluster[user] : at;
    cluster[at] = root;
    cost[root] += seconds[at];
  }
  return cluster;
}
