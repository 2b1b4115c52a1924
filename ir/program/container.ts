import { createHash } from 'node:crypto';
import { fail, InternalError } from '../diagnostics.ts';

/**
 * The one file format of fhec: a JSON header and binary sections, each with its SHA-256.
 *
 *   0   8 bytes   magic: 0x89 'FHEC' CR LF 0x1A (shows text-mode damage at once, as PNG's does)
 *   8   u32 LE    format version
 *   12  u32 LE    header length h
 *   16  32 bytes  SHA-256 of bytes 8..16 and of the header
 *   48  h bytes   header, UTF-8 JSON: { kind, sections: [{ name, offset, length, sha256 }], body }
 *   ...           sections, each at a multiple of 64 bytes, so that they can be mapped
 */
const formatVersion = 2;

const magic = Uint8Array.of(0x89, 0x46, 0x48, 0x45, 0x43, 0x0d, 0x0a, 0x1a);
const fixedLength = 48;
const alignment = 64;
/** No header of ours comes near this; a larger one is refused before it is read. */
const maxHeaderLength = 256 * 2 ** 20;
/** How much of a section is read at a time. */
const pieceLength = 2 ** 20;
/** The largest section that one array holds. */
const maxSectionLength = 2 ** 32;

export type FileKind = 'model' | 'client' | 'secret-key' | 'evaluation-keys' | 'ciphertexts';

const kindNames: Readonly<Record<FileKind, string>> = {
  model: 'a compiled model',
  client: 'a client specification',
  'secret-key': 'a secret key',
  'evaluation-keys': 'evaluation keys',
  ciphertexts: 'ciphertexts',
};

export interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Bytes that can be read in parts: a file or an array. `read` returns exactly `length` bytes; callers stay within `size`. */
export interface ByteSource {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Uint8Array;
}

/** A file as read: the header is checked, each section is checked when it is read. */
export interface Container {
  readonly kind: FileKind;
  readonly body: unknown;
  readonly sectionNames: readonly string[];
  /** Throws FHE0702 when the section is missing, or its bytes do not fit its hash; FHE0707 when it is absurdly large. */
  readonly section: (name: string) => Uint8Array;
  readonly sectionLength: (name: string) => number;
  /** Goes through a section piece by piece, each of at most a mebibyte and of whole doubles. Throws as `section` does, the hash being known at the end. */
  readonly scan: (name: string, visit: (piece: Uint8Array) => void) => void;
  /** Bytes of a section that was scanned: they are not held against the hash again. */
  readonly part: (name: string, offset: number, length: number) => Uint8Array;
  /** Hex SHA-256 of the header, which holds the hashes of all sections: names this exact content. */
  readonly fingerprint: string;
}

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBufferLike> => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const sha256Hex = (bytes: Uint8Array): string => hex(sha256(bytes));

const align = (offset: number): number => Math.ceil(offset / alignment) * alignment;

/** What the header says of a section: its length in bytes and the hex SHA-256 of its bytes. */
export interface SectionEntry {
  readonly name: string;
  readonly length: number;
  readonly sha256: string;
}

/** Begin of each section, counted from the end of the header, so that the header does not depend on its own length; and the end of the last. */
export function sectionOffsets(lengths: readonly number[]): number[] {
  const offsets = [0];
  for (const length of lengths) offsets.push(align(offsets[offsets.length - 1] + length));
  return offsets;
}

/** All that stands before the first section. Its length depends on the names, the lengths and the length of the body's JSON only. */
export function containerHead(kind: FileKind, body: unknown, sections: readonly SectionEntry[]): Uint8Array {
  const offsets = sectionOffsets(sections.map((s) => s.length));
  const table = sections.map(({ name, length, sha256: hash }, i) => ({
    name,
    offset: offsets[i],
    length,
    sha256: hash,
  }));
  const header = new TextEncoder().encode(JSON.stringify({ kind, sections: table, body }));
  const head = new Uint8Array(align(fixedLength + header.length));
  head.set(magic);
  head.set(header, fixedLength);
  const view = new DataView(head.buffer);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, header.length, true);
  head.set(sha256(head.subarray(8, 16), header), 16);
  return head;
}

/** The parts of a file in order, to be written one after another; `body` must be JSON. */
export function writeContainer(kind: FileKind, body: unknown, sections: readonly Section[]): Uint8Array[] {
  const entries = sections.map(({ name, bytes }) => ({ name, length: bytes.length, sha256: sha256Hex(bytes) }));
  const parts: Uint8Array[] = [containerHead(kind, body, entries)];
  for (const { bytes } of sections) parts.push(bytes, new Uint8Array(align(bytes.length) - bytes.length));
  return parts;
}

