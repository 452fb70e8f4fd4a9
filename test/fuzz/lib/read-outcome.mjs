// Reads an outcome as the main thread does, of a handler that ended by itself.
import { Grants } from '#build/capabilities/grants.js';
import { resolveRuntimeConfig } from '#build/config/resolve.js';
import { readOutcome } from '#build/execution/result/outcome.js';

export const { limits } = resolveRuntimeConfig({});
const HANDLER = {
  key: 'k',
  filename: 'handler.js',
  source: 'return 1',
  bytecode: new Uint8Array(new SharedArrayBuffer(0)),
};

/** @returns what `judge` makes of it */
export function judgeOutcome(outcome, grants, judge) {
  const executed = {
    outcome,
    failure: undefined,
    startedAtMs: 0,
    durationUs: 1,
    memoryUsedBytes: 0,
    memoryPeakBytes: 0,
    instructionCount: 0,
    heapExhausted: false,
    retired: [],
  };
  const result = readOutcome(executed, HANDLER, { grants: Grants.parse(grants), limits });
  return result instanceof Promise ? result.then(judge) : judge(result);
}
