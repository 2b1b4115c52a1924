import { describe, expect, it } from 'vitest';
import { canonicalise } from '../../../compiler/pipeline/canonical.ts';
import { calibrate, valueOf, type Calibration } from '../../../compiler/pipeline/calibrate.ts';
import { mainOf } from '../../../compiler/pipeline/main-of.ts';
import { importOnnx } from '../../../compiler/onnx/import.ts';
import type { Module, Value } from '../../../ir/module.ts';
import { findActivation } from '../../../ir/nn/activations.ts';
import { evalChebyshev } from '../../../ir/nn/polynomial.ts';
import { evaluateBatch } from '../../../passes/analysis/evaluate-batch.ts';
import { approximateActivations } from '../../../passes/approximate/approximate-activations.ts';
import type { Candidate } from '../../../passes/approximate/candidate.ts';
import { allCandidates } from '../../../passes/approximate/candidates.ts';
import { NormalEquations } from '../../../passes/approximate/normal-equations.ts';
import { refitInNetwork } from '../../../passes/approximate/refit-in-network.ts';
import { denseNetwork, randomInputs } from '../../compiler/pipeline/small-networks.ts';

const ignore = (): undefined => undefined;

describe('normal equations', () => {
  it('find a polynomial again, and leave absent terms at zero', () => {
    const wanted = new Float64Array([0.4, -1.5, 0.7, 0, 0.25]);
    const f = (x: number): number => evalChebyshev(wanted, x / 3);
    const equations = new NormalEquations(
      [...wanted].map((c) => c !== 0),
      3,
      { f, interval: [-3, 3], share: 1e-3 },
    );
    const x = Float64Array.from({ length: 200 }, (_, i) => -3 + (6 * i) / 199);
    equations.add(x, x.map(f));
    const found = equations.solve();
    expect(found[3]).toBe(0);
    wanted.forEach((c, k) => expect(found[k]).toBeCloseTo(c, 6));
  });

  it('give the function itself without samples', () => {
    const f = (x: number): number => 2 * x + 1;
    const equations = new NormalEquations([true, true, true], 2, { f, interval: [-2, 2], share: 1e-3 });
    const [constant, linear, square] = equations.solve();
    expect(constant).toBeCloseTo(1, 5);
    expect(linear).toBeCloseTo(4, 5);
    expect(square).toBeCloseTo(0, 5);
  });
});

/** Mean squared difference of the results of two networks on the calibration inputs. */
function distance(exact: Module, other: Module, { batches }: Calibration): number {
  let sum = 0;
  let count = 0;
  for (const { inputs, batch } of batches) {
    const results = [exact, other].map((m) => {
      const main = mainOf(m);
      return valueOf(evaluateBatch(main, inputs, batch), main.results[0].value);
    });
    results[0].forEach((x, i) => (sum += (x - results[1][i]) ** 2));
    count += results[0].length;
  }
  return sum / count;
}

describe('refitting through the network', () => {
  const module = canonicalise(importOnnx(denseNetwork(3, 'Relu')), ignore);
  const main = mainOf(module);
  const calibration = calibrate(module, randomInputs([1, 8], 400));
  const pick = (label: string): Map<Value, Candidate> =>
    new Map(
      main.body
        .filter((value) => findActivation(value.op))
        .map((value) => {
          const profile = calibration.profile.get(value);
          const candidate =
            profile &&
            allCandidates(value, profile, { maxDegree: 3, composites: ['f2g3'], tune: false }).find(
              (c) => c.label === label,
            );
          if (!candidate) throw new Error(`no candidate ${label}`);
          return [value, candidate] as const;
        }),
    );

  it('brings the results nearer to the exact ones', () => {
    const choice = pick('degree 3 per channel');
    const { choice: refitted, results } = refitInNetwork(main, choice, calibration.profile, calibration.batches);
    const before = distance(module, approximateActivations(module, choice), calibration);
    const replaced = approximateActivations(module, refitted);
    const after = distance(module, replaced, calibration);
    expect(after).toBeLessThan(0.95 * before);
    for (const [value, candidate] of refitted) {
      expect(candidate.label).toBe(choice.get(value)?.label);
      expect(candidate.intervals).toEqual(choice.get(value)?.intervals);
    }
    const again = mainOf(replaced);
    calibration.batches.forEach(({ inputs, batch }, i) => {
      expect(results[i]).toEqual(valueOf(evaluateBatch(again, inputs, batch), again.results[0].value));
    });
  });

  it('leaves composite forms alone', () => {
    const choice = pick('f2g3 cheon per channel');
    expect(refitInNetwork(main, choice, calibration.profile, calibration.batches).choice).toEqual(choice);
  });
});
