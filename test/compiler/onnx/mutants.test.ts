import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import { evaluateFunc } from '../../../ir/evaluate.ts';
import { tensor } from '../../../ir/tensor.ts';
import { smallNetwork } from '../../support/onnx-builder.ts';
import { sharedData, whyNoData } from '../../support/shared-data.ts';
import { conformanceTests } from './conformance-run.ts';

/** Mutated models to try; a longer run sets FHEC_MUTANTS. */
const mutants = Number(process.env['FHEC_MUTANTS'] ?? 3000);
const longestImport = 2000;

type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'splice'; readonly at: number; readonly from: number; readonly length: number };

/** Positions are shares of the file, so that they shrink and print the same for any model. */
const shares = 2 ** 20;
const position = fc.nat(shares - 1).map((n) => n / shares);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: position, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('set' as const), at: position, value: fc.nat(255) }),
  fc.record({ kind: fc.constant('truncate' as const), at: position }),
  fc.record({ kind: fc.constant('splice' as const), at: position, from: position, length: fc.nat(40) }),
);

function mutate(bytes: Uint8Array, m: Mutation): Uint8Array {
  const at = Math.min(bytes.length - 1, Math.floor(m.at * bytes.length));
  if (at < 0) return bytes;
  const copy = bytes.slice();
  switch (m.kind) {
    case 'flip':
      copy[at] ^= 1 << m.bit;
      return copy;
    case 'set':
      copy[at] = m.value;
      return copy;
    case 'truncate':
      return bytes.slice(0, at);
    case 'splice': {
      const from = Math.floor(m.from * bytes.length);
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(from, from + m.length), ...bytes.subarray(at));
    }
  }
}

/** Imports the bytes; whether they imported. Anything but a FhecError, or long work, fails the test. */
function imports(bytes: Uint8Array): boolean {
  const start = performance.now();
  try {
    importOnnx(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof FhecError)) throw error;
    return false;
  } finally {
    expect(performance.now() - start).toBeLessThan(longestImport);
  }
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

const official = sharedData('onnx-conformance');

describe.skipIf(!official)(`mutated official operator models (${whyNoData('onnx-conformance')})`, () => {
  it('import, or are refused with a code, in bounded time', () => {
    const folder = official ?? '';
    const models = conformanceTests(folder).map((t) =>
      Uint8Array.from(readFileSync(join(folder, t.name, 'model.onnx'))),
    );
    fc.assert(
      fc.property(fc.nat(models.length - 1), mutations, (model, list) => {
        imports(list.reduce(mutate, models[model]));
      }),
      { numRuns: mutants },
    );
  });
});

describe('mutated ONNX files', () => {
  const original = smallNetwork();

  it('import, or are refused with a code, in bounded time', () => {
    const counts = { imported: 0, refused: 0 };
    fc.assert(
      fc.property(mutations, (list) => {
        if (imports(list.reduce(mutate, original))) counts.imported++;
        else counts.refused++;
      }),
      { numRuns: mutants },
    );
    expect(Math.min(counts.imported, counts.refused)).toBeGreaterThan(mutants / 100);
  });

  it('of one flipped bit evaluate where they import', () => {
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.nat(7), (at, bit) => {
        const bytes = original.slice();
        bytes[at] ^= 1 << bit;
        try {
          const [main] = importOnnx(bytes).funcs;
          const inputs = main.params.map((p) => (p.type.kind === 'tensor' ? p.type.shape : []));
          const sizes = inputs.map((s) => s.reduce((a, b) => a * b, 1));
          if (sizes.every((n) => n < 10_000))
            evaluateFunc(
              main,
              inputs.map((s, i) => tensor(s, new Float64Array(sizes[i]))),
            );
        } catch (error) {
          if (!(error instanceof FhecError)) throw error;
        }
      }),
      { numRuns: Math.min(mutants, 1000) },
    );
  });
});
