import type { CapabilityToken } from '../api/capability.js';
import type { ExecutionLimits } from '../api/limits.js';
import type { TraceCarrier } from '../api/tracing.js';

/** A handler that waits: all that it takes to go on with it, in any process that has its engine and libraries. */
export interface SuspendedRun {
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** On what host and guest agreed, see `guest/abi.ts`. */
  readonly abi: number;
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
