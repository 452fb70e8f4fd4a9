import type { ExtensionCall } from '../api/result.js';
import { ABI_VERSION, NET_EXTENSION, NET_METHOD, TIMER_EXTENSION, TIMER_METHOD } from '../guest/abi.js';
import type { Mutable } from '../support/mutable.js';
import { withoutOwnCalls } from './own-call-kinds.js';
import { keepRequests, sortCalls, timeTimers } from './own-calls.js';
import type { KnownCalls } from './result/effects.js';
import type { Segment, Waiting } from './result/result.js';
import { callNumber, type SuspendedRun } from './suspended-run.js';
import { addUsage, type Usage } from './usage.js';

/** A handler that waits. */
export interface WaitingRun {
  /** Everything about the run except its id. */
  readonly run: SuspendedRun;
  /** The calls of the application's extensions that it waits for, with their arguments. */
  readonly calls: readonly ExtensionCall[];
  /** Calls of theirs without an answer that nothing waits for any more: the handler has ended. */
  readonly leftCalls: readonly ExtensionCall[];
  /** Reports that the snapshot of the run is compressed, or that its memory is not needed. Can be called more than once. */
  readonly letGo: () => void;
}

/** What stays the same from one segment of a run to the next. */
export type RunBase = Pick<
  SuspendedRun,
  | 'handler'
  | 'capabilities'
  | 'origin'
  | 'limits'
  | 'tenant'
  | 'lastCall'
  | 'librarySet'
  | 'localeSettings'
  | 'timers'
  | 'leftOut'
  | 'prepared'
  | 'deployment'
  | 'image'
> & {
  /** Of the image. Default: the present one */
  readonly abi?: number;
};

/** What a segment that waits adds to its run. */
export interface WaitingSegment {
  readonly segment: Segment;
  readonly waiting: Waiting;
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** Used in the segments before this one. */
  readonly used: Usage;
  /** Pending before the segment. */
  readonly knownCalls: KnownCalls | undefined;
  readonly letGo: (() => void) | undefined;
  /** Milliseconds since the epoch. */
  readonly suspendedAtMs: number;
  /** The handler saw the same time throughout. */
  readonly isFrozen: boolean;
}

/** perf: what is not always there is assigned, because a run does this at each of its waits. */
export function waitingRunOf(base: RunBase, ended: WaitingSegment): WaitingRun {
  const { segment, waiting, engine, used, knownCalls, letGo = NOTHING, suspendedAtMs, isFrozen } = ended;
  const { outcome } = segment;
  const { metrics } = segment.result;
  const { snapshot, checkpoint, imageHash, features, calls, leftCalls, clockMs } = waiting;
  base.leftOut?.settle();
  const sorted = sortCalls(calls);
  const run: Mutable<SuspendedRun> = {
    engine,
    abi: base.abi ?? ABI_VERSION,
    snapshot,
    imageHash,
    features,
    handler: base.handler,
    capabilities: base.capabilities,
    origin: base.origin,
    limits: base.limits,
    usage: outcome === undefined ? used : addUsage(used, outcome, metrics, knownCalls),
    suspendedAtMs,
    calls: sorted.calls.map(nameCall),
    // What it made in this segment waits, in order.
    lastCall: Math.max(base.lastCall ?? 0, callNumber(calls.at(-1)?.callId ?? 'c0')),
  };
  if (sorted.timers.length > 0) {
    const time = { endedAtMs: suspendedAtMs, durationMs: clockMs ?? metrics.durationUs / 1000, isFrozen };
    run.timers = timeTimers(sorted.timers, base.timers, time);
  }
  if (sorted.requests.length > 0) run.requests = keepRequests(sorted.requests);
  if (leftCalls.length > 0) run.leftCalls = leftCalls.map(nameCall);
  if (base.tenant !== undefined) run.tenant = base.tenant;
  if (base.localeSettings !== undefined) run.localeSettings = base.localeSettings;
  if (base.librarySet !== undefined) run.librarySet = base.librarySet;
  if (base.leftOut !== undefined) run.leftOut = base.leftOut;
  if (base.prepared !== undefined) run.prepared = base.prepared;
  if (base.deployment !== undefined) run.deployment = base.deployment;
  if (base.image !== undefined) run.image = base.image;
  if (checkpoint !== undefined) run.checkpoint = checkpoint;
  return { run, calls: sorted.calls, leftCalls: withoutOwnCalls(leftCalls), letGo };
}

const NOTHING = () => {};
const TIMER_NAME = `${TIMER_EXTENSION}.${TIMER_METHOD}`;
const REQUEST_NAME = `${NET_EXTENSION}.${NET_METHOD}`;

function nameCall({ callId, extensionName, method }: ExtensionCall) {
  return { callId, extensionName, method };
}

/** The calls that were pending before a segment. */
export function knownCallsOf({ calls, leftCalls, timers, requests }: SuspendedRun): KnownCalls {
  const known = new Map<string, string>();
  for (const list of [calls, leftCalls]) {
    if (list === undefined) continue;
    for (const { callId, extensionName, method } of list) known.set(callId, `${extensionName}.${method}`);
  }
  if (timers !== undefined) for (const { callId } of timers) known.set(callId, TIMER_NAME);
  if (requests !== undefined) for (const { callId } of requests) known.set(callId, REQUEST_NAME);
  return known;
}
