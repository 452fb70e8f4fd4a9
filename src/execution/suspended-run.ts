import type { ExecutionLimits } from '../api/limits.js';
import type { NetworkRequest } from '../api/network/network-request.js';
import type { TraceCarrier } from '../api/observing/tracing.js';
import type { CompiledHandler } from '../compiler/compiled-handler.js';
import type { LocaleSettings } from '../config/locale.js';
import type { Checkpoint } from '../protocol/checkpoint.js';
import type { KeptImage } from '../protocol/kept-image.js';
import type { PreparedValue } from '../protocol/prepared-value.js';
import type { StoredSourceMap } from '../source/source-map/stored-map.js';
import type { LeftOut } from './request/left-out.js';
import type { Usage } from './usage.js';

/** A timer of a waiting handler: a call that the runtime answers. */
export interface PendingTimer {
  readonly callId: string;
  /** Milliseconds since the epoch. */
  readonly dueAtMs: number;
  /** The same by the clock of the store that it comes from, if that has one. */
  readonly storedDueAtMs?: number;
}

/** A request of a waiting handler: a call that the runtime answers. */
export interface PendingRequest {
  readonly callId: string;
  /** Absent if it was too large to be kept: it then fails. */
  readonly request?: NetworkRequest;
}

/** A waiting handler: all data that is needed to resume it, in any process with the same engine that has its base image. */
export interface SuspendedRun {
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** On what host and guest agreed, see `guest/abi.ts`. */
  readonly abi: number;
  /** SHA-256 of the image on which the snapshot was taken, hex, and the features in it. */
  readonly imageHash: string;
  readonly features: number;
  /** By which the base image is kept, see `suspension/images/`. Absent of one that was suspended before there were any. */
  readonly deployment?: string;
  /** That image, if it is not one of this process. Not sealed. */
  readonly image?: KeptImage;
  /** Id of the library set in that image; absent if it has the runtime's own libraries alone. */
  readonly librarySet?: string;
  /** The VM's difference from its image, see `worker/snapshot.ts`. Compressed when it is sealed. Empty if there is a checkpoint. */
  readonly snapshot: Uint8Array;
  /** Values of its state that are not in the snapshot. */
  readonly leftOut?: LeftOut;
  /** The VM's memory: only in a `run`, which releases it. */
  readonly checkpoint?: Checkpoint;
  /** For errors: the origin and the lines of the handler. */
  readonly handler: Pick<CompiledHandler, 'key' | 'filename' | 'source'> & { readonly sourceMap?: StoredSourceMap };
  readonly capabilities: readonly string[];
  readonly limits: ExecutionLimits;
  /** What was used of the limits that continue, by name. */
  readonly usage: Usage;
  /** The trace in which it was suspended. */
  readonly trace?: TraceCarrier;
  /** Milliseconds since the epoch. */
  readonly suspendedAtMs: number;
  /** Timers that are set, in the order in which they were set. */
  readonly timers?: readonly PendingTimer[];
  /** Requests that it waits for, in order. */
  readonly requests?: readonly PendingRequest[];
  /** Pending calls of the application's extensions. */
  readonly calls: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  /** The arguments of these calls, encoded, where the run was opened; see `suspension/sealed/run-envelope.ts`. */
  readonly callArguments?: Uint8Array;
  /** Calls without an answer that nothing waits for: the handler has ended, and what it began in its last segment waits. */
  readonly leftCalls?: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  /** Number of the last call that the handler has made: see {@link callNumber}. */
  readonly lastCall?: number;
  /** Unless they are the same as everywhere. */
  readonly localeSettings?: LocaleSettings;
  readonly origin: { readonly handlerName?: string; readonly panelId?: string };
  /** The tenant for which it runs. */
  readonly tenant?: string;
  /** The prepared values in the image, in order. */
  readonly prepared?: readonly PreparedValue[];
}

/** Calls are numbered from 1 in the order in which the handler makes them: `c7` is the seventh. */
export function callNumber(callId: string): number {
  return Number(callId.slice(1));
}
