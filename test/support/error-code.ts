import { FhecError } from '../../ir/diagnostics.ts';

/** `FHE0203 message` of the FhecError that `run` throws; other errors pass through; 'no error' where there is none. */
export function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FhecError) return `${error.diagnostics[0].code} ${error.message}`;
    throw error;
  }
  return 'no error';
}
