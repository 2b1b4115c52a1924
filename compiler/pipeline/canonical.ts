import { canonicalNnSpec } from '../../ir/spec.ts';
import type { Module } from '../../ir/module.ts';
import { composeLinear } from '../../passes/nn/compose-linear.ts';
import { expandMaxPool } from '../../passes/nn/expand-max-pool.ts';
import { fuseActivations } from '../../passes/nn/fuse-activations.ts';
import { linearize } from '../../passes/nn/linearize.ts';
import { runPasses, type PassStep } from '../../passes/run.ts';

/** From ONNX's operators to canonical nn: linear maps, activations and products, and nothing else. */
const steps: readonly PassStep[] = [
  // While the exporter's products are still to be seen as such.
  { pass: fuseActivations },
  // Before linearize, which then turns the shifts of the tournament into matrices like all others.
  { pass: expandMaxPool },
  { pass: linearize },
  // Last: pooling, normalisation and scaling become part of their neighbours.
  { pass: composeLinear, after: canonicalNnSpec },
];

export function canonicalise(module: Module, onAfter: (pass: string, module: Module) => void): Module {
  return runPasses(module, steps, { onAfter });
}
