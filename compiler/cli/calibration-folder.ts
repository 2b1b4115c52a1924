import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileParts } from '../../runtime/files/files.ts';
import type { CalibrationStore } from '../pipeline/calibration-cache.ts';

/** Keeps measurements as files in a folder, which is made where it is missing. They tell something of the calibration inputs: histograms and outputs. */
export function folderOfCalibrations(folder: string): CalibrationStore {
  const path = (key: string): string => join(folder, `${key}.calibration.json`);
  return {
    read: (key) => (existsSync(path(key)) ? readFileSync(path(key)) : undefined),
    write: (key, bytes) => {
      mkdirSync(folder, { recursive: true });
      writeFileParts(path(key), [bytes]);
    },
  };
}
