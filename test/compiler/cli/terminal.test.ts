import { expect, test, vi } from 'vitest';
import { CompileCrash, formatCrash } from '../../../compiler/cli/crash.ts';
import { interruptible } from '../../../compiler/cli/interrupt.ts';
import { startProgress } from '../../../compiler/cli/progress.ts';
import { memoryStore } from '../../../ir/text/constants.ts';
import { parseModule } from '../../../ir/text/parse.ts';
import { PassFailure } from '../../../passes/run.ts';
import { findPass } from '../../../passes/registry.ts';

const source = `module nn

func @main(%0: tensor<[1, 3]> "x") {
  %1 = nn.neg(%0) : tensor<[1, 3]>
  return %1 "y"
}
`;
const module = parseModule(source, { file: 'x.fir', constants: memoryStore() });

test('a reproducer holds the command line, the error, the stage and the module', () => {
  const text = formatCrash(
    new CompileCrash('linearize', module, new RangeError('too far')),
    ['compile', 'a b.onnx'],
    'f.txt',
  );
  for (const part of [
    '// command: fhec "compile" "a b.onnx"',
    '// RangeError: too far',
    'succeeded: linearize',
    'nn.neg(%0)',
  ])
    expect(text).toContain(part);
});

test('when a pass failed, the reproducer reads back as the module that it was given', () => {
  const pass = findPass('linearize');
  if (!pass) throw new Error('no such pass');
  const failure = new PassFailure({ pass }, module, 'failed: for a test');
  const text = formatCrash(new CompileCrash('import', undefined, failure), ['compile', 'a.onnx'], 'f.txt');
  expect(text).toContain('fhec opt f.txt --pass linearize');
  expect(parseModule(text, { file: 'f.txt', constants: memoryStore() }).funcs[0].body.length).toBe(1);
});

test('the first Ctrl-C aborts the work, and afterwards nothing listens', async () => {
  const before = process.listenerCount('SIGINT');
  const aborted = await interruptible((signal) => {
    process.emit('SIGINT');
    return Promise.resolve(signal.aborted);
  });
  expect(aborted).toBe(true);
  expect(process.listenerCount('SIGINT')).toBe(before);
});

test('without a terminal progress is a line every five seconds with the time left', () => {
  const now = vi.spyOn(performance, 'now');
  let err = '';
  const io = { out: () => undefined, err: (t: string) => void (err += t), crashFolder: '.' };
  const progress = startProgress(io, {});
  for (const [seconds, share] of [
    [0, 0],
    [1, 0.1],
    [6, 0.25],
    [7, 0.3],
    [30, 1],
  ] as const) {
    now.mockReturnValue(1000 * seconds);
    progress.update('run', share);
  }
  progress.stop();
  now.mockRestore();
  expect(err).toBe('run ...\nrun 25%, 18.0 s left ...\nrun ...\n');
});

test.each([{ json: true }, { quiet: true }])('no progress with %j', (flags) => {
  const io = {
    out: () => undefined,
    err: () => {
      throw new Error('progress was shown');
    },
    crashFolder: '.',
  };
  const progress = startProgress(io, flags);
  progress.update('run', 0.5);
  progress.stop();
  expect(progress.update('run', 1)).toBeUndefined();
});
