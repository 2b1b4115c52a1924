/**
 * The few instructions of WebAssembly (core specification 2.0, chapter 5) that a kernel with loops and vectors of four single precision numbers needs, as
 * bytes. Code is a list of bytes; every function here gives a part of one.
 */
export type Code = readonly number[];

/** LEB128. */
function unsigned(n: number): number[] {
  const low = n & 0x7f;
  return n < 0x80 ? [low] : [low | 0x80, ...unsigned(n >>> 7)];
}

function signed(n: number): number[] {
  const low = n & 0x7f;
  const rest = n >> 7;
  const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
  return last ? [low] : [low | 0x80, ...signed(rest)];
}

const simd = 0xfd;
const empty = 0x40;

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
export const constant = (n: number): Code => [0x41, ...signed(n)];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const multiply = (a: Code, b: Code): Code => [...a, ...b, 0x6c];
export const loadInt = (address: Code): Code => [...address, 0x28, 2, 0];
export const addVectors = (a: Code, b: Code): Code => [...a, ...b, simd, ...unsigned(0xe4)];
export const multiplyVectors = (a: Code, b: Code): Code => [...a, ...b, simd, ...unsigned(0xe6)];
export const loadVector = (address: Code, offset: number): Code => [...address, simd, 0, 2, ...unsigned(offset)];
export const storeVector = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  simd,
  11,
  2,
  ...unsigned(offset),
];
/** One number, four times. */
export const loadSplat = (address: Code): Code => [...address, simd, 9, 2, 0];

/** Runs `body` while local `from` is below local `to`, counting up. */
export const countUp = (from: number, to: number, body: Code): Code => [
  ...[0x02, empty, 0x03, empty],
  ...[...get(from), ...get(to), 0x4e, 0x0d, 1],
  ...body,
  ...set(from, add(get(from), constant(1))),
  ...[0x0c, 0, 0x0b, 0x0b],
];

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const name = (text: string): Code => [...unsigned(text.length), ...new TextEncoder().encode(text)];
const [intType, vectorType, functionType] = [0x7f, 0x7b, 0x60];

/** A module that imports the memory `env.memory` and exports one function `run` of `params` integers, with further locals. */
export function moduleBytes(
  params: number,
  locals: { readonly ints: number; readonly vectors: number },
  code: Code,
): Uint8Array {
  const body = [2, ...unsigned(locals.ints), intType, ...unsigned(locals.vectors), vectorType, ...code, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, functionType, ...unsigned(params), ...new Array<number>(params).fill(intType), 0]),
    ...section(2, [1, ...name('env'), ...name('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ]);
}
