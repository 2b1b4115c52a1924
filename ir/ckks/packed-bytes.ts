/** Bytes of a line of memory, which buffers of the native engine are whole numbers of. */
export const line = 64;
/** Wider words are not packed in memory. */
const packedBits = 57;

/** Bytes that so many words of so many bits take in the native engine: whole lines. */
export const packedBytes = (words: number, bits: number): number =>
  line * Math.ceil(((words / 8) * (bits <= packedBits ? bits : 64)) / line);
