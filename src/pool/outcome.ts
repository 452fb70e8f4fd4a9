import type { Grants } from '../capabilities/grants.js';
import type { CompiledHandler } from '../compiler/compiled-handler.js';
import type { ExecutionLimits } from '../config/limits.js';
import type { EmittedEvent, LogEntry, StateMutation, ViewCommand, WasmError, WasmResult } from '../contract/result.js';
import { MalformedValueError } from '../contract/values/byte-reader.js';
import { CyclicValueError, decodeValue } from '../contract/values/decode.js';
import { pathStep } from '../contract/values/format.js';
import { describeGuestError } from './guest-error.js';
import type { Executed } from './protocol.js';

/** What an outcome says, once it was found to be true to its form and within the execution's rights and limits. */
export type ReadOutcome = Pick<
  WasmResult,
  'status' | 'returnValue' | 'stateMutations' | 'events' | 'viewCommands' | 'logs' | 'error'
> & { readonly hostCalls: number };

export interface Bounds {
  readonly grants: Grants;
  readonly limits: ExecutionLimits;
}

const Status = { pending: 0, fulfilled: 1, rejected: 2 } as const;
const VIEW_TYPES: ReadonlySet<unknown> = new Set(['setFilter', 'scrollTo', 'focus', 'custom']);
const LOG_LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warn', 'error']);
const NO_EFFECTS = { stateMutations: [], events: [], viewCommands: [], logs: [], hostCalls: 0 } as const;

/** An effect that the prelude would have stopped: the guest went past it, so nothing it says is passed on. */
class ForgedOutcome extends Error {
  readonly error: WasmError;

  constructor(error: WasmError) {
    super(error.message);
    this.error = error;
  }
}

/**
 * Reads what came out of a VM. The guest may own everything in there, so form, rights and limits are all checked again:
 * this check is the security, the prelude's only gives the better error.
 */
export function readOutcome(executed: Executed, handler: CompiledHandler, bounds: Bounds): ReadOutcome {
  const { outcome, failure } = executed;
  if (outcome === undefined) return { status: 'error', ...NO_EFFECTS, error: failure ?? lostOutcome() };
  try {
    const read = readFields(decodeValue(outcome), handler, bounds, executed.heapExhausted);
    if (failure === undefined) return read;
    const { returnValue: _, ...effects } = read;
    return { ...effects, status: 'error', error: failure };
  } catch (error) {
    if (error instanceof ForgedOutcome) return { status: 'error', ...NO_EFFECTS, error: failure ?? error.error };
    if (error instanceof MalformedValueError) {
      return { status: 'error', ...NO_EFFECTS, error: failure ?? cannotLeave(error) };
    }
    throw error;
  }
}

function readFields(decoded: unknown, handler: CompiledHandler, bounds: Bounds, heapExhausted: boolean): ReadOutcome {
  if (!Array.isArray(decoded)) throw malformed('outcome');
  const [status, value, mutations, events, viewCommands, logs, hostCalls] = decoded as unknown[];
  const effects = {
    stateMutations: readMutations(mutations, bounds),
    events: readEvents(events, bounds),
    viewCommands: readViewCommands(viewCommands, bounds),
    logs: readLogs(logs, bounds),
    hostCalls: typeof hostCalls === 'number' ? hostCalls : 0,
  };
  const used =
    effects.stateMutations.length + effects.events.length + effects.viewCommands.length + effects.logs.length;
  atMost(bounds, 'maxHostCalls', used);
  switch (status) {
    case Status.fulfilled:
      return { status: 'success', returnValue: value, ...effects };
    case Status.rejected:
      return { status: 'error', ...effects, error: describeGuestError(value, handler, heapExhausted) };
    case Status.pending:
      return { status: 'error', ...effects, error: deadlock() };
    default:
      throw malformed('status');
  }
}

