import type { ExecutionLimits } from '../api/limits.js';
import type { TraceCarrier } from '../api/tracing.js';

/** A waiting handler: all data that is needed to resume it, in any process with the same engine and libraries. */
export interface SuspendedRun {
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** On what host and guest agreed, see `guest/abi.ts`. */
  readonly abi: number;
  /** SHA-256 of the image on which the snapshot was taken, hex, and the features in it. */
  readonly imageHash: string;
  readonly features: number;
  /** The VM's difference from its image, see `worker/snapshot.ts`. Compressed when it is sealed. */
  readonly snapshot: Uint8Array;
  /** For errors: the origin and the lines of the handler. */
  readonly handler: { readonly key: string; readonly filename: string; readonly source: string };
  readonly capabilities: readonly string[];
  readonly limits: ExecutionLimits;
  /** Usage of the counted limits, by name. */
  readonly usage: Readonly<
    Record<'maxHostCalls' | 'maxStateMutations' | 'maxEvents' | 'maxViewCommands' | 'maxLogBytes', number>
  >;
  /** The trace in which it was suspended. */
  readonly trace?: TraceCarrier;
  /** Milliseconds since the epoch. */
  readonly suspendedAtMs: number;
  /** Pending calls. */
  readonly calls: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  /** Calls without an answer that nothing waits for: the handler has ended, and what it began in its last segment waits. */
  readonly leftCalls?: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  readonly origin: { readonly handlerName?: string; readonly panelId?: string };
  /** The tenant for which it runs. */
  readonly tenant?: string;
}
