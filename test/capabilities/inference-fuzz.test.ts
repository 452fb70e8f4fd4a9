import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { inferCapabilities } from '#build/capabilities/inference/infer.js';
import type { CapabilityToken } from '#build/contract/capability.js';
import type { Executor } from '#build/pool/executor.js';
import type { ReadOutcome } from '#build/pool/outcome.js';
import { createExecutor, runInThread } from '../support/executor.js';
import { ARGS, handlers, STATE } from './handlers.js';

/** More of them than `npm test` takes: `INFERENCE_RUNS=100000 INFERENCE_SEED=1 npx vitest run test/capabilities`. */
const RUNS = Number(process.env['INFERENCE_RUNS'] ?? 400);
const SEED = Number(process.env['INFERENCE_SEED'] ?? 20_251_120);

const EVERYTHING: readonly CapabilityToken[] = [
  'state:read:*',
  'state:write:*',
  'events:emit:*',
  'view:update:*',
  'ext:*',
];

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

/** Everything that the host gets to see but what it cost. */
async function run(code: string, capabilities: readonly CapabilityToken[]) {
  const context = { stateSnapshot: STATE, args: ARGS, capabilities };
  const outcome: ReadOutcome = await runInThread(executor, code, context, { seed: 1, now: 0, timeoutMs: 500 });
  const { status, returnValue, error, stateMutations, events, viewCommands, logs, calls, denials } = outcome;
  const problem = error && { code: error.code, message: error.message, context: error.context };
  return { status, returnValue, problem, stateMutations, events, viewCommands, logs, calls, denials };
}

describe('a handler with the capabilities that were inferred for it', () => {
  it(
    'is denied nothing and does what it does with all of them',
    async () => {
      let precise = 0;
      let succeeded = 0;
      await fc.assert(
        fc.asyncProperty(handlers(), async (code) => {
          const inferred = inferCapabilities(code);
          if (!inferred.includes('state:write:*')) precise++;
          const withAll = await run(code, EVERYTHING);
          if (withAll.status === 'success') succeeded++;
          const withInferred = await run(code, inferred);
          expect(withInferred.denials, inferred.join('\n')).toEqual([]);
          expect(withInferred).toEqual(withAll);
        }),
        { numRuns: RUNS, seed: SEED, endOnFailure: process.env['INFERENCE_SHRINK'] === undefined },
      );
      console.log(`${RUNS} handlers: ${precise} without state:write:*, ${succeeded} ended well`);
      // Else it would show little: answers of `*` only, or handlers that fail at once.
      expect(precise).toBeGreaterThan(RUNS / 10);
      expect(succeeded).toBeGreaterThan(RUNS / 4);
    },
    60_000 + RUNS * 100,
  );
});