function readMutations(raw: unknown, bounds: Bounds): StateMutation[] {
  const mutations = list(raw, 'stateMutations').map((item): StateMutation => {
    const [operation, key, value] = list(item, 'stateMutations');
    if (typeof key !== 'string') throw malformed('stateMutations');
    if (!bounds.grants.allows('state:write', key)) throw denied(`state:write:${key}`);
    if (operation === 'set') return { operation, key, value };
    if (operation === 'delete') return { operation, key };
    throw malformed('stateMutations');
  });
  atMost(bounds, 'maxStateMutations', mutations.length);
  return mutations;
}

function readEvents(raw: unknown, bounds: Bounds): EmittedEvent[] {
  const events = list(raw, 'events').map((item): EmittedEvent => {
    const [name, payload] = list(item, 'events');
    if (typeof name !== 'string') throw malformed('events');
    if (!bounds.grants.allows('events:emit', name)) throw denied(`events:emit:${name}`);
    return { name, payload };
  });
  atMost(bounds, 'maxEvents', events.length);
  return events;
}

function readViewCommands(raw: unknown, bounds: Bounds): ViewCommand[] {
  const commands = list(raw, 'viewCommands').map((item): ViewCommand => {
    const [type, componentId, args] = list(item, 'viewCommands');
    if (!VIEW_TYPES.has(type) || typeof componentId !== 'string' || !Array.isArray(args))
      throw malformed('viewCommands');
    if (!bounds.grants.allows('view:update', componentId)) throw denied(`view:update:${componentId}`);
    return { type: type as ViewCommand['type'], componentId, args };
  });
  atMost(bounds, 'maxViewCommands', commands.length);
  return commands;
}

function readLogs(raw: unknown, bounds: Bounds): LogEntry[] {
  let length = 0;
  const logs = list(raw, 'logs').map((item): LogEntry => {
    const [level, message] = list(item, 'logs');
    if (!LOG_LEVELS.has(level) || typeof message !== 'string') throw malformed('logs');
    length += message.length;
    return { level: level as LogEntry['level'], message };
  });
  atMost(bounds, 'maxLogBytes', length);
  return logs;
}

function list(raw: unknown, field: string): unknown[] {
  if (!Array.isArray(raw)) throw malformed(field);
  return raw;
}

function atMost(bounds: Bounds, limit: keyof ExecutionLimits, used: number): void {
  const value = bounds.limits[limit];
  if (used <= value) return;
  throw new ForgedOutcome({
    code: 'RESOURCE_LIMIT',
    message: `The handler passed ${limit} (${value}) behind the prelude's back.`,
    context: { limit, value, used },
  });
}

function denied(capability: string): ForgedOutcome {
  return new ForgedOutcome({
    code: 'PERMISSION_DENIED',
    message: `The handler used "${capability}" behind the prelude's back.`,
    context: { capability },
  });
}

function malformed(field: string): ForgedOutcome {
  return new ForgedOutcome({
    code: 'SERIALIZATION_ERROR',
    message: `The outcome of the handler is not what the prelude writes (${field}).`,
    context: { path: field },
  });
}

function cannotLeave(error: MalformedValueError): WasmError {
  const path = error instanceof CyclicValueError ? describePath(error.path) : 'outcome';
  return { code: 'SERIALIZATION_ERROR', message: `${path} ${error.message}.`, context: { path } };
}

const FIELDS = ['status', 'returnValue', 'stateMutations', 'events', 'viewCommands', 'logs', 'hostCalls'] as const;

/** A place in what `collect` returned as a place in the result. */
function describePath([field, ...steps]: readonly (string | number)[]): string {
  return (FIELDS[Number(field)] ?? 'outcome') + steps.map(pathStep).join('');
}

function deadlock(): WasmError {
  return {
    code: 'DEADLOCK',
    message: 'The handler waits for a promise that nothing can settle any more.',
    context: {},
  };
}

function lostOutcome(): WasmError {
  return { code: 'EXECUTION_ERROR', message: 'The outcome of the handler was lost.', context: {} };
}
