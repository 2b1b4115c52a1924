import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import type { CompileReport } from '../../compiler/report.ts';
import { compileSample, samplePath, type Sample } from './sample.ts';

/** What a compiled sample costs, exactly: any change of it is one that somebody has to look at. */
export interface ExactCost {
  readonly rotations: number;
  readonly multiplications: number;
  readonly plainMultiplications: number;
  readonly relinearizations: number;
  readonly rescales: number;
  /** Levels of the program. */
  readonly depth: number;
  readonly rotationKeys: number;
  readonly ringDegree: number;
  readonly modulusBits: number;
  readonly scaleBits: number;
  /** The polynomial of each activation, by ONNX node. */
  readonly degrees: Readonly<Record<string, string>>;
}

/** As many images as the benchmarks calibrate with. */
const calibrationImages = 500;

const twoDecimals = (x: number): number => Math.round(x * 100) / 100;

export function exactCost({ cost, parameters, activations }: CompileReport): ExactCost {
  const { rotations, multiplications, plainMultiplications, relinearizations, rescales, depth, rotationKeys } = cost;
  const degrees: Record<string, string> = {};
  for (const { node, op, form, degree } of activations) {
    const before = Object.keys(degrees).filter((key) => key.startsWith(`${node} ${op}`)).length;
    const name = before === 0 ? `${node} ${op}` : `${node} ${op} ${before + 1}`;
    degrees[name] = form === 'polynomial' ? `degree ${degree}` : form;
  }
  return {
    rotations,
    multiplications,
    plainMultiplications,
    relinearizations,
    rescales,
    depth,
    rotationKeys,
    ringDegree: parameters.ringDegree,
    modulusBits: twoDecimals(parameters.modulusBits),
    scaleBits: twoDecimals(parameters.scaleBits),
    degrees,
  };
}

export const compileCost = async (sample: Sample): Promise<ExactCost> =>
  exactCost((await compileSample(sample, calibrationImages)).report);

/** The accepted cost of a sample; undefined where none was accepted yet. */
export function expectedCost(sample: Sample): unknown {
  const path = samplePath(sample, 'expected.cost.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Accepts a cost: writes it as the expected one. */
export async function blessCost(sample: Sample, cost: ExactCost): Promise<void> {
  const path = samplePath(sample, 'expected.cost.json');
  const options = await resolveConfig(path);
  writeFileSync(path, await format(JSON.stringify(cost), { ...options, parser: 'json' }));
}
