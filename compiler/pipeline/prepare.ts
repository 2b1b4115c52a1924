import { nativeModel, sealModel } from '../costs/models.ts';
import type { CostModel } from '../../passes/analysis/cost-model.ts';
import { importOnnx } from '../onnx/import.ts';
import type { CompileOptions } from '../options.ts';
import { AssignmentSpace } from './assignments.ts';
import { chooseNative } from './bootstrapped/choose.ts';
import { bootstrapPlans } from './bootstrapped/plans.ts';
import { calibrate, type Calibration } from './calibrate.ts';
import { calibrationKey, rememberedBy } from './calibration-cache.ts';
import { canonicalise } from './canonical.ts';
import { chooseAssignment, type Choice } from './choose.ts';
import { JudgementMemory } from './judgement-cache.ts';
import { realise } from './realise.ts';
import type { Stages } from './stages.ts';

/** A calibrated network. What choices have in common (candidates, judgements, chains, layouts) is found once, so that a further choice is cheaper. */
export interface Prepared {
  readonly calibration: Calibration;
  /** The best choice within the limits of these options: those that the network was prepared with, but for limits. Errors: FhecError with codes 04xx to 06xx. */
  readonly choose: (options: CompileOptions, progress: (name: string) => void) => Choice;
}

/** Imports, canonicalises and calibrates a model. Errors: FhecError with codes 02xx to 04xx; CompilationStopped at `stopAfter`. */
export function prepare(model: Uint8Array, options: CompileOptions, stages: Stages): Prepared {
  const costs: CostModel = options.target === 'native' ? nativeModel(1, options.costs) : sealModel(options.costs);
  const external: Uint8Array[] = [];
  const imported = stages.run('import', () => {
    const { externalData } = options;
    const read = (path: string): Uint8Array => {
      const bytes = externalData?.(path) ?? new Uint8Array(0);
      external.push(bytes);
      return bytes;
    };
    return stages.seen('import', importOnnx(model, externalData ? { externalData: read } : {}));
  });
  const canonical = stages.run('canonical', () => canonicalise(imported, stages.seen));
  const { calibration: dataset, calibrationStore: store, target } = options;
  // Gradients of the cross entropy vanish where a deep network is sure.
  const loss = target === 'native' ? 'margin' : 'cross-entropy';
  const key = store && calibrationKey([model, ...external], dataset, loss);
  const calibration = stages.run('calibrate', () =>
    calibrate(canonical, dataset, {
      loss,
      onProgress: (share) => options.hooks?.onProgress?.('calibrate', share),
      ...(store && key !== undefined && { remembered: rememberedBy(store, key, dataset.images.length) }),
    }),
  );
  const memory = store && key !== undefined ? new JudgementMemory(store, key) : undefined;
  const space = stages.run('candidates', () => new AssignmentSpace(canonical, calibration, options, costs, memory));
  const plans = options.target === 'native' ? bootstrapPlans(canonical, space, calibration, options) : [];
  const choose: Prepared['choose'] = (limited, progress) => {
    const flat = (): Choice =>
      chooseAssignment(space, limited, (module, observe = progress) =>
        realise(module, calibration, limited, costs, observe),
      );
    if (limited.target !== 'native') return flat();
    return chooseNative(flat, plans, canonical, space, calibration, limited, progress);
  };
  return { calibration, choose };
}
