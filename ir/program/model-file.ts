import { z } from 'zod';
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
  constantLengths: z.array(z.int().min(1).max(32768)).max(2 ** 22),
});

/**
 * The parts of a model file. Constants are stored as 32-bit floats: their rounding, 2^-24 relative, lies below the noise of every
 * parameter set.
 */
export function writeModel(program: Program, errorBound: number, report: unknown): Uint8Array[] {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value ?? null));
  const total = program.constants.reduce((n, c) => n + c.length, 0);
  const constants = new Float32Array(total);
  let at = 0;
  for (const constant of program.constants) {
    constants.set(constant, at);
    at += constant.length;
  }
  const body = {
    specification: specificationJson(specificationOf(program, errorBound)),
    nodes: program.nodes,
    constantLengths: program.constants.map((c) => c.length),
  };
  return writeContainer('model', body, [
    { name: 'instructions', bytes: json(program.instructions) },
    { name: 'constants', bytes: new Uint8Array(constants.buffer) },
    { name: 'nodeOf', bytes: new Uint8Array(program.nodeOf.slice().buffer) },
    { name: 'seconds', bytes: new Uint8Array(program.seconds.slice().buffer) },
    { name: 'report', bytes: json(report) },
  ]);
}

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
    constants: readConstants(container, body.constantLengths),
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

function readConstants(container: Container, lengths: readonly number[]): Float64Array[] {
  const total = lengths.reduce((n, l) => n + l, 0);
  const floats = new Float32Array(exact(container, 'constants', total * 4));
  let at = 0;
  return lengths.map((length) => {
    const constant = Float64Array.from(floats.subarray(at, at + length));
    at += length;
    if (constant.some((x) => !Number.isFinite(x))) fail('FHE0702', 'model: a constant is not finite');
    return constant;
  });
}

/** The client's file: readable JSON with the specification and its fingerprint. */
export function writeSpecification(specification: Specification): string {
  const fingerprint = specificationFingerprint(specification);
  return `${JSON.stringify({ fhec: 'client specification', version: 1, fingerprint, specification: specificationJson(specification) }, undefined, 1)}\n`;
}

const specificationFileSchema = z.strictObject({
  fhec: z.literal('client specification'),
  version: z.literal(1),
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
