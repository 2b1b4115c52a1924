import { InternalError } from '../../ir/diagnostics.ts';
import {
  containerHead,
  sectionOffsets,
  sha256Hex,
  type FileKind,
  type SectionEntry,
} from '../../ir/program/container.ts';
import { writeFile } from './files.ts';

/** A section whose length is known before its bytes are made. */
export interface PlannedSection {
  readonly name: string;
  readonly length: number;
  readonly make: () => Uint8Array;
}

const unknownHash = '0'.repeat(64);

/**
 * Writes a container section by section, so that one of them is in memory at a time. `body`: of the hashes of all sections, in order; its JSON has the same
 * length for any hashes. Returns the bytes of the file and the body. Errors: FHE0902 and those of `make`.
 */
export function writeContainerFile<Body>(
  path: string,
  kind: FileKind,
  sections: readonly PlannedSection[],
  body: (hashes: readonly string[]) => Body,
): { readonly bytes: number; readonly body: Body } {
  const entries = (hashes: readonly string[]): SectionEntry[] =>
    sections.map(({ name, length }, i) => ({ name, length, sha256: hashes[i] }));
  const nothing = sections.map(() => unknownHash);
  const start = containerHead(kind, body(nothing), entries(nothing)).length;
  const offsets = sectionOffsets(sections.map((s) => s.length));
  const hashes: string[] = [];
  writeFile(path, (write) => {
    sections.forEach(({ name, length, make }, i) => {
      const bytes = make();
      if (bytes.length !== length) throw new InternalError(`${name} has ${bytes.length} bytes, not ${length}`);
      hashes.push(sha256Hex(bytes));
      write(start + offsets[i], bytes);
      write(start + offsets[i] + length, new Uint8Array(offsets[i + 1] - offsets[i] - length));
    });
    const head = containerHead(kind, body(hashes), entries(hashes));
    if (head.length !== start) throw new InternalError('the header changed its length with the hashes');
    write(0, head);
  });
  return { bytes: start + offsets[sections.length], body: body(hashes) };
}
