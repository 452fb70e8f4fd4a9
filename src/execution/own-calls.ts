import type { CallResult } from '../api/answers.js';
import type { NetworkRequest } from '../api/network/network-request.js';
import type { ExtensionCall } from '../api/result.js';
import { NET_EXTENSION, TIMER_EXTENSION } from '../guest/abi.js';
import { isOwnCall, withoutOwnCalls } from './own-call-kinds.js';
import type { PendingRequest, PendingTimer, SuspendedRun } from './suspended-run.js';

/** The calls that a handler waits for, by who answers them. */
export interface SortedCalls {
  /** The application. */
  readonly calls: readonly ExtensionCall[];
  /** The runtime, when their time has come. */
  readonly timers: readonly ExtensionCall[];
  /** The runtime, by making a request. */
  readonly requests: readonly ExtensionCall[];
}

const NONE: readonly never[] = [];

export function sortCalls(calls: readonly ExtensionCall[]): SortedCalls {
  if (!calls.some(isOwnCall)) return { calls, timers: NONE, requests: NONE };
  return {
    calls: withoutOwnCalls(calls),
    timers: calls.filter(({ extensionName }) => extensionName === TIMER_EXTENSION),
    requests: calls.filter(({ extensionName }) => extensionName === NET_EXTENSION),
  };
}

/** When a segment ended, and what its handler saw of the time. */
export interface SegmentTime {
  /** Milliseconds since the epoch. */
  readonly endedAtMs: number;
  readonly durationMs: number;
  /** The handler saw the same time throughout. */
  readonly isFrozen: boolean;
}

/** A Date holds what is some thousands of years later, too. */
const LAST_TIME_MS = 8e15;
/** A time in whole milliseconds may be up to one later than it says. */
const ROUNDING_MS = 1;

/**
 * The times of timers. Those of earlier segments stay. The delay of a new one counts from when the handler set it, by its own word, which
 * is believed as far as the segment is long.
 *
 * @param known the timers of the segment before
 */
export function timeTimers(
  timers: readonly ExtensionCall[],
  known: readonly PendingTimer[] = NONE,
  { endedAtMs, durationMs, isFrozen }: SegmentTime,
): readonly PendingTimer[] {
  if (timers.length === 0) return NONE;
  const before = new Map(known.map((timer) => [timer.callId, timer]));
  return timers.map(({ callId, args }): PendingTimer => {
    const [delayMs, setAfterMs] = args as [delayMs: number, setAfterMs: number];
    const agoMs = isFrozen ? 0 : Math.max(0, Math.floor(durationMs - Math.max(0, setAfterMs)) - ROUNDING_MS);
    const dueAtMs = Math.min(LAST_TIME_MS, Math.max(0, Math.ceil(endedAtMs - agoMs + delayMs)));
    return before.get(callId) ?? { callId, dueAtMs };
  });
}

/** When the first timer is due, in milliseconds since the epoch; undefined if none is set. */
export function firstDueMs({ timers = NONE }: Pick<SuspendedRun, 'timers'>): number | undefined {
  let first: number | undefined;
  for (const { dueAtMs } of timers) if (first === undefined || dueAtMs < first) first = dueAtMs;
  return first;
}

/** The answers of the timers that are due: by their time, and those of one time in the order in which they were set. */
export function answerTimers({ timers = NONE }: Pick<SuspendedRun, 'timers'>, nowMs: number): DueTimer[] {
  return timers
    .filter(({ dueAtMs }) => dueAtMs <= nowMs)
    .sort((a, b) => a.dueAtMs - b.dueAtMs)
    .map(({ callId, dueAtMs }) => ({ answer: { callId, success: true, value: undefined }, dueAtMs }));
}

export interface DueTimer {
  readonly answer: CallResult;
  readonly dueAtMs: number;
}

/** A suspended handler carries its requests in the header of its envelope: this is room for them all. */
const MAX_KEPT_BYTES = 5 * 1024 * 1024;
/** What one costs beside its texts and its body. */
const REQUEST_BYTES = 200;
const HEADER_BYTES = 50;

/** The requests as they are kept. What is beyond the room for them is left out, and fails when it is to be made. */
export function keepRequests(requests: readonly ExtensionCall[]): readonly PendingRequest[] {
  let bytes = 0;
  return requests.map(({ callId, args }): PendingRequest => {
    const request = args[0] as NetworkRequest;
    const headers = request.headers.reduce(
      (sum, [name, value]) => sum + 2 * (name.length + value.length) + HEADER_BYTES,
      0,
    );
    const size = REQUEST_BYTES + 2 * request.url.length + headers + (request.body?.length ?? 0);
    if (bytes + size > MAX_KEPT_BYTES) return { callId };
    bytes += size;
    return { callId, request };
  });
}

/** When a handler can be resumed without an answer of the application; undefined if it cannot. Milliseconds since the epoch. */
export function wakeAtMs(run: Pick<SuspendedRun, 'timers' | 'requests' | 'suspendedAtMs'>): number | undefined {
  return run.requests === undefined ? firstDueMs(run) : run.suspendedAtMs;
}

/** Requests of one handler that are under way, or whose responses wait for it: each may have megabytes. */
const MAX_REQUESTS_AT_ONCE = 8;

/** The requests that are made now. Others follow when the handler has the answers to these. */
export function requestsAtOnce({ requests = NONE }: Pick<SuspendedRun, 'requests'>): readonly PendingRequest[] {
  return requests.slice(0, MAX_REQUESTS_AT_ONCE);
}
