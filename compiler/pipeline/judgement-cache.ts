import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DirectCandidate } from '../../passes/approximate/candidate.ts';
import type { Assessment } from './assess.ts';
import type { CalibrationStore } from './calibration-cache.ts';
import { sealJson, unsealJson } from './sealed-json.ts';

/** Changes when polynomials are judged in another way. */
const version = 2;

const share = z.number().min(0).max(1);

const assessment = z.object({
  loss: z.number(),
  accuracy: z.object({
    images: z.int().min(1),
    exact: share.exactOptional(),
    polynomial: share.exactOptional(),
    agreement: share,
    interval: z.tuple([share, share]),
    blowUps: share,
  }),
});

const judgement = assessment.extend({
  /** Of each polynomial, in order. */
  coefficients: z.array(z.array(z.number())),
});

/** What the judgement of polynomials found. */
export interface StoredJudgement extends Assessment {
  readonly coefficients: readonly (readonly number[])[];
}

/**
 * Keeps judgements of polynomials between compilations, by calibration and coefficients: a compilation that was stopped goes on where it was, and one
 * with other limits starts from what was judged before. What is damaged counts as absent.
 */
export class JudgementMemory {
  readonly #store: CalibrationStore;
  readonly #calibration: string;

  /** `calibration`: what tells the network and its calibration apart. */
  constructor(store: CalibrationStore, calibration: string) {
    this.#store = store;
    this.#calibration = calibration;
  }

  judged(polynomials: readonly DirectCandidate[], judge: () => StoredJudgement): StoredJudgement {
    const found = this.#remembered('judged', polynomials, judgement, judge);
    const fits = found.coefficients.every((c, i) => c.length === polynomials.at(i)?.coefficients.data.length);
    return fits && found.coefficients.length === polynomials.length ? found : judge();
  }

  confirmed(polynomials: readonly DirectCandidate[], confirm: () => Assessment): Assessment {
    return this.#remembered('confirmed', polynomials, assessment, confirm);
  }

  #remembered<T>(kind: string, polynomials: readonly DirectCandidate[], schema: z.ZodType<T>, make: () => T): T {
    const key = this.#keyOf(kind, polynomials);
    const known = schema.safeParse(unsealJson(this.#store.read(key)));
    if (known.success) return known.data;
    const made = make();
    this.#store.write(key, sealJson(made));
    return made;
  }

  #keyOf(kind: string, polynomials: readonly DirectCandidate[]): string {
    const hash = createHash('sha256').update(`${version} ${kind} ${this.#calibration}`);
    for (const { coefficients, scale, intervals } of polynomials)
      hash.update(JSON.stringify([[...coefficients.data], scale, intervals]));
    return hash.digest('hex');
  }
}
