import { z } from 'zod';
import { slotCount } from '../ckks/parameters.ts';
import { fail } from '../diagnostics.ts';
import { writeContainer, type Container } from './container.ts';
import type { Program } from './program.ts';
import {
  instructionSchema,
  parseWith,
  specificationFingerprint,
  specificationJson,
  specificationOf,
  specificationSchema,
  type Preparation,
  type Specification,
} from './schema.ts';
import { validateProgram, validateSpecification } from './validate.ts';

/** A compiled model as read from its file. */
export interface Model {
  readonly program: Program;
  readonly specification: Specification;
  /** Names the specification: keys and ciphertexts carry it. */
  readonly fingerprint: string;
  /** Names this exact content. */
  readonly contentFingerprint: string;
  /** The compiler's account, plain JSON, for `fhec explain`. */
  readonly report: unknown;
}

const bodySchema = z.strictObject({
  specification: specificationSchema,
  nodes: z.array(z.string().max(1000)).max(2 ** 20),
  constantLengths: z.array(z.int().min(1).max(65536)).max(2 ** 22),
});

/**
 * Whether constants of this length keep all their bits. Vectors of real slots are stored as 32-bit floats: their rounding, 2^-24 relative,
 * lies below the noise of every parameter set. Single numbers cost nothing, and complex vectors are the transforms of a bootstrap, which
 * meet values a thousand times larger than the message.
 */
const isExact = (length: number, slots: number): boolean => length !== slots;

/** The parts of a model file. */
export function writeModel(
  program: Program,
  errorBound: number,
  report: unknown,
  preparation?: Preparation,
): Uint8Array[] {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value ?? null));
  const slots = slotCount(program.parameters);
  const exact = program.constants.filter((c) => isExact(c.length, slots));
  const rounded = program.constants.filter((c) => !isExact(c.length, slots));
  const body = {
    specification: specificationJson(specificationOf(program, errorBound, preparation)),
    nodes: program.nodes,
    constantLengths: program.constants.map((c) => c.length),
  };
  return writeContainer('model', body, [
    { name: 'instructions', bytes: json(program.instructions) },
    { name: 'constants', bytes: bytesOf(joined(rounded, (n) => new Float32Array(n))) },
    { name: 'exactConstants', bytes: bytesOf(joined(exact, (n) => new Float64Array(n))) },
    { name: 'nodeOf', bytes: new Uint8Array(program.nodeOf.slice().buffer) },
    { name: 'seconds', bytes: new Uint8Array(program.seconds.slice().buffer) },
    { name: 'report', bytes: json(report) },
  ]);
}

function joined<T extends Float32Array | Float64Array>(
  vectors: readonly Float64Array[],
  make: (length: number) => T,
): T {
  const all = make(vectors.reduce((n, v) => n + v.length, 0));
  let at = 0;
  for (const vector of vectors) {
    all.set(vector, at);
    at += vector.length;
  }
  return all;
}

const bytesOf = ({ buffer }: Float32Array | Float64Array): Uint8Array => new Uint8Array(buffer);

/** Reads and checks a model; nothing of it is used before everything is checked. Errors: FHE0702, FHE0601. */
export function readModel(container: Container): Model {
  const body = parseWith(bodySchema, container.body, 'model');
  const { specification } = body;
  const instructions = parseWith(
    z.array(instructionSchema).max(2 ** 22),
    parseJson(container, 'instructions'),
    'instructions',
  );
  const program: Program = {
    parameters: specification.parameters,
    inputs: specification.inputs,
    outputs: specification.outputs,
    clientSteps: specification.clientSteps,
    keys: specification.keys,
    instructions,
    constants: readConstants(container, body.constantLengths, slotCount(specification.parameters)),
    nodeOf: new Int32Array(exact(container, 'nodeOf', instructions.length * 4)),
    nodes: body.nodes,
    seconds: new Float64Array(exact(container, 'seconds', instructions.length * 8)),
  };
  validateProgram(program);
  return {
    program,
    specification,
    fingerprint: specificationFingerprint(specification),
    contentFingerprint: container.fingerprint,
    report: parseJson(container, 'report'),
  };
}

function parseJson(container: Container, name: string): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(container.section(name)));
    return value;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      return fail('FHE0702', `model: section '${name}' is not JSON`);
    throw error;
  }
}

/** The bytes of a section of a known length, in a buffer of their own. */
function exact(container: Container, name: string, length: number): ArrayBuffer {
  if (container.sectionLength(name) !== length) {
    fail('FHE0702', `model: section '${name}' has ${container.sectionLength(name)} bytes, not ${length}`);
  }
  return new Uint8Array(container.section(name)).buffer;
}

function readConstants(container: Container, lengths: readonly number[], slots: number): Float64Array[] {
  const total = (kind: boolean): number =>
    lengths.reduce((n, length) => n + (isExact(length, slots) === kind ? length : 0), 0);
  const exactly = new Float64Array(exact(container, 'exactConstants', total(true) * 8));
  const rounded = new Float32Array(exact(container, 'constants', total(false) * 4));
  const next = { exactly: 0, rounded: 0 };
  return lengths.map((length) => {
    const [from, kind] = isExact(length, slots) ? ([exactly, 'exactly'] as const) : ([rounded, 'rounded'] as const);
    const constant = Float64Array.from(from.subarray(next[kind], next[kind] + length));
    next[kind] += length;
    if (constant.some((x) => !Number.isFinite(x))) fail('FHE0702', 'model: a constant is not finite');
    return constant;
  });
}

/** The client's file: readable JSON with the specification and its fingerprint. */
export function writeSpecification(specification: Specification): string {
  const fingerprint = specificationFingerprint(specification);
  return `${JSON.stringify({ fhec: 'client specification', version: 2, fingerprint, specification: specificationJson(specification) }, undefined, 1)}\n`;
}

const specificationFileSchema = z.strictObject({
  fhec: z.literal('client specification'),
  version: z.literal(2),
  fingerprint: z.string(),
  specification: specificationSchema,
});

/** Reads a client specification. Errors: FHE0701 (not JSON of ours), FHE0702 (damaged), FHE0601 (insecure). */
export function readSpecification(text: string): { specification: Specification; fingerprint: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    fail('FHE0701', 'the client specification is not JSON');
  }
  const file = parseWith(specificationFileSchema, value, 'client specification');
  const fingerprint = specificationFingerprint(file.specification);
  if (fingerprint !== file.fingerprint) fail('FHE0702', 'the client specification does not fit its fingerprint');
  validateSpecification(file.specification);
  return { specification: file.specification, fingerprint };
}
