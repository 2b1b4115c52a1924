import type { Importer } from '../node.ts';
import { activationImporters } from './activations.ts';
import { clientImporters } from './client.ts';
import { constantImporters } from './constants.ts';
import { convolutionImporters } from './convolution.ts';
import { elementwiseImporters } from './elementwise.ts';
import { matmulImporters } from './matmul.ts';
import { poolingImporters } from './pooling.ts';
import { reductionImporters } from './reduction.ts';
import { resizeImporters } from './resize.ts';
import { selectionImporters } from './selection.ts';
import { shapeImporters } from './shape.ts';

/** Every ONNX operator that can be imported. To add one: an entry in the table of its family. */
export const importers: ReadonlyMap<string, Importer> = new Map(
  [
    convolutionImporters,
    matmulImporters,
    elementwiseImporters,
    activationImporters,
    poolingImporters,
    reductionImporters,
    shapeImporters,
    selectionImporters,
    resizeImporters,
    constantImporters,
    clientImporters,
  ].flatMap((table) => Object.entries(table)),
);

/** Operator names that import, sorted: for the documentation and for messages. */
export const supportedOperators: readonly string[] = [...importers.keys()].sort();

/** Operators whose first definition is still the current one; others are imported as from {@link oldestOpset}. */
const unchanged: ReadonlySet<string> = new Set(['GlobalAveragePool', 'GlobalMaxPool']);
const oldestOpset = 6;
export const oldestOpsetOf = (operator: string): number => (unchanged.has(operator) ? 1 : oldestOpset);
