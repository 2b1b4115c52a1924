import type { Program } from '../../../ir/program/program.ts';
import {
  conjugationSection,
  galoisSection,
  relinearizationSection,
  secretSwitchSection,
  type EvaluationKeyFile,
} from '../../../runtime/files/evaluation-keys.ts';
import { nativeBackend, type NativeKeys } from '../../../runtime/native/backend.ts';
import { fuseProgram, type FusionLimits } from '../../../runtime/native/fuse.ts';
import { loadSealKey } from '../../../runtime/native/keys.ts';
import { openNative, type Handle, type NativeEngine, type NativeSettings } from '../../../runtime/native/library.ts';
import { PlaintextStore } from '../../../runtime/native/plaintext-store.ts';
import { runFused } from '../../../runtime/native/run-fused.ts';
import { giveCiphertext, takeCiphertext } from '../../../runtime/native/transfer.ts';
import { uncompressed } from '../../../runtime/seal/library.ts';
import type { SealBench } from '../on-seal.ts';

/** The native engine with the keys of a {@link SealBench}, in this thread. */
export interface NativeBench {
  readonly engine: NativeEngine;
  /** Runs as the server does. SEAL encrypts one vector an input register and decrypts one vector an output register. */
  readonly run: (program: Program, inputs: readonly Float64Array[], fusion?: FusionLimits) => Float64Array[];
  readonly close: () => void;
}

const muchFusion: FusionLimits = { bytes: 2 ** 28, keys: 100 };

/** Keys of SEAL's as if they had come in a file. */
function keyFile(sections: ReadonlyMap<string, Uint8Array>): EvaluationKeyFile {
  const bytesOf = (name: string): Uint8Array => sections.get(name) ?? new Uint8Array(0);
  const container = {
    kind: 'evaluation-keys',
    body: {},
    fingerprint: '',
    sectionNames: [...sections.keys()],
    section: bytesOf,
    sectionLength: (name: string) => bytesOf(name).length,
  } as const;
  return { container, keyFingerprint: '' };
}

/** `rotations`: those that the bench has keys for. */
export function openNativeBench(
  bench: SealBench,
  rotations: readonly number[],
  settings: NativeSettings = { threads: 2 },
): NativeBench {
  const { library, context, parameters } = bench.seal;
  const engine = openNative(parameters, settings);
  const saved = (key: { saveArray: (mode: ReturnType<typeof uncompressed>) => Uint8Array } | undefined): Uint8Array =>
    key?.saveArray(uncompressed(library)) ?? new Uint8Array(0);
  const file = keyFile(
    new Map([
      [relinearizationSection, saved(bench.keys.relinearization)],
      [conjugationSection, saved(bench.keys.conjugation)],
      ...rotations.map((steps) => [galoisSection(steps), saved(bench.keys.galois.get(steps))] as const),
      ...(bench.keys.secrets ? (['sparse', 'dense'] as const) : []).map(
        (to) => [secretSwitchSection(to), saved(bench.keys.secrets?.get(to))] as const,
      ),
    ]),
  );
  const loaded = new Map(
    file.container.sectionNames.map((name) => [name, loadSealKey(engine, parameters, file, name)]),
  );
  const key = (section: string): Handle => {
    const handle = loaded.get(section);
    if (handle === undefined) throw new Error(`there is no ${section}`);
    return handle;
  };
  const keys: NativeKeys = {
    relinearization: () => key(relinearizationSection),
    conjugation: () => key(conjugationSection),
    rotation: (steps) => key(galoisSection(steps)),
    automorphisms: (all) => all.map((i) => key(i.op === 'rotate' ? galoisSection(i.steps) : conjugationSection)),
    secret: (to) => key(secretSwitchSection(to)),
  };
  const backend = nativeBackend(engine, keys);
  const decrypt = (handle: Handle): Float64Array => {
    const cipher = library.CipherText();
    cipher.loadArray(context, giveCiphertext(engine, parameters, handle));
    const vector = bench.decrypt(cipher);
    cipher.delete();
    return vector;
  };
  return {
    engine,
    run: (program, inputs, fusion = muchFusion) => {
      const held = engine.objectCount();
      const given = program.inputs.map((signature, i) => {
        const cipher = bench.encrypt(inputs[i], signature.level, signature.scale);
        const bytes = cipher.saveArray(uncompressed(library));
        cipher.delete();
        return takeCiphertext(engine, parameters, bytes, signature);
      });
      const steps = fuseProgram(program, fusion);
      const plaintexts = new PlaintextStore(engine, program, steps, 0);
      const results = runFused(program, steps, { engine, backend, keys, plaintexts }, given);
      const vectors = results.map(decrypt);
      for (const handle of new Set([...given, ...results])) engine.release(handle);
      if (engine.objectCount() !== held) throw new Error(`${engine.objectCount() - held} objects were left behind`);
      return vectors;
    },
    close: () => engine.close(),
  };
}
