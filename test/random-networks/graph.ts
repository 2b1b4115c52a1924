import { floatTensor, intTensor, model, node, port, type AttributeValue } from '../support/onnx-builder.ts';
import { noise } from '../passes/nn/networks.ts';

/** Reproducible choices. */
export class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = noise(Math.imul(seed, 2654435761));
    // The first numbers of neighbouring seeds are alike.
    for (let i = 0; i < 8; i++) this.#next();
  }

  /** In [-1, 1). */
  number(): number {
    return this.#next();
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(((this.#next() + 1) / 2) * (most - least + 1));
  }

  chance(share: number): boolean {
    return (this.#next() + 1) / 2 < share;
  }

  pick<T>(options: readonly T[]): T {
    return options[this.whole(0, options.length - 1)];
  }
}

/** A value [1, channels, height, width] of a graph. */
export interface Image {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export const elementsOf = ({ channels, height, width }: Image): number => channels * height * width;

/** An ONNX graph that grows node by node, with random weights. */
export class Graph {
  readonly draw: Draw;
  readonly #nodes: ReturnType<typeof node>[] = [];
  readonly #initializers: ReturnType<typeof floatTensor>[] = [];

  constructor(draw: Draw) {
    this.draw = draw;
  }

  /** Adds a node with one output and gives its name. */
  add(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    const name = `${operator.toLowerCase()}${this.#nodes.length}`;
    this.#nodes.push(node(operator, inputs, [name], attributes, name));
    return name;
  }

  /** A constant of numbers around `mean`, at most `spread` away. */
  constant(shape: readonly number[], spread: number, mean = 0): string {
    const name = `constant${this.#initializers.length}`;
    const size = shape.reduce((n, d) => n * d, 1);
    const data = Array.from({ length: size }, () => mean + spread * this.draw.number());
    this.#initializers.push(floatTensor(name, shape, data));
    return name;
  }

  /** Weights that keep the size of values, for sums of `terms` of them. */
  weights(shape: readonly number[], terms: number): string {
    return this.constant(shape, Math.sqrt(3 / terms));
  }

  numbers(values: readonly number[]): string {
    const name = `constant${this.#initializers.length}`;
    this.#initializers.push(floatTensor(name, [values.length], values));
    return name;
  }

  integers(values: readonly number[]): string {
    const name = `constant${this.#initializers.length}`;
    this.#initializers.push(intTensor(name, values));
    return name;
  }

  operators(): string[] {
    return this.#nodes.map((n) => n.opType ?? '');
  }

  /** The model from `input` to `output`. */
  bytes(input: Image, output: string): Uint8Array {
    return model({
      inputs: [port(input.name, [1, input.channels, input.height, input.width])],
      outputs: [output],
      nodes: this.#nodes,
      initializers: this.#initializers,
    });
  }
}
