import type { onnx } from 'onnx-proto';
import { fail, type Loc } from '../../ir/diagnostics.ts';
import { toNumber, toSafeInteger } from './numbers.ts';
import { decodeTensor, type DecodedTensor, type ExternalData } from './tensors.ts';

/** AttributeProto.AttributeType. */
const kinds = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 } as const;

/**
 * The attributes of one node. Remembers which ones were asked for, so that an attribute that no importer knows is refused, never ignored.
 */
export class Attributes {
  readonly #known = new Map<string, onnx.IAttributeProto>();
  readonly #asked = new Set<string>();
  readonly #loc: Loc;
  readonly #external: ExternalData | undefined;

  constructor(node: onnx.INodeProto, loc: Loc, external?: ExternalData) {
    this.#loc = loc;
    this.#external = external;
    for (const attribute of node.attribute ?? []) {
      if (attribute.refAttrName)
        fail('FHE0203', `attribute '${attribute.name ?? ''}' refers to a function attribute`, loc);
      this.#known.set(attribute.name ?? '', attribute);
    }
  }

  has(name: string): boolean {
    return this.#known.has(name);
  }

  int(name: string): number | undefined;
  int(name: string, absent: number): number;
  int(name: string, absent?: number): number | undefined {
    const attribute = this.#get(name, 'int');
    return attribute ? toSafeInteger(toNumber(attribute.i)) : absent;
  }

  bool(name: string, absent: boolean): boolean {
    return this.int(name, absent ? 1 : 0) !== 0;
  }

  float(name: string): number | undefined;
  float(name: string, absent: number): number;
  float(name: string, absent?: number): number | undefined {
    const attribute = this.#get(name, 'float');
    return attribute ? (attribute.f ?? 0) : absent;
  }

  string(name: string, absent: string): string {
    const attribute = this.#get(name, 'string');
    return attribute ? new TextDecoder().decode(attribute.s ?? new Uint8Array()) : absent;
  }

  ints(name: string): readonly number[] | undefined;
  ints(name: string, absent: readonly number[]): readonly number[];
  ints(name: string, absent?: readonly number[]): readonly number[] | undefined {
    return this.#get(name, 'ints')?.ints?.map((v) => toSafeInteger(toNumber(v))) ?? absent;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#get(name, 'floats')?.floats ?? undefined;
  }

  tensor(name: string): DecodedTensor | undefined {
    const proto = this.#get(name, 'tensor')?.t;
    return proto ? decodeTensor(proto, `attribute '${name}'`, this.#loc, this.#external) : undefined;
  }

  /** Marks an attribute that changes nothing here as known. */
  ignore(name: string): void {
    this.#asked.add(name);
  }

  /** The attributes that nothing asked for. */
  unknown(): string[] {
    return [...this.#known.keys()].filter((name) => !this.#asked.has(name));
  }

  #get(name: string, kind: keyof typeof kinds): onnx.IAttributeProto | undefined {
    this.#asked.add(name);
    const attribute = this.#known.get(name);
    // Files of IR versions before 3 leave the type out.
    if (attribute?.type && Number(attribute.type) !== kinds[kind])
      fail('FHE0208', `attribute '${name}' is not of type ${kind}`, this.#loc);
    return attribute;
  }
}
