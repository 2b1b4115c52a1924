/** What a file test asks for: verbs and expectations, read from the comments of a `.fir` file. See CONTRIBUTING.md. */
export interface FileTest {
  readonly verbs: readonly Verb[];
  readonly errors: readonly ExpectedError[];
  /** The lines of the `// expect:` block, without their comment marks; undefined when there is none. */
  readonly golden: readonly string[] | undefined;
  /** The text before the `// expect:` block. */
  readonly source: string;
}

export interface Verb {
  readonly name: 'roundtrip' | 'print' | 'verify' | 'pass' | 'eval';
  readonly rest: string;
}

export interface ExpectedError {
  /** The line that the error must point to; undefined for errors about the whole module. */
  readonly line: number | undefined;
  readonly code: string;
  readonly text: string;
}

const maxGoldenLines = 80;

const verbNames: readonly string[] = ['roundtrip', 'print', 'verify', 'pass', 'eval'] satisfies Verb['name'][];
const isVerbName = (name: string): name is Verb['name'] => verbNames.includes(name);

/** Verbs whose output the `// expect:` block holds. */
const printing: readonly string[] = ['print', 'pass'];

/** Reads a file test. Throws an Error that says what is wrong with the file; `blessing` allows a golden that is still to be written. */
export function readFileTest(text: string, blessing = false): FileTest {
  const lines = text.split('\n');
  const expectAt = lines.findIndex((line) => /^\s*\/\/ expect:/.test(line));
  const source = (expectAt < 0 ? lines : lines.slice(0, expectAt)).join('\n');
  const verbs = readVerbs(source);
  const errors = readErrors(source);
  const golden = expectAt < 0 ? undefined : readGolden(lines.slice(expectAt));
  const prints = verbs.filter((v) => printing.includes(v.name));
  const needsGolden = prints.length > 0 && errors.length === 0;
  if (prints.length > 1) throw new Error('only one verb of a file may print');
  if (golden && !needsGolden) throw new Error("orphan '// expect:' block: no verb of this file prints");
  if (needsGolden && !blessing && !golden?.some((line) => line !== ''))
    throw new Error(`the '// expect:' block is missing or blank; ${blessHint}`);
  if (golden && golden.length > maxGoldenLines)
    throw new Error(
      `the '// expect:' block has ${golden.length} lines, more than ${maxGoldenLines}: test less at once`,
    );
  if (errors.length > 0 && !verbs.some((v) => v.name === 'verify' || v.name === 'pass'))
    throw new Error('orphan error expectation: only verify and pass give errors');
  return { verbs, errors, golden, source };
}

export const blessHint = "look at the output, then run 'FHEC_BLESS=1 npx vitest run test/runner' to accept it";

function readVerbs(source: string): Verb[] {
  const verbs = [...source.matchAll(/^\/\/ test: *(\S*) *(.*)$/gm)].map(([, name, rest]) => {
    if (!isVerbName(name)) throw new Error(`verb '${name}' is unknown: ${verbNames.join(', ')}`);
    return { name, rest: rest.trim() };
  });
  if (verbs.length === 0) throw new Error("no '// test:' line");
  return verbs;
}

function readErrors(source: string): ExpectedError[] {
  return source.split('\n').flatMap((line, i) => {
    if (!/\/\/ *error/.test(line)) return [];
    const match = /^\s*\/\/ error(?:@([+-]\d+))? (FHE\d{4}) (.+)$/.exec(line);
    if (!match) throw new Error(`line ${i + 1}: write '// error@+1 FHE0303 part of the message'`);
    const [, offset, code, text] = match;
    return [{ line: offset === undefined ? undefined : i + 1 + Number(offset), code, text: text.trim() }];
  });
}

function readGolden(lines: readonly string[]): string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '');
  return lines.slice(1, end + 1).map((line, i) => {
    if (!line.startsWith('//')) throw new Error(`text after the '// expect:' block (line ${i + 2} of it)`);
    return line.slice(2).replace(/^ /, '');
  });
}

/** The file with its golden replaced. */
export function withGolden(source: string, output: string): string {
  const lines = output.trimEnd().split('\n');
  const block = lines.map((line) => (line === '' ? '//' : `// ${line}`));
  return `${source.trimEnd()}\n\n// expect:\n${block.join('\n')}\n`;
}
