import type { CompileResult } from '../compiler/compile.ts';
import type { Sample } from '../samples/e2e/sample.ts';
import type { Figure } from './figure.ts';

export interface BenchOptions {
  /** Images truly encrypted, at least 3. */
  readonly images: number;
  /** Test images for the simulator; none when 0. */
  readonly simulated: number;
  /** Of the server; by default as the sample says. */
  readonly threads: number | undefined;
  /** Bootstraps in a row. */
  readonly repeat: number;
  /** Images of a deep network that are truly encrypted to be held against the exact network; `images` of them give the other seconds. */
  readonly agreement: number;
  /** Keeps compiled deep networks and their calibrations, and takes them from there; undefined for a temporary folder. */
  readonly cache: string | undefined;
  /** Test inputs of a deep network as `fhec infer` takes them; undefined for those of the bench. */
  readonly test: string | undefined;
  /** More arguments of `fhec compile` for a deep network. */
  readonly compile: readonly string[];
}

/** What the families of figures share about one sample. */
export interface Bench {
  readonly key: string;
  readonly sample: Sample;
  /** Compiled with the first 500 training images. */
  readonly compiled: CompileResult;
  readonly options: BenchOptions;
  /** Tells the user on stderr what is going on. */
  readonly progress: (text: string) => void;
}

/** A family of figures: names without the sample's prefix. */
export type Family = (bench: Bench) => AsyncIterable<Figure> | Iterable<Figure>;

/** Figures that belong to no sample, with their whole names. */
export type Part = (
  progress: (text: string) => void,
  options: BenchOptions,
) => AsyncIterable<Figure> | Iterable<Figure>;

export const figure = (name: string, value: number, unit = ''): Figure => ({ figure: name, value, unit });

export const calibrationImages = 500;

/** One of everything. */
export const leastOptions: BenchOptions = {
  images: 1,
  simulated: 0,
  threads: undefined,
  repeat: 1,
  agreement: 1,
  cache: undefined,
  test: undefined,
  compile: [],
};
