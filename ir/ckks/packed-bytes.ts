const line = 64;
/** Wider words are not packed in memory. */
const packedBits = 57;

/** Bytes that so many words of so many bits take in the native engine: whole lines. */
export const packedBytes = (words: number, bits: number): number =>
  line * Math.ceil(((words / 8) * (bits <= packedBits ? bits : 64)) / line);
