/** Bytes in the unit that leaves one to three digits before the point. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '?';
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const unit = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** The most memory of the process, and how much of it the native engine held. */
export const formatPeak = (process: number, engine: number | undefined): string =>
  formatBytes(process) + (engine === undefined ? '' : `, of which the native engine ${formatBytes(engine)}`);

/** Seconds: milliseconds below one, minutes above a hundred. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 1) return `${(seconds * 1000).toPrecision(3)} ms`;
  if (seconds < 100) return `${seconds.toPrecision(3)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export const formatThreads = (threads: number): string => (threads === 1 ? 'one thread' : `${threads} threads`);

/** A share between 0 and 1 as a percentage with two decimals. */
export const formatShare = (share: number): string => (Number.isFinite(share) ? `${(100 * share).toFixed(2)}%` : '?');

export const formatInterval = ([low, high]: readonly [number, number]): string =>
  `${formatShare(low)} to ${formatShare(high)}`;

/** A number in at most four significant digits. */
export const formatNumber = (x: number): string => String(Number(x.toPrecision(4)));

/** Two columns: what it is, and its value. */
export function formatFacts(facts: readonly (readonly [string, string])[]): string {
  const width = Math.max(...facts.map(([key]) => key.length));
  return facts.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join('\n');
}
