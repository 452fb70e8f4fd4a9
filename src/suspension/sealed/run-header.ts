import type { ExecutionLimits } from '../../api/limits.js';
import { binary, count, dictionary, finite, list, record, type Shape, text } from '../../codec/message-shape.js';
import { LIMIT_KEYS } from '../../config/limits.js';
import { REQUEST } from '../../execution/result/own-call.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import { PREPARED_SHAPE, type SealedPrepared } from './sealed-prepared.js';

/** The maximum number of pending calls. */
export const MAX_CALLS = 30_000;
/** A longer source is left out: errors then have lines but no snippet. */
export const MAX_SOURCE_CHARACTERS = 32 * 1024;
/** A larger source map, deflated, is left out: errors then have places of the text that was compiled. */
export const MAX_SOURCE_MAP_BYTES = 32 * 1024;

/** Larger arguments of all calls together cannot leave a VM. */
export const MAX_ARGUMENT_BYTES = 64 * 1024 * 1024;

/** Long enough for any name of an application. */
const NAME = text(64 * 1024);
const HASH = text(256);
const MAX_CAPABILITIES = 100_000;
const MAX_TRACE_FIELDS = 100;

const { maxInstructions, maxCpuMs, maxTimers, maxSleepMs, ...limitShapes } = Object.fromEntries(
  Object.keys(LIMIT_KEYS).map((name) => [name, count]),
) as Record<keyof ExecutionLimits, typeof count>;

/** Handlers that were sealed before these limits existed have none. */
const limits = record(limitShapes, { maxInstructions, maxCpuMs, maxTimers, maxSleepMs });

const calls = list(record({ callId: NAME, extensionName: NAME, method: NAME }), MAX_CALLS);

const sourceMap = record({ deflated: binary(), digest: HASH });
const localeSettings = record({ locale: HASH, timeZone: HASH });
const timers = list(record({ callId: NAME, dueAtMs: count }), MAX_CALLS);

const requests = list(record({ callId: NAME }, { request: REQUEST }), MAX_CALLS);

/**
 * What the header of an envelope is: a run without its snapshot, and without values that are beside that. An `abi` is in it from
 * version 2 on.
 */
export type SealedRunHeader = Omit<
  SuspendedRun,
  'snapshot' | 'leftOut' | 'abi' | 'prepared' | 'callArguments' | 'image'
> & {
  readonly abi?: number;
  /** Of the arguments of its calls, which are before the snapshot. */
  readonly argumentBytes?: number;
  /** Length of the values that were left out, behind the snapshot. */
  readonly leftOutBytes?: number;
  readonly prepared?: readonly SealedPrepared[];
};

export const RUN_HEADER: Shape<SealedRunHeader> = record(
  {
    engine: HASH,
    imageHash: HASH,
    features: count,
    handler: record({ key: HASH, filename: NAME, source: text(MAX_SOURCE_CHARACTERS) }, { sourceMap }),
    capabilities: list(NAME, MAX_CAPABILITIES),
    limits,
    usage: record(
      {
        maxHostCalls: count,
        maxStateMutations: count,
        maxEvents: count,
        maxViewCommands: count,
        maxLogBytes: count,
      },
      { maxInstructions: count, maxCpuMs: finite },
    ),
    suspendedAtMs: finite,
    calls,
    origin: record({}, { handlerName: NAME, panelId: NAME }),
  },
  {
    abi: count,
    argumentBytes: (value) => count(value) ?? ((value as number) > MAX_ARGUMENT_BYTES ? 'is too much' : undefined),
    trace: dictionary(NAME, MAX_TRACE_FIELDS),
    tenant: NAME,
    leftCalls: calls,
    lastCall: count,
    localeSettings,
    librarySet: HASH,
    deployment: HASH,
    timers,
    requests,
    leftOutBytes: count,
    prepared: PREPARED_SHAPE,
  },
) as Shape<SealedRunHeader>;
