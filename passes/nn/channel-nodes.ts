import { InternalError } from '../../ir/diagnostics.ts';
import type { Func, Value } from '../../ir/module.ts';
import { channelCount, channelOf } from '../../ir/nn/define.ts';
import { shapeOf, sizeOf } from './linear-op.ts';

/** Numbers every channel of every value of a function, so that facts by channel live in flat arrays; and joins channels into classes. */
export class ChannelNodes {
  readonly #first = new Map<Value, number>();
  readonly #parent: number[] = [];

  constructor(func: Func) {
    for (const value of [...func.params, ...func.body]) {
      this.#first.set(value, this.#parent.length);
      for (let c = 0; c < channelCount(shapeOf(value)); c++) this.#parent.push(this.#parent.length);
    }
  }

  get count(): number {
    return this.#parent.length;
  }

  /** The nodes of a value, by channel. */
  of(value: Value): number[] {
    return Array.from({ length: channelCount(shapeOf(value)) }, (_, c) => this.at(value, c));
  }

  at(value: Value, channel: number): number {
    const first = this.#first.get(value);
    if (first === undefined) throw new InternalError(`value of ${value.op} is not in the function`);
    return first + channel;
  }

  /** The node of each element of a value, by flat index. */
  ofElements(value: Value): Int32Array {
    const channel = channelOf(shapeOf(value));
    const first = this.at(value, 0);
    return Int32Array.from({ length: sizeOf(value) }, (_, i) => first + channel(i));
  }

  /** The representative of the class of a node. */
  find(node: number): number {
    let root = node;
    while (this.#parent[root] !== root) root = this.#parent[root];
    for (let n = node; n !== root;) {
      const next = this.#parent[n];
      this.#parent[n] = root;
      n = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    this.#parent[this.find(a)] = this.find(b);
  }
}
