import type { CapabilityKind } from '../../api/capability.js';
import type { ExecutionLimits } from '../../api/limits.js';
import type { EmittedEvent, ExtensionCall, LogEntry, StateMutation, ViewCommand, WasmError } from '../../api/result.js';
import type { Grants } from '../../capabilities/grants.js';
import { isExtensionName } from '../../capabilities/token.js';
import { MAX_SIGNAL_NAME, SIGNAL_EXTENSION } from '../../guest/abi.js';
import { isOwnCall } from '../own-call-kinds.js';
import { cutText } from './cut-text.js';
import { readOwnCall } from './own-call.js';

/** The effects of an execution outside its VM. */
export interface Effects {
  readonly stateMutations: readonly StateMutation[];
  readonly events: readonly EmittedEvent[];
  readonly viewCommands: readonly ViewCommand[];
  readonly logs: readonly LogEntry[];
  /** Extension calls that wait for an answer. */
  readonly calls: readonly ExtensionCall[];
  readonly hostCalls: number;
}

/** Calls that were pending before a segment, `extension.method` by id: they were counted and allowed when they were made. */
export type KnownCalls = ReadonlyMap<string, string>;

export interface Bounds {
  readonly grants: Grants;
  readonly limits: ExecutionLimits;
  /** Default: none. */
  readonly knownCalls?: KnownCalls;
  /** The fields of an outcome in the order in which the guest has them. Default: as the present version does. */
  readonly outcomeFields?: readonly string[];
  /** Names of those that handlers can use. Default: none. */
  readonly libraries?: readonly string[];
}

const NO_CALLS: readonly ExtensionCall[] = [];
export const NO_EFFECTS: Effects = {
  stateMutations: [],
  events: [],
  viewCommands: [],
  logs: [],
  calls: NO_CALLS,
  hostCalls: 0,
};

const VIEW_TYPES: ReadonlySet<unknown> = new Set(['setFilter', 'scrollTo', 'focus', 'custom']);
/** As the prelude creates them. Other ids could be chosen to collide in lookups by id. */
const CALL_ID = /^c\d{1,15}$/;
const LOG_LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warn', 'error']);

/**
 * An effect that the prelude would have refused: the guest bypassed it, so nothing of the outcome is passed
 * on.
 */
export class ForgedOutcome extends Error {
  readonly error: WasmError;

  constructor(error: WasmError) {
    super(error.message);
    this.error = error;
  }
}

/**
 * Checks the form, grants and limits of every effect that the guest reports.
 *
 * @throws ForgedOutcome
 */
export function readEffects(
  mutations: unknown,
  events: unknown,
  viewCommands: unknown,
  logs: unknown,
  hostCalls: unknown,
  calls: unknown,
  bounds: Bounds,
): Effects {
  const effects = {
    stateMutations: readMutations(mutations, bounds),
    events: readEvents(events, bounds),
    viewCommands: readViewCommands(viewCommands, bounds),
    logs: readLogs(logs, bounds),
    calls: calls === undefined ? NO_CALLS : readCalls(calls, bounds),
    hostCalls: Number.isSafeInteger(hostCalls) ? Math.max(0, hostCalls as number) : 0,
  };
  const { stateMutations, logs: entries } = effects;
  const used = stateMutations.length + effects.events.length + effects.viewCommands.length + writtenLogs(entries);
  atMost(bounds, 'maxHostCalls', used + newCalls(effects.calls, bounds.knownCalls).length);
  return effects;
}

/** The calls that were made in this segment. */
export function newCalls(calls: readonly ExtensionCall[], known: KnownCalls | undefined): readonly ExtensionCall[] {
  return known === undefined ? calls : calls.filter(({ callId }) => !known.has(callId));
}

export function malformed(field: string): ForgedOutcome {
  return new ForgedOutcome({
    code: 'SERIALIZATION_ERROR',
    message: `The outcome of the handler is not what the prelude writes (${field}).`,
    context: { path: field },
  });
}

function readMutations(raw: unknown, bounds: Bounds): StateMutation[] {
  const mutations: StateMutation[] = [];
  const entries = list(raw, 'stateMutations');
  atMost(bounds, 'maxStateMutations', entries.length);
  // perf: no destructuring here or for events, because it uses an iterator for every effect.
  for (const entry of entries) {
    const item = list(entry, 'stateMutations');
    const operation = item[0];
    const key = item[1];
    if (typeof key !== 'string') throw malformed('stateMutations');
    allow(bounds, 'state:write', key);
    if (operation === 'set') mutations.push({ operation, key, value: item[2] });
    else if (operation === 'delete') mutations.push({ operation, key });
    else throw malformed('stateMutations');
  }
  return mutations;
}

