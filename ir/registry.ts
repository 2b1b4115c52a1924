import { ckksOps } from './ckks/ops.ts';
import type { OpDefinition } from './define.ts';
import { InternalError } from './diagnostics.ts';
import { nnOps } from './nn/ops.ts';
import { slotsOps } from './slots/ops.ts';

const byName: ReadonlyMap<string, OpDefinition> = new Map(
  [...nnOps, ...slotsOps, ...ckksOps].map((definition) => [definition.name, definition]),
);

/** Every op of every level, by name. */
export const registry = {
  all: (): readonly OpDefinition[] => [...byName.values()],
  find: (name: string): OpDefinition | undefined => byName.get(name),
  /** Throws {@link InternalError} for an unknown name: for names that came from a checked module. */
  get: (name: string): OpDefinition => {
    const definition = byName.get(name);
    if (!definition) throw new InternalError(`op '${name}' is not registered`);
    return definition;
  },
};
