interface Long {
  readonly toNumber: () => number;
}

const isLong = (value: unknown): value is Long => typeof value === 'object' && value !== null && 'toNumber' in value;

/** A 64-bit integer of protobufjs (a number, or a Long) as a double: exact up to 2^53, rounded beyond. 0 where it is absent. */
export const toNumber = (value: unknown): number =>
  typeof value === 'number' ? value : isLong(value) ? value.toNumber() : 0;

/** The nearest safe integer: ONNX writes "to the end" as the largest 64-bit integer. */
export const toSafeInteger = (value: number): number =>
  Math.min(Math.max(Math.trunc(value), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
