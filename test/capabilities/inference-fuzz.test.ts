import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CapabilityToken } from '#src/api/capability.js';
import { Grants } from '#src/capabilities/grants.js';
import { inferCapabilities } from '#src/capabilities/inference/infer.js';
import { parseToken } from '#src/capabilities/token.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor } from '../support/executor.js';
import { handlers } from './handlers.js';
import { PROGRAM_FORMS } from './program-forms.js';
import { called, carried, composed, type Program, singles } from './programs.js';
import { EVERYTHING, type Execution, run } from './usage.js';

/** A longer campaign: `INFERENCE_RUNS=20000 INFERENCE_SEED=7 npx vitest run test/capabilities/inference-fuzz.test.ts`. */
const RUNS = Number(process.env['INFERENCE_RUNS'] ?? 100);
/** Each takes a third of the time of all others. */
const FORM_RUNS = Math.ceil(RUNS / 5);
const SEED = Number(process.env['INFERENCE_SEED'] ?? 20_251_120);
/** With `INFERENCE_ALL=1`, each way is tried with each value, otherwise with one value that depends on the seed. */
const IS_WHOLE = process.env['INFERENCE_ALL'] === '1';

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

/** The capabilities that an execution used and that were not inferred. */
function missing(used: readonly string[], inferred: readonly CapabilityToken[]): string[] {
  const grants = Grants.parse(inferred);
  return used.filter((capability) => {
    const kind = parseToken(`${capability}*`)?.kind;
    return kind !== undefined && !grants.allows(kind, capability.slice(kind.length + 1));
  });
}

/** Time and memory differ from run to run. */
function isCutShort({ seen }: Execution): boolean {
  return seen.problem?.code === 'TIMEOUT' || seen.problem?.code === 'MEMORY_LIMIT';
}

describe('a handler with the capabilities that were inferred for it', () => {
  it(
    'is denied nothing and does what it does with all of them',
    async () => {
      let precise = 0;
      let succeeded = 0;
      const property = fc.asyncProperty(fc.oneof(handlers(2), handlers(3)), async (code) => {
        const inferred = inferCapabilities(code);
        const withAll = await run(executor, code, EVERYTHING);
        if (inferred.join() === EVERYTHING.join() || isCutShort(withAll)) return;
        precise++;
        if (withAll.seen.status !== 'error') succeeded++;
        const withInferred = await run(executor, code, inferred);
        const hint = `inferred: ${inferred.join(' ')}`;
        expect(withInferred.seen.denials, hint).toEqual([]);
        expect(withInferred.seen, hint).toEqual(withAll.seen);
        expect(missing(withAll.used, inferred), hint).toEqual([]);
      });
      // Shrinking takes minutes: the first failure is short enough to be read.
      await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
      console.log(`${RUNS} handlers: ${precise} need less than everything, ${succeeded} of these do not fail`);
      // Otherwise it would show little.
      expect(precise).toBeGreaterThan(RUNS / 3);
      expect(succeeded).toBeGreaterThan(RUNS / 4);
    },
    60_000 + RUNS * 200,
  );

  it(
    'is denied nothing as a function and as a module',
    async () => {
      let compiled = 0;
      let precise = 0;
      let index = 0;
      const property = fc.asyncProperty(handlers(2), async (body) => {
        const code = (PROGRAM_FORMS[index++ % PROGRAM_FORMS.length] as (typeof PROGRAM_FORMS)[number])(body);
        // A module is strict.
        const withAll = await run(executor, code, EVERYTHING).catch(() => undefined);
        if (withAll === undefined || isCutShort(withAll)) return;
        compiled++;
        const inferred = inferCapabilities(code);
        const hint = `inferred: ${inferred.join(' ')}\n${code}`;
        if (inferred.join() !== EVERYTHING.join()) precise++;
        const withInferred = await run(executor, code, inferred);
        expect(withInferred.seen, hint).toEqual(withAll.seen);
        expect(missing(withAll.used, inferred), hint).toEqual([]);
      });
      await fc.assert(property, { numRuns: FORM_RUNS, seed: SEED, endOnFailure: true });
      console.log(
        `${FORM_RUNS} functions and modules: ${compiled} compile, ${precise} of these need less than everything`,
      );
      expect(compiled).toBeGreaterThan(FORM_RUNS / 2);
      expect(precise).toBeGreaterThan(FORM_RUNS / 8);
    },
    60_000 + FORM_RUNS * 200,
  );

  const groups: readonly (readonly [what: string, programs: readonly Program[]])[] = [
    ['calls a function in whichever way', sample(called())],
    ['carries a value in whichever way', sample(carried())],
    ['does anything of this list', singles()],
    ['carries a value in several ways and calls it in another', composed(SEED, RUNS * 2)],
  ];

  it.each(groups)(
    'is denied nothing when it %s',
    async (what, programs) => {
      const misses: string[] = [];
      const counts = { idle: 0, everything: 0 };
      for (const { code } of programs) {
        const miss = await findMiss(code, counts);
        if (miss !== undefined) misses.push(miss);
      }
      const { idle, everything } = counts;
      console.log(`${what}: ${programs.length} programs, ${misses.length} missed, ${everything} need everything`);
      expect(misses).toEqual([]);
      // A program that uses no capability shows nothing, and neither does one that has all capabilities.
      expect(idle).toBeLessThan(programs.length / 8);
      expect(everything).toBeLessThan(programs.length / 4);
    },
    600_000,
  );

  async function findMiss(code: string, counts: { idle: number; everything: number }): Promise<string | undefined> {
    const withAll = await run(executor, code, EVERYTHING);
    const inferred = inferCapabilities(code);
    if (withAll.used.length === 0) counts.idle++;
    if (inferred.join() === EVERYTHING.join()) {
      counts.everything++;
      return undefined;
    }
    const withInferred = await run(executor, code, inferred);
    if (isCutShort(withAll) || isCutShort(withInferred)) return undefined;
    const unseen = missing(withAll.used, inferred);
    const isSame = JSON.stringify(withInferred.seen) === JSON.stringify(withAll.seen);
    if (unseen.length === 0 && withInferred.seen.denials.length === 0 && isSame) return undefined;
    return `${code}\n  inferred: ${inferred.join(' ')}\n  missing: ${unseen.join(' ')}`;
  }
});

/** One program of each way. */
function sample(programs: readonly Program[]): readonly Program[] {
  if (IS_WHOLE) return programs;
  const byWay = new Map<string, Program[]>();
  for (const program of programs) byWay.set(program.way, [...(byWay.get(program.way) ?? []), program]);
  return Array.from(byWay.values(), (all, index) => all[(index + SEED) % all.length] as Program);
}
