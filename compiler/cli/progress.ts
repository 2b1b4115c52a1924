import { SingleBar } from 'cli-progress';
import { formatSeconds } from './format.ts';
import type { CommonFlags, Io } from './io.ts';

/** Shows how far long work is. */
export interface Progress {
  /** `share` of the work called `stage` is done, 0 to 1, and it is at `place`. A new stage begins when the name changes. */
  readonly update: (stage: string, share: number, place?: string) => void;
  readonly stop: () => void;
}

const silent: Progress = { update: () => undefined, stop: () => undefined };

/** A bar with the time left on a terminal, else a line every five seconds; nothing with `--json` or `--quiet`. */
export function startProgress(io: Io, flags: CommonFlags): Progress {
  if (flags.json || flags.quiet) return silent;
  return io.terminal ? bar(io.terminal) : lines(io);
}

/** Seconds that the rest takes when it goes on as before. */
function timeLeft(share: number, seconds: number): string {
  return share > 0.01 && share < 1 && seconds > 0.5 ? `${formatSeconds((seconds * (1 - share)) / share)} left` : '';
}

function bar(stream: NodeJS.WriteStream): Progress {
  const shown = new SingleBar({
    stream,
    format: '{stage} [{bar}] {percentage}% {left} {place}',
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
    stopOnComplete: false,
  });
  let current: string | undefined;
  let started = 0;
  return {
    update: (stage, share, place = '') => {
      if (stage !== current) {
        if (current === undefined) shown.start(1, share, { stage: stage.padEnd(24), left: '', place: '' });
        current = stage;
        started = performance.now();
      }
      const left = timeLeft(share, (performance.now() - started) / 1000);
      shown.update(share, { stage: stage.slice(0, 24).padEnd(24), left, place: place.slice(0, 32) });
    },
    stop: () => {
      if (current !== undefined) shown.stop();
    },
  };
}

const millisecondsBetweenLines = 5_000;

function lines(io: Io): Progress {
  let current: string | undefined;
  let started = 0;
  let last = -Infinity;
  return {
    update: (stage, share, place = '') => {
      const now = performance.now();
      if (stage !== current) started = now;
      current = stage;
      if (now - last < millisecondsBetweenLines) return;
      last = now;
      const left = timeLeft(share, (now - started) / 1000);
      const percentage = share > 0 && share < 1 ? ` ${Math.floor(100 * share)}%` : '';
      const facts = [`${stage}${percentage}`, ...[left, place && `at ${place}`].filter((fact) => fact !== '')];
      io.err(`${facts.join(', ')} ...\n`);
    },
    stop: () => undefined,
  };
}
