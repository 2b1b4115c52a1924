import { keyShape } from '../../ir/ckks/key-bytes.ts';
import type { Parameters } from '../../ir/ckks/parameters.ts';
import { elementOf, secretSwitchSection, type NeededKey } from '../files/evaluation-keys.ts';
import type { KeyDescription } from './library.ts';

/** What the key of a section must be. */
export function describeNeeded(parameters: Parameters, { section, level }: NeededKey): KeyDescription {
  const to = section === secretSwitchSection('sparse') ? 'sparse' : undefined;
  return { ...keyShape(parameters, level, to), element: elementOf(section, parameters.ringDegree) };
}
