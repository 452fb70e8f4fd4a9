import { type ExecutionLimits, LIMIT_KEYS } from '../config/limits.js';
import type { TraceCarrier } from '../api/tracing.js';
import type { CapabilityToken } from '../api/capability.js';
import { count, dictionary, finite, list, record, type Shape, text } from '../codec/message-shape.js';

/** A handler that waits: all that it takes to go on with it, in any process that has its engine and libraries. */
export interface SuspendedRun {
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** SHA-256 of the image on which the snapshot was taken, hex, and the features in it. */
  readonly imageHash: string;
  readonly features: number;
  /** The VM beyond its image, see `worker/snapshot.ts`. Compressed when it is sealed. */
  readonly snapshot: Uint8Array;
  /** For errors: where it came from, and the author's lines. */
  readonly handler: { readonly key: string; readonly filename: string; readonly source: string };
  readonly capabilities: readonly CapabilityToken[];
  readonly limits: ExecutionLimits;
  /** What was used of the counted limits, by their names. */
  readonly usage: Readonly<
    Record<'maxHostCalls' | 'maxStateMutations' | 'maxEvents' | 'maxViewCommands' | 'maxLogBytes', number>
  >;
  /** Of the trace in which it was suspended. */
  readonly trace?: TraceCarrier;
  /** Milliseconds since the epoch. */
  readonly suspendedAtMs: number;
  /** Calls that wait for an answer. */
  readonly calls: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  readonly origin: { readonly handlerName?: string; readonly panelId?: string };
  /** On whose behalf it runs. */
  readonly tenant?: string;
}

/** Of calls that wait at the same time. */
export const MAX_CALLS = 30_000;
/** A longer source is left out: errors then have lines and no snippet. */
export const MAX_SOURCE_CHARACTERS = 32 * 1024;

/** Long enough for whatever an application names. */
const NAME = text(64 * 1024);
const HASH = text(256);
const MAX_CAPABILITIES = 100_000;
const MAX_TRACE_FIELDS = 100;

const limits = record(
  Object.fromEntries(Object.keys(LIMIT_KEYS).map((name) => [name, count])) as Record<
    keyof ExecutionLimits,
    typeof count
  >,
);

/** What the header of an envelope is: a run without its snapshot. */
export const RUN_HEADER: Shape<Omit<SuspendedRun, 'snapshot'>> = record(
  {
    engine: HASH,
    imageHash: HASH,
    features: count,
    handler: record({ key: HASH, filename: NAME, source: text(MAX_SOURCE_CHARACTERS) }),
    capabilities: list(NAME, MAX_CAPABILITIES),
    limits,
    usage: record({
      maxHostCalls: count,
      maxStateMutations: count,
      maxEvents: count,
      maxViewCommands: count,
      maxLogBytes: count,
    }),
    suspendedAtMs: finite,
    calls: list(record({ callId: NAME, extensionName: NAME, method: NAME }), MAX_CALLS),
    origin: record({}, { handlerName: NAME, panelId: NAME }),
  },
  { trace: dictionary(NAME, MAX_TRACE_FIELDS), tenant: NAME },
) as Shape<Omit<SuspendedRun, 'snapshot'>>;
