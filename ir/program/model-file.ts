import { z } from 'zod';
import { fail } from '../diagnostics.ts';
import { writeContainer, type Container } from './container.ts';
import type { Constants, Program } from './program.ts';
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
import { constantSections, isRounded, StoredConstants } from './stored-constants.ts';
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
  /** Of the constants, by number: those that are not stored as 32-bit floats. */
  exactConstants: z.array(z.int().min(0)).max(2 ** 22),
});

/** The parts of a model file. */
export function writeModel(
  program: Program,
  errorBound: number,
  report: unknown,
  preparation?: Preparation,
): Uint8Array[] {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value ?? null));
  const { constants } = program;
  const isRoundedOne = Array.from(constants, isRounded);
  const exact = joined(
    constants,
    (i) => !isRoundedOne[i],
    (n) => new Float64Array(n),
  );
  const rounded = joined(
    constants,
    (i) => isRoundedOne[i],
    (n) => new Float32Array(n),
  );
  const body = {
    specification: specificationJson(specificationOf(program, errorBound, preparation)),
    nodes: program.nodes,
    constantLengths: Array.from(constants, (c) => c.length),
    exactConstants: isRoundedOne.flatMap((rounds, i) => (rounds ? [] : [i])),
  };
  return writeContainer('model', body, [
    { name: 'instructions', bytes: json(program.instructions) },
    { name: constantSections.rounded, bytes: rounded },
    { name: constantSections.exact, bytes: exact },
    { name: 'nodeOf', bytes: new Uint8Array(program.nodeOf.slice().buffer) },
    { name: 'seconds', bytes: new Uint8Array(program.seconds.slice().buffer) },
    { name: 'report', bytes: json(report) },
  ]);
}

/** Vectors one after another. */
function joined<T extends Float32Array | Float64Array>(
  constants: Constants,
  belongs: (index: number) => boolean,
  make: (length: number) => T,
): Uint8Array {
  let total = 0;
  let index = 0;
  for (const { length } of constants) if (belongs(index++)) total += length;
  const all = make(total);
  let at = 0;
  index = 0;
  for (const vector of constants) {
    if (!belongs(index++)) continue;
    all.set(vector, at);
    at += vector.length;
  }
  return new Uint8Array(all.buffer);
}

/**
 * Reads and checks a model; nothing of it is used before everything is checked. Constants are read into memory, or where they stay `in-file` each time
 * that one is asked for: then the file must stay open, and as it is. Errors: FHE0702, FHE0601.
 */
export function readModel(container: Container, constants: 'in-memory' | 'in-file' = 'in-memory'): Model {
  const body = parseWith(bodySchema, container.body, 'model');
  const { specification } = body;
  const instructions = parseWith(
    z.array(instructionSchema).max(2 ** 22),
    parseJson(container, 'instructions'),
    'instructions',
  );
  const stored = new StoredConstants(container, body.constantLengths, body.exactConstants);
  const program: Program = {
    parameters: specification.parameters,
    inputs: specification.inputs,
    outputs: specification.outputs,
    clientSteps: specification.clientSteps,
    keys: specification.keys,
    instructions,
    constants: constants === 'in-file' ? stored : [...stored],
    nodeOf: new Int32Array(exact(container, 'nodeOf', instructions.length * 4)),
    nodes: body.nodes,
    seconds: new Float64Array(exact(container, 'seconds', instructions.length * 8)),
  };
  validateProgram(program, body.constantLengths);
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
