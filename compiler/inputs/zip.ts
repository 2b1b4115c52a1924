import { unzipSync } from 'fflate';
import { badInput, maxElements } from './source.ts';

const endRecord = 0x06054b50;
const centralRecord = 0x02014b50;

/** True for the first bytes of a zip archive. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/**
 * The members of a zip archive. The unpacked size is bounded (8 bytes for each of {@link maxElements}), and every member is held
 * against its CRC-32, which fflate leaves to its caller. Errors: FHE0903.
 */
export function readZip(bytes: Uint8Array, name: string): ReadonlyMap<string, Uint8Array> {
  let total = 0;
  let members: Readonly<Record<string, Uint8Array>>;
  try {
    const filter = ({ originalSize }: { originalSize: number }): boolean => {
      total += originalSize;
      if (!(total <= 8 * maxElements)) throw new RangeError('it unpacks to more than 1 GiB');
      return true;
    };
    members = unzipSync(bytes, { filter });
  } catch (error) {
    return badInput(name, `the zip archive cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const sums = readChecksums(bytes, name);
  const result = new Map<string, Uint8Array>();
  for (const [member, content] of Object.entries(members)) {
    if (sums.get(member) !== crc32(content)) badInput(name, `member '${member}' does not fit its checksum`);
    result.set(member, content);
  }
  if (result.size !== sums.size) badInput(name, 'the directory of the zip archive is damaged');
  return result;
}

/** CRC-32 by member name, from the central directory. */
function readChecksums(bytes: Uint8Array, name: string): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (): never => badInput(name, 'the directory of the zip archive is damaged');
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== endRecord) end--;
  if (end < 0) bad();
  let at = view.getUint32(end + 16, true);
  const sums = new Map<string, number>();
  while (at + 46 <= bytes.length && view.getUint32(at, true) === centralRecord) {
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > bytes.length) bad();
    const member = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if (sums.has(member)) bad();
    sums.set(member, view.getUint32(at + 16, true));
    at = next;
  }
  return sums;
}

const crcTable = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** The CRC-32 of zip (polynomial 0x04C11DB7, reflected); zlib.crc32 is not in every Node 20. */
function crc32(bytes: Uint8Array): number {
  let c = -1;
  for (const byte of bytes) c = (c >>> 8) ^ crcTable[(c ^ byte) & 255];
  return ~c >>> 0;
}
