import { expect } from 'vitest';
import {
  type AsyncResult,
  type CallResult,
  type ExtensionCall,
  NexusError,
  type NexusRuntime,
  type Suspension,
  type WasmResult,
} from '#src/index.js';

import { ALL_CAPABILITIES } from '../support/executor.js';

/** Everything, extensions included. */
export const ANYTHING = { capabilities: [...ALL_CAPABILITIES, 'ext:*'] } as const;

export function answer(value?: unknown): AsyncResult {
  return { success: true, value };
}

/** The suspension of a handler that must be waiting. */
export function suspensionOf(result: WasmResult): Suspension {
  expect(result.error).toBeUndefined();
  expect(result.status).toBe('suspended');
  return result.suspension as Suspension;
}

/** The NexusError that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<NexusError> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NexusError);
  return error as NexusError;
}

/** How many of the pending calls are answered at a time. */
export type Pace = 'all at once' | 'one by one' | 'last first';

/** Resumes a handler until it ends; the results of all its segments. */
export async function finish(
  runtime: NexusRuntime,
  begun: WasmResult,
  respond: (call: ExtensionCall) => AsyncResult,
  pace: Pace = 'all at once',
): Promise<WasmResult[]> {
  const results = [begun];
  let result = begun;
  while (result.suspension !== undefined) {
    const { suspensionId, calls } = result.suspension;
    const chosen = pace === 'all at once' ? calls : pace === 'one by one' ? calls.slice(0, 1) : calls.slice(-1);
    const answers = chosen.map((call): CallResult => ({ ...respond(call), callId: call.callId }));
    result = await runtime.resumeHandler(suspensionId, answers);
    results.push(result);
  }
  return results;
}

/** All effects of some segments, in order. */
export function effectsOf(results: readonly WasmResult[]) {
  return {
    stateMutations: results.flatMap((result) => result.stateMutations),
    events: results.flatMap((result) => result.events),
    viewCommands: results.flatMap((result) => result.viewCommands),
    logs: results.flatMap((result) => result.logs.map(({ message }) => message)),
  };
}
