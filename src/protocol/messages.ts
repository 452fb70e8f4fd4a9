import type { ExecutionLimits } from '../api/limits.js';
import type { ResultCode } from '../errors/codes.js';
import { NexusError } from '../errors/nexus-error.js';
import type { WireError } from '../errors/wire.js';
import type { HandlerOutcome } from './compile.js';
import type { Grant } from './grant.js';

/** What a worker is asked. */
export type Request =
  /** @param source text, or its bytes in UTF-8 */
  | { readonly kind: 'compile'; readonly source: string | Uint8Array; readonly filename: string }
  | ({ readonly kind: 'execute'; readonly bytecode: Uint8Array } & ExecuteRequest)
  | ({ readonly kind: 'resume' } & ResumeRequest)
  /** Makes the handler quick to begin, and executes nothing. */
  | { readonly kind: 'load'; readonly key: string; readonly bytecode: Uint8Array };

export interface ExecuteRequest {
  readonly key: string;
  /** Name of the tenant, see `tenancy.ts`. */
  readonly tenant?: string;
  /** State, arguments, scope, extensions: a document in the engine's binary object format. */
  readonly input: Uint8Array;
  /** What it may do, encoded, see `rights.ts`. */
  readonly rights: Uint8Array;
  /** Context fields that came as MessagePack: decoded in the worker, in place of what `input` has there. */
  readonly packed?: PackedContext;
  readonly limits: ExecutionLimits;
  /** Fixes the guest's clock, in milliseconds since the epoch. */
  readonly now?: number;
  /** Fixes `Math.random`. */
  readonly seed?: number;
  readonly deadline?: CallDeadline;
  /** A {@link LogRing}, when somebody wants to be told lines of log as they are written. */
  readonly logRing?: Uint8Array;
}

/** When a call, from its beginning to its result, has to be over. */
export interface CallDeadline {
  /** How long it may take, in milliseconds. */
  readonly ms: number;
  /** When that is over, as {@link epochMs} has it. */
  readonly atMs: number;
}

/** Goes on with a handler that was suspended. What it was given is in the snapshot. */
export interface ResumeRequest {
  /** Of the handler. */
  readonly key: string;
  /** The one for whom it began, see `tenancy.ts`. */
  readonly tenant?: string;
  /** The VM beyond its image, see `snapshot.ts`. */
  readonly snapshot: Uint8Array;
  /** SHA-256 of the image, hex, and the features in it. */
  readonly imageHash: string;
  readonly features: number;
  /** Answers and what was used up to now: a document in the engine's binary object format, see `answers.ts`. */
  readonly answers: Uint8Array;
  readonly limits: ExecutionLimits;
  readonly now?: number;
  readonly seed?: never;
  readonly deadline?: CallDeadline;
  readonly logRing?: Uint8Array;
}

export interface PackedContext {
  readonly state?: Uint8Array;
  readonly args?: Uint8Array;
  readonly scope?: Uint8Array;
  /** Keys of a packed state that may enter the VM. */
  readonly readable: Grant;
}

/** What a worker answers. */
export type Reply =
  | { readonly kind: 'compiled'; readonly outcome: HandlerOutcome }
  | { readonly kind: 'loaded' }
  | ({ readonly kind: 'executed' } & ExecutionReply)
  | { readonly kind: 'failed'; readonly error: WireError };

export interface ExecutionReply {
  /** What the guest's `collect` returned, in the engine's binary object format; absent when it could not be had. */
  readonly outcome: Uint8Array | undefined;
  /** Present when the handler waits for an extension: with what a {@link ResumeRequest} goes on. */
  readonly snapshot?: Uint8Array;
  readonly imageHash?: string;
  readonly features?: number;
  /** What the host saw go wrong. Takes precedence over what the guest says of itself. */
  readonly failure: ExecutionFailure | undefined;
  /** Milliseconds since the epoch, with the resolution of `performance.now()`: comparable between threads. */
  readonly startedAtMs: number;
  readonly durationUs: number;
  readonly memoryUsedBytes: number;
  readonly memoryPeakBytes: number;
  readonly instructionCount: number;
  /** The heap reached its limit at some time; the guest may have caught the error. */
  readonly heapExhausted: boolean;
  /** Why VMs of the worker were given up since its last reply. */
  readonly retired: readonly VmRetirement[];
}

/** Why a worker takes another VM: this one broke, ran out of memory, grew too large, or is not of the size that is needed. */
export type VmRetirement = (typeof VM_RETIREMENTS)[number];
export const VM_RETIREMENTS = ['poisoned', 'out_of_memory', 'grown', 'resized'] as const;

export interface ExecutionFailure {
  readonly code: ResultCode;
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** Now, in milliseconds since the epoch, with the resolution of `performance.now()` and the same in all threads of the process. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** A fault of ours. */
export function unexpectedReply(kind: string): NexusError {
  return new NexusError('INTERNAL_ERROR', `A worker answered with "${kind}", which was not the question.`);
}
