import type { CallResult } from '../../../api/answers.js';
import type { WasmError, WasmResult } from '../../../api/result.js';
import type { NexusError } from '../../../errors/nexus-error.js';
import type { Origin } from '../../../execution/origin.js';
import { errorResult } from '../../../execution/result/result.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import { limitContext } from '../../../protocol/limit-failures.js';
import { parseSuspensionId, runIdOf } from '../../../support/run-ids.js';
import type { HeldGeneration } from '../../../suspension/durable/durable-store.js';
import type { RunStepInfo } from '../work-options.js';

/** By which the store knows the run. */
export function storedIdOf({ id }: HeldGeneration): string {
  return runIdOf(id);
}

export function originIn({ content: { facts } }: HeldGeneration): Origin {
  const { handlerName, panelId } = facts;
  return { ...(handlerName !== undefined && { handlerName }), ...(panelId !== undefined && { panelId }) };
}

/** What who works is told of the step before. */
export function stepInfoOf({ id, content: { facts } }: HeldGeneration): RunStepInfo {
  const { runId, tenant } = facts;
  const step = (parseSuspensionId(id)?.generation as number) - 1;
  return { key: `${runId}.${step}`, runId, ...(tenant !== undefined && { tenant }) };
}

export function cancelled(held: HeldGeneration): WasmResult {
  const { runId } = held.content.facts;
  const message = `The run ${runId} was cancelled.`;
  return errorResult({ code: 'CANCELLED', message, context: { runId } }, originIn(held));
}

/** An error for all that a handler waits for. */
export function cancelledAnswers({ content }: HeldGeneration, run: SuspendedRun): readonly CallResult[] {
  const { calls, timers = [], requests = [] } = run;
  const error = Object.assign(new Error(`The run ${content.facts.runId} was cancelled.`), { name: 'CancelledError' });
  return [...calls, ...timers, ...requests].map(({ callId }) => ({ callId, success: false, error }));
}

/** A run that was cancelled, with the effects of its last segment. */
export function cancelledWith(held: HeldGeneration, last: WasmResult): WasmResult {
  const { stateMutations, events, viewCommands, logs, metrics } = last;
  const effects = { stateMutations, events, viewCommands, logs, metrics };
  return { ...cancelled(held), ...effects, partial: true } as WasmResult;
}

export function notBegun({ code, message }: NexusError, held: HeldGeneration): WasmResult {
  const { runId } = held.content.facts;
  return errorResult({ code: 'EXECUTION_ERROR', message, context: { runId, code } }, originIn(held));
}

export function crashed(held: HeldGeneration): WasmResult {
  const { runId } = held.content.facts;
  const message = `The process that executed the run ${runId} was lost ${held.losses} times in a row at the same step.`;
  const context = { runId, losses: held.losses, layer: 'process' };
  return errorResult({ code: 'EXECUTION_ERROR', message, context }, originIn(held));
}

export function tooManyCalls(maxCalls: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The run made more calls than maxCalls (${maxCalls}) of its start.`,
    context: { ...limitContext('maxCalls', maxCalls), remedy: 'raise maxCalls of start' },
  };
}
