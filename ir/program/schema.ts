import { z } from 'zod';
import type { Parameters } from '../ckks/parameters.ts';
import { fail } from '../diagnostics.ts';
import { parseLayout, formatLayout } from '../layout.ts';
import { sha256Hex } from './container.ts';
import type { Instruction, KeyManifest, Program, TensorSignature } from './program.ts';

/** How the parts of a program look in JSON. Numbers keep every bit; primes are decimal strings, layouts their text. */
const count = z
  .int()
  .min(0)
  .max(2 ** 31);
const finite = z.number();

const parameters = z
  .strictObject({
    ringDegree: count,
    primes: z.array(z.string().regex(/^\d{1,20}$/)).max(64),
    specialPrimes: z.array(z.string().regex(/^\d{1,20}$/)).max(16),
    scales: z.array(finite).max(64),
    secure: z.boolean(),
  })
  .transform((p): Parameters => ({ ...p, primes: p.primes.map(BigInt), specialPrimes: p.specialPrimes.map(BigInt) }));

const signature = z
  .strictObject({
    name: z.string().max(1000),
    shape: z.array(count).max(16),
    factor: z.array(finite).max(2 ** 24),
    layout: z.string().max(10_000),
    registers: z.array(count).max(4096),
    level: count,
    scale: finite,
  })
  .transform((s, context): TensorSignature => {
    const layout = parseLayout(s.layout);
    if (layout) return { ...s, layout };
    context.addIssue({ code: 'custom', message: `'${s.layout}' is not a layout` });
    return z.NEVER;
  });

const clientStep = z.strictObject({ kind: z.enum(['softmax', 'argmax']), axis: z.int(), node: z.string().max(1000) });

/** How raw numbers become inputs: (x / scale - mean) / std, mean and deviation one number or one for each channel. */
const preparation = z.strictObject({
  scale: finite.exactOptional(),
  mean: z.array(finite).max(65536).exactOptional(),
  std: z.array(finite).max(65536).exactOptional(),
});
export type Preparation = z.infer<typeof preparation>;

const specificationFields = {
  parameters,
  inputs: z.array(signature).min(1).max(64),
  outputs: z.array(signature).min(1).max(64),
  clientSteps: z.array(clientStep).max(8),
  keys: z.strictObject({
    relinearization: z.boolean(),
    rotations: z.array(count).max(65536),
    conjugation: z.boolean(),
    sparseWeight: count.exactOptional(),
    levels: z
      .strictObject({
        relinearization: count,
        rotations: z.array(count).max(65536),
        conjugation: count,
        toDense: count,
      })
      .exactOptional(),
  }),
  /** The largest error of an output element (absolute, before the factor) that the compiler predicts, in the units of the output. */
  errorBound: finite.min(0),
  /** As stated at the compilation; what is not stated is left to the reader of the inputs. */
  preparation: preparation.exactOptional(),
};

/** What the client needs and may see: no weights. */
export const specificationSchema = z.strictObject(specificationFields);
export type Specification = z.infer<typeof specificationSchema>;

export const instructionSchema: z.ZodType<Instruction> = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('encode'), constant: count, level: count, scale: finite }),
  ...(['add', 'sub', 'mul', 'add_plain', 'mul_plain'] as const).map((op) =>
    z.strictObject({ op: z.literal(op), args: z.tuple([count, count]) }),
  ),
  ...(['negate', 'relinearize', 'rescale', 'conjugate', 'mul_i'] as const).map((op) =>
    z.strictObject({ op: z.literal(op), args: z.tuple([count]) }),
  ),
  ...(['mod_switch', 'mod_raise'] as const).map((op) =>
    z.strictObject({ op: z.literal(op), args: z.tuple([count]), level: count }),
  ),
  z.strictObject({ op: z.literal('rotate'), args: z.tuple([count]), steps: z.int() }),
  z.strictObject({ op: z.literal('switch_key'), args: z.tuple([count]), to: z.enum(['sparse', 'dense']) }),
]);

const parametersJson = (p: Parameters): unknown => ({
  ...p,
  primes: p.primes.map(String),
  specialPrimes: p.specialPrimes.map(String),
});

const signatureJson = (s: TensorSignature): unknown => ({
  name: s.name,
  shape: s.shape,
  factor: s.factor,
  layout: formatLayout(s.layout),
  registers: s.registers,
  level: s.level,
  scale: s.scale,
});

/** A key manifest with its fields in a fixed order. */
const orderedKeys = ({
  relinearization,
  rotations,
  conjugation,
  sparseWeight,
  levels,
}: KeyManifest): Specification['keys'] => ({
  relinearization,
  rotations: [...rotations],
  conjugation,
  ...(sparseWeight !== undefined && { sparseWeight }),
  ...(levels && {
    levels: {
      relinearization: levels.relinearization,
      rotations: [...levels.rotations],
      conjugation: levels.conjugation,
      toDense: levels.toDense,
    },
  }),
});

const orderedPreparation = ({ scale, mean, std }: Preparation): Preparation => ({
  ...(scale !== undefined && { scale }),
  ...(mean && { mean }),
  ...(std && { std }),
});

/** The JSON of a specification, in a fixed order of fields, so that equal specifications have equal text. */
export function specificationJson(s: Specification): unknown {
  return {
    parameters: parametersJson(s.parameters),
    inputs: s.inputs.map(signatureJson),
    outputs: s.outputs.map(signatureJson),
    clientSteps: s.clientSteps,
    keys: orderedKeys(s.keys),
    errorBound: s.errorBound,
    ...(s.preparation && { preparation: orderedPreparation(s.preparation) }),
  };
}

/** What keys and ciphertexts are bound to: parameters, key manifest and signatures. New weights in the same circuit keep it. */
export function specificationFingerprint(s: Specification): string {
  return sha256Hex(new TextEncoder().encode(JSON.stringify(specificationJson(s))));
}

export function specificationOf(program: Program, errorBound: number, preparation?: Preparation): Specification {
  const { parameters: p, inputs, outputs, clientSteps, keys } = program;
  return {
    parameters: p,
    inputs: [...inputs],
    outputs: [...outputs],
    clientSteps: [...clientSteps],
    keys: orderedKeys(keys),
    errorBound,
    ...(preparation && { preparation }),
  };
}

/** Parses with a schema; what does not fit is FHE0702 with the path of the first bad field. */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return fail('FHE0702', `${what}: ${issue.path.join('.') || 'content'}: ${issue.message}`);
}
