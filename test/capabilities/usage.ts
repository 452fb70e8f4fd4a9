import type { CapabilityToken } from '#src/api/capability.js';
import type { StateMutation } from '#src/api/result.js';
import { CAPABILITY_KINDS } from '#src/capabilities/token.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { prepareRequest } from '#src/execution/request/build-request.js';
import { auditEvents } from '#src/execution/result/audit.js';
import { readOutcome } from '#src/execution/result/outcome.js';
import { compileHandler } from '#src/worker/compile-handler.js';
import type { Executor } from '#src/worker/executor.js';
import { ARGS, STATE } from './handlers.js';

export const EVERYTHING: readonly CapabilityToken[] = CAPABILITY_KINDS.map(
  (kind): CapabilityToken => `${kind}:*`,
).sort();

/** Everything that the host sees of an execution except its cost, and the capabilities that it used. */
export async function run(executor: Executor, code: string, capabilities: readonly CapabilityToken[]) {
  const context = { stateSnapshot: STATE, args: ARGS, capabilities };
  const compiled = await compileHandler(code, 'handler.js', (script, filename, form) =>
    executor.compileScript(script, filename, form),
  );
  if (!compiled.ok) throw new Error(`${compiled.error.message}\n${code}`);
  const { limits, ceilings } = resolveRuntimeConfig({});
  const { request, grants } = prepareRequest(
    context,
    { seed: 1, now: 0, timeoutMs: 1_000 },
    { limits, ceilings, isAudited: true },
  );
  const executed = await executor.execute({ key: code, ...request }, compiled.bytecode);
  const handler = {
    key: code,
    filename: 'handler.js',
    source: code,
    bytecode: new Uint8Array(new SharedArrayBuffer(0)),
  };
  const outcome = await readOutcome(executed, handler, { grants, limits: request.limits });
  const { status, returnValue, error, events, viewCommands, logs, calls, denials } = outcome;
  const problem = error && { code: error.code, message: error.message, context: error.context };
  const stateMutations = withoutIdleDeletions(outcome.stateMutations);
  const used = auditEvents(outcome, grants, { time: new Date(0), handler: code }).map(({ capability }) => capability);
  return { used, seen: { status, returnValue, problem, stateMutations, events, viewCommands, logs, calls, denials } };
}

/** A handler that may delete a key but not read it cannot know that the key is missing: the deletion is still a mutation. */
function withoutIdleDeletions(mutations: readonly StateMutation[]): StateMutation[] {
  const keys = new Set(Object.keys(STATE));
  return mutations.filter(({ operation, key }) => {
    if (operation === 'delete') return keys.delete(key);
    keys.add(key);
    return true;
  });
}

export type Execution = Awaited<ReturnType<typeof run>>;
