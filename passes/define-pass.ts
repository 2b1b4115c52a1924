import type { Level } from '../ir/define.ts';
import type { Module } from '../ir/module.ts';

/** An option of a pass: with its default and its help it makes the command line flag and the documentation. */
export interface PassOption {
  readonly kind: 'int' | 'float' | 'bool' | 'string';
  readonly default: number | boolean | string;
  readonly help: string;
}

type PassOptions = Readonly<Record<string, PassOption>>;

type OptionValues<O extends PassOptions> = {
  readonly [K in keyof O]: O[K]['kind'] extends 'bool' ? boolean : O[K]['kind'] extends 'string' ? string : number;
};

/** One pass: a pure function from module to module, with what it assumes said as data. */
export interface Pass {
  /** Kebab case; the file, the flag of `fhec opt`, the test folder and the row of the timing table have the same name. */
  readonly name: string;
  readonly summary: string;
  readonly assumes: readonly string[];
  readonly from: Level;
  readonly to: Level;
  readonly options: PassOptions;
  readonly run: (module: Module, options: Readonly<Record<string, number | boolean | string>>) => Module;
}

/** Declares a pass that needs nothing but its module and plain options, so that `fhec opt` can run it on text. */
export function definePass<const O extends PassOptions>(
  pass: Omit<Pass, 'options' | 'run'> & {
    readonly options: O;
    readonly run: (module: Module, options: OptionValues<O>) => Module;
  },
): Pass {
  return {
    ...pass,
    run: (module, given) => {
      const defaults = Object.fromEntries(Object.entries(pass.options).map(([name, o]) => [name, o.default]));
      return pass.run(module, { ...defaults, ...given } as OptionValues<O>);
    },
  };
}