export function bytesSource(bytes: Uint8Array, name = 'bytes'): ByteSource {
  return { name, size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

interface TableEntry {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isKind = (value: unknown): value is FileKind => typeof value === 'string' && Object.hasOwn(kindNames, value);

function readTable(value: unknown, available: number): TableEntry[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const table: TableEntry[] = [];
  const names = new Set<string>();
  for (const entry of value as readonly unknown[]) {
    if (!isRecord(entry)) return undefined;
    const { name, offset, length, sha256: hash } = entry;
    if (typeof name !== 'string' || names.has(name) || typeof hash !== 'string') return undefined;
    if (typeof offset !== 'number' || typeof length !== 'number') return undefined;
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) return undefined;
    if (offset % alignment !== 0 || offset + length > available) return undefined;
    names.add(name);
    table.push({ name, offset, length, sha256: hash });
  }
  return table;
}

/**
 * Opens a file of the expected kinds. Errors: FHE0701 (no fhec file, or of another kind; a secret key where it must not be is
 * FHE0705 and is the caller's to tell), FHE0702 (damaged), FHE0703 (another format version).
 */
export function readContainer(source: ByteSource, ...kinds: readonly FileKind[]): Container {
  const expected = kinds.map((k) => kindNames[k]).join(' or ');
  if (source.size < fixedLength) fail('FHE0701', `${source.name} is not a fhec file: it has ${source.size} bytes`);
  const fixed = source.read(0, fixedLength);
  if (magic.some((byte, i) => fixed[i] !== byte)) fail('FHE0701', `${source.name} is not a fhec file`);
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.byteLength);
  const version = view.getUint32(8, true);
  if (version !== formatVersion)
    fail('FHE0703', `${source.name} has format version ${version}, this is ${formatVersion}`);
  const headerLength = view.getUint32(12, true);
  if (headerLength > maxHeaderLength || fixedLength + headerLength > source.size) {
    fail('FHE0702', `${source.name} is cut short or damaged: header of ${headerLength} bytes`);
  }
  const headerBytes = source.read(fixedLength, headerLength);
  const digest = sha256(fixed.subarray(8, 16), headerBytes);
  if (digest.some((byte, i) => fixed[16 + i] !== byte))
    fail('FHE0702', `the header of ${source.name} does not fit its hash`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(headerBytes));
  } catch {
    fail('FHE0702', `the header of ${source.name} is not JSON`);
  }
  if (!isRecord(header) || !isKind(header['kind'])) fail('FHE0702', `the header of ${source.name} names no kind`);
  const kind = header['kind'];
  if (!kinds.includes(kind)) fail('FHE0701', `${source.name} holds ${kindNames[kind]}, not ${expected}`);
  const start = align(fixedLength + headerLength);
  const table = readTable(header['sections'], source.size - start);
  if (!table) fail('FHE0702', `${source.name} is cut short, or its table of sections is damaged`);
  const entries = new Map(table.map((entry) => [entry.name, entry]));
  const entryOf = (name: string): TableEntry => {
    const entry = entries.get(name);
    return entry ?? fail('FHE0702', `${source.name} has no section '${name}'`);
  };
  const damaged = (name: string): never => fail('FHE0702', `section '${name}' of ${source.name} does not fit its hash`);
  return {
    kind,
    body: header['body'],
    sectionNames: [...entries.keys()],
    sectionLength: (name) => entryOf(name).length,
    section: (name) => {
      const entry = entryOf(name);
      if (entry.length > maxSectionLength)
        fail('FHE0707', `section '${name}' of ${source.name} has ${entry.length} bytes`);
      const bytes = source.read(start + entry.offset, entry.length);
      if (sha256Hex(bytes) !== entry.sha256) damaged(name);
      return bytes;
    },
    scan: (name, visit) => {
      const { offset, length, sha256: expected } = entryOf(name);
      const hash = createHash('sha256');
      for (let at = 0; at < length; at += pieceLength) {
        const piece = source.read(start + offset + at, Math.min(pieceLength, length - at));
        hash.update(piece);
        visit(piece);
      }
      if (hash.digest('hex') !== expected) damaged(name);
    },
    part: (name, offset, length) => {
      const entry = entryOf(name);
      if (offset + length > entry.length) throw new InternalError(`section '${name}' ends before ${offset + length}`);
      return source.read(start + entry.offset + offset, length);
    },
    fingerprint: hex(digest),
  };
}

/** The kind of a file by its header, or undefined when it is no readable fhec file. Reads nothing but the header. */
export function kindOf(source: ByteSource): FileKind | undefined {
  try {
    const every = Object.keys(kindNames).filter(isKind);
    return readContainer(source, ...every).kind;
  } catch {
    return undefined;
  }
}
