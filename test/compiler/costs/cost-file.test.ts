import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  costFileText,
  defaultCostFile,
  readCostFile,
  writeCostFile,
  type MeasuredCosts,
} from '../../../compiler/costs/cost-file.ts';
import { nativeModel, sealModel } from '../../../compiler/costs/models.ts';
import { FhecError } from '../../../ir/diagnostics.ts';
import { defaultCostModel } from '../../../passes/analysis/cost-model.ts';
import { sealWasmCosts } from '../../../passes/analysis/cost-table.ts';
import { defaultNativeSpeed, nativeCostModel } from '../../../passes/analysis/native-costs.ts';
import { Dice, mutateBytes, mutateJson } from '../../runtime/fuzz/mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'fhec-costs-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

const costs: MeasuredCosts = {
  machine: 'a machine',
  measured: '2026-01-02T03:04:05.000Z',
  seal: sealWasmCosts,
  native: { threads: 2, kernel: 'portable', speed: { ...defaultNativeSpeed, transform: 1e-3 } },
};

describe('a file of costs', () => {
  test('reads as it was written, into folders that were not there', () => {
    writeCostFile(at('a/b/costs.json'), costFileText(costs, { seal: [], native: [] }));
    expect(readCostFile(at('a/b/costs.json'))).toEqual(costs);
    expect(nativeModel(1, costs).seconds('mod_raise', 32768, 9)).toBeCloseTo(20e-3 + defaultNativeSpeed.call, 12);
    expect(sealModel(costs).seconds('mul', 8192, 4)).toBe(defaultCostModel.seconds('mul', 8192, 4));
    expect(sealModel(undefined)).toBe(defaultCostModel);
    expect(nativeModel(2).seconds('rotate', 8192, 4)).toBe(nativeCostModel(2).seconds('rotate', 8192, 4));
  });

  test('lies in the folder for settings', () => {
    expect(defaultCostFile({ XDG_CONFIG_HOME: '/settings' })).toBe(join('/settings', 'fhec', 'costs.json'));
    expect(defaultCostFile({})).toMatch(/\.config.fhec.costs\.json$/);
  });

  test('is refused with its code when it is absent, damaged, or another file', () => {
    const refusal = (name: string, text?: string): unknown => {
      if (text !== undefined) writeFileSync(at(name), text);
      try {
        return readCostFile(at(name));
      } catch (error) {
        return error instanceof FhecError ? error.message : error;
      }
    };
    expect(refusal('absent.json')).toContain('FHE0902');
    expect(refusal('x.json', '{')).toMatch(/FHE0702.*no JSON/);
    expect(refusal('x.json', '{"format":"fhec-costs","version":2}')).toMatch(/FHE0702.*version/);
    expect(refusal('x.json', costFileText({ ...costs, seal: {} }, {}))).toMatch(/FHE0702.*no ring degree/);
    expect(() => writeCostFile(join(at('x.json'), 'y', 'z.json'), '')).toThrow('FHE0902');
  });

  test('mutated 300 times, is refused with a code or gives costs that are numbers', () => {
    const text = costFileText(costs, {});
    const content: unknown = JSON.parse(text);
    for (let mutant = 0; mutant < 300; mutant++) {
      const dice = new Dice(1, mutant);
      const bytes = dice.chance(0.3)
        ? mutateBytes(new TextEncoder().encode(text), dice)
        : new TextEncoder().encode(JSON.stringify(mutateJson(content, dice)));
      writeFileSync(at('mutant.json'), bytes);
      try {
        const read = readCostFile(at('mutant.json'));
        expect(sealModel(read).seconds('rotate', 16384, 9)).not.toBeNaN();
        expect(nativeModel(1, read).seconds('rotate', 16384, 9)).toBeGreaterThanOrEqual(0);
      } catch (error) {
        if (!(error instanceof FhecError)) throw new Error(`mutant ${mutant}`, { cause: error });
        expect(error.diagnostics[0].code).toBe('FHE0702');
      }
    }
  });
});
