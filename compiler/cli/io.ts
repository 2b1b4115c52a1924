/** Where a command writes: results to `out`, everything else to `err`. Tests give their own. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** The terminal for progress bars; absent where standard error is none. */
  readonly terminal?: NodeJS.WriteStream | undefined;
  /** Where reproducers of defects are written. */
  readonly crashFolder: string;
}

export const processIo = (): Io => ({
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  terminal: process.stderr.isTTY ? process.stderr : undefined,
  crashFolder: '.',
});

/** The options that every command has. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Prints the result of a command: as one line of JSON with `--json`, else as text. */
export function printResult(io: Io, flags: CommonFlags, json: unknown, text: string): void {
  if (flags.json) io.out(`${JSON.stringify(json)}\n`);
  else if (text !== '') io.out(text.endsWith('\n') ? text : `${text}\n`);
}

/** A line for the person at the terminal; silent with `--quiet`. */
export function note(io: Io, flags: CommonFlags, text: string): void {
  if (!flags.quiet) io.err(`${text}\n`);
}
