import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { inferCapabilities } from '#build/capabilities/inference/infer.js';
import type { CapabilityToken } from '#build/contract/capability.js';
import type { StateMutation } from '#build/contract/result.js';
import type { Executor } from '#build/pool/executor.js';
import { createExecutor, runInThread } from '../support/executor.js';
import { ARGS, handlers, STATE } from './handlers.js';

/** A longer campaign: `INFERENCE_RUNS=20000 INFERENCE_SEED=7 npx vitest run test/capabilities/inference-fuzz.test.ts`. */
const RUNS = Number(process.env['INFERENCE_RUNS'] ?? 250);
const SEED = Number(process.env['INFERENCE_SEED'] ?? 20_251_120);

const EVERYTHING: readonly CapabilityToken[] = [
  'events:emit:*',
  'ext:*',
  'state:read:*',
  'state:write:*',
  'view:update:*',
];

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

/** Everything that the host gets to see but what it cost. */
async function run(code: string, capabilities: readonly CapabilityToken[]) {
  const context = { stateSnapshot: STATE, args: ARGS, capabilities };
  const outcome = await runInThread(executor, code, context, { seed: 1, now: 0, timeoutMs: 1_000 });
  const { status, returnValue, error, events, viewCommands, logs, calls, denials } = outcome;
  const problem = error && { code: error.code, message: error.message, context: error.context };
  const stateMutations = withoutIdleDeletions(outcome.stateMutations);
  return { status, returnValue, problem, stateMutations, events, viewCommands, logs, calls, denials };
}

/** Who may delete a key and not read it cannot know that there is none: the deletion is a mutation all the same. */
function withoutIdleDeletions(mutations: readonly StateMutation[]): StateMutation[] {
  const keys = new Set(Object.keys(STATE));
  return mutations.filter(({ operation, key }) => {
    if (operation === 'delete') return keys.delete(key);
    keys.add(key);
    return true;
  });
}

describe('a handler with the capabilities that were inferred for it', () => {
  it(
    'is denied nothing and does what it does with all of them',
    async () => {
      let precise = 0;
      let succeeded = 0;
      const property = fc.asyncProperty(fc.oneof(handlers(2), handlers(3)), async (code) => {
        const inferred = inferCapabilities(code);
        const withAll = await run(code, EVERYTHING);
        const isCutShort = withAll.problem?.code === 'TIMEOUT' || withAll.problem?.code === 'MEMORY_LIMIT';
        if (inferred.join() === EVERYTHING.join() || isCutShort) return;
        precise++;
        if (withAll.status === 'success') succeeded++;
        const withInferred = await run(code, inferred);
        expect(withInferred.denials, `inferred: ${inferred.join(' ')}`).toEqual([]);
        expect(withInferred, `inferred: ${inferred.join(' ')}`).toEqual(withAll);
      });
      // Shrinking takes minutes: the first failure is short enough to be read.
      await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
      console.log(`${RUNS} handlers: ${precise} need less than everything, ${succeeded} of these succeed`);
      // Else it would show little.
      expect(precise).toBeGreaterThan(RUNS / 3);
      expect(succeeded).toBeGreaterThan(RUNS / 4);
    },
    60_000 + RUNS * 200,
  );
});
