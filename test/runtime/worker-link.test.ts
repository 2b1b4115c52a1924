import { describe, expect, test } from 'vitest';
import { InternalError } from '../../ir/diagnostics.ts';
import { failedBy, WorkerLink } from '../../runtime/worker-link.ts';

const open = () => new WorkerLink<string, { kind: 'answer' }>(import.meta.url, './fixtures/dying-worker', {});
const refused = (code: string) => ({ diagnostics: [{ code }] });

describe('WorkerLink', () => {
  test('a worker that throws or ends rejects this conversation and every later one', async () => {
    for (const [last, code] of [
      ['throw', 'FHE9901'],
      ['end', 'FHE0801'],
    ]) {
      const link = open();
      await link.converse('answer', 'answer');
      await expect(link.converse(last, 'answer')).rejects.toMatchObject(refused(code));
      await expect(link.converse('answer', 'answer')).rejects.toMatchObject(refused(code));
      await link.terminate();
    }
  });

  test('a worker that is terminated while it is asked rejects, and a listener that throws does too', async () => {
    const link = open();
    const broken = link.converse('answer', 'answer', () => {
      throw new Error('listener');
    });
    await expect(broken).rejects.toThrow('listener');
    const silent = link.converse('silence', 'answer');
    expect(() => link.converse('answer', 'answer')).toThrow(InternalError);
    await Promise.all([expect(silent).rejects.toMatchObject(refused('FHE0801')), link.terminate()]);
  });

  test('a defect travels with its stack', () => {
    expect(failedBy(new InternalError('wrong'))).toMatchObject({
      diagnostics: [{ code: 'FHE9901', message: expect.stringContaining('worker-link.test.ts') as string }],
    });
  });
});