function readEvents(raw: unknown, bounds: Bounds): EmittedEvent[] {
  const events: EmittedEvent[] = [];
  const entries = list(raw, 'events');
  atMost(bounds, 'maxEvents', entries.length);
  for (const entry of entries) {
    const item = list(entry, 'events');
    const name = item[0];
    if (typeof name !== 'string') throw malformed('events');
    allow(bounds, 'events:emit', name);
    events.push({ name, payload: item[1] });
  }
  return events;
}

function readViewCommands(raw: unknown, bounds: Bounds): ViewCommand[] {
  const entries = list(raw, 'viewCommands');
  atMost(bounds, 'maxViewCommands', entries.length);
  return entries.map((item): ViewCommand => {
    const [type, componentId, args] = list(item, 'viewCommands');
    if (!VIEW_TYPES.has(type) || typeof componentId !== 'string' || !Array.isArray(args))
      throw malformed('viewCommands');
    allow(bounds, 'view:update', componentId);
    return { type: type as ViewCommand['type'], componentId, args };
  });
}

function readLogs(raw: unknown, bounds: Bounds): LogEntry[] {
  let length = 0;
  const entries = list(raw, 'logs');
  atMost(bounds, 'maxHostCalls', entries.length);
  const logs = entries.map((item, i): LogEntry => {
    const [level, message, omitted] = list(item, 'logs');
    if (!LOG_LEVELS.has(level) || typeof message !== 'string') throw malformed('logs');
    if (omitted !== undefined) {
      if (i !== entries.length - 1) throw malformed('logs');
      return omission(omitted);
    }
    length += message.length;
    return { level: level as LogEntry['level'], message };
  });
  atMost(bounds, 'maxLogBytes', length);
  return logs;
}

/** The count is the guest's word, the text is ours. */
function omission(omitted: unknown): LogEntry {
  if (!Number.isSafeInteger(omitted) || (omitted as number) < 1) throw malformed('logs');
  const entries = omitted === 1 ? '1 entry was' : `${omitted} entries were`;
  const message = `The log reached maxLogBytes: ${entries} cut or left out.`;
  return { level: 'warn', message, omitted: omitted as number };
}

/** Entries that the handler wrote: the last one may be the note that others are missing. */
export function writtenLogs(logs: readonly LogEntry[]): number {
  return logs.at(-1)?.omitted === undefined ? logs.length : logs.length - 1;
}

function readCalls(raw: unknown, bounds: Bounds): ExtensionCall[] {
  const ids = new Set<string>();
  let timers = 0;
  const entries = list(raw, 'calls');
  atMost(bounds, 'maxHostCalls', entries.length - (bounds.knownCalls?.size ?? 0));
  return entries.map((item): ExtensionCall => {
    const [callId, extensionName, method, args] = list(item, 'calls');
    if (typeof callId !== 'string' || typeof extensionName !== 'string' || typeof method !== 'string') {
      throw malformed('calls');
    }
    if (!Array.isArray(args) || !CALL_ID.test(callId) || ids.has(callId)) throw malformed('calls');
    // Its capability may have been taken since it was made.
    const isKnown = bounds.knownCalls?.get(callId) === `${extensionName}.${method}`;
    if (isOwnCall({ extensionName })) {
      const own = readOwnCall({ extensionName, method, args });
      if (own === undefined) throw malformed('calls');
      // What a request asks for, it says anew each time.
      if (own.kind !== 'timer' || !isKnown) allow(bounds, own.kind, own.name);
      if (own.kind === 'timer') {
        atMost(bounds, 'maxSleepMs', own.delayMs);
        atMost(bounds, 'maxTimers', ++timers);
      }
    } else if (extensionName === SIGNAL_EXTENSION) {
      if (args.length > 0 || method === '' || method.length > MAX_SIGNAL_NAME) throw malformed('calls');
      if (!isKnown) allow(bounds, 'signal', method);
    } else if (!isExtensionName(extensionName)) throw malformed('calls');
    else if (!isKnown) allow(bounds, 'ext', `${extensionName}.${method}`);
    ids.add(callId);
    return { callId, extensionName, method, args };
  });
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

function allow({ grants }: Bounds, kind: CapabilityKind, name: string): void {
  if (grants.allows(kind, name)) return;
  const capability = `${kind}:${cutText(name)}`;
  throw new ForgedOutcome({
    code: 'PERMISSION_DENIED',
    message: `The handler used "${capability}" behind the prelude's back.`,
    context: { capability },
  });
}
