import type { Module } from '../../ir/module.ts';
import { CompilationStopped, type CompileOptions } from '../options.ts';

/** Times the stages and tells the hooks. */
export class Stages {
  readonly rows: { readonly name: string; readonly seconds: number }[] = [];
  readonly #options: CompileOptions;
  readonly #started = performance.now();

  constructor(options: CompileOptions) {
    this.#options = options;
  }

  run<T>(name: string, stage: () => T): T {
    const began = performance.now();
    this.#options.hooks?.onProgress?.(name, 0);
    const result = stage();
    this.#options.hooks?.onProgress?.(name, 1);
    this.rows.push({ name, seconds: (performance.now() - began) / 1000 });
    return result;
  }

  readonly seen = (name: string, module: Module): Module => {
    this.#options.hooks?.onStage?.(name, module);
    if (this.#options.hooks?.stopAfter === name) throw new CompilationStopped(name);
    return module;
  };

  readonly progress = (name: string): void => this.#options.hooks?.onProgress?.(name, 1);

  total(): number {
    return (performance.now() - this.#started) / 1000;
  }
}
