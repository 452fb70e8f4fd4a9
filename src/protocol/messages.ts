import type { ExecutionLimits } from '../api/limits.js';
import type { LocaleSettings } from '../config/locale.js';
import type { ResultCode } from '../errors/codes.js';
import { NexusError } from '../errors/nexus-error.js';
import type { WireError } from '../errors/wire.js';
import type { SourceShape } from '../source/forms/source-shape.js';
import { performance } from '../support/timers.js';
import type { Checkpoint, CheckpointArea } from './checkpoint.js';
import type { HandlerOutcome } from './compile.js';
import type { Grant } from './grant.js';
import type { KeptImage } from './kept-image.js';
import type { LibrarySet } from './library-set.js';
import type { PreparedValue } from './prepared-value.js';

/** A request to a worker. */
export type Request =
  /** @param source text, or its bytes in UTF-8 */
  | {
      readonly kind: 'compile';
      readonly source: string | Uint8Array;
      readonly filename: string;
      readonly shape?: SourceShape | undefined;
    }
  | ({ readonly kind: 'execute'; readonly bytecode: Uint8Array } & ExecuteRequest)
  | ({ readonly kind: 'resume' } & ResumeRequest)
  /** Creates an image for the handler and executes nothing. */
  | {
      readonly kind: 'load';
      readonly key: string;
      readonly bytecode: Uint8Array;
      readonly librarySet?: LibrarySet | undefined;
    }
  | ({ readonly kind: 'image' } & ImageRequest);

/** Asks for a base image: one that is kept, that of a library set, or the worker's own. */
export interface ImageRequest {
  readonly image?: KeptImage | undefined;
  readonly librarySet?: LibrarySet | undefined;
  /** Those of the image whose hash is asked for. */
  readonly features: number;
  /** Whether the base image itself is asked for. */
  readonly isExported: boolean;
}

export interface ImageDescription {
  /** SHA-256, hex, of the image with the features. */
  readonly hash: string;
  /** The base image, see `engine/image/image-codec.ts`. */
  readonly packed?: Uint8Array;
}

export interface ExecuteRequest {
  readonly key: string;
  /** The tenant, see `tenancy.ts`. */
  readonly tenant?: string;
  /** State, arguments, scope, extensions: a document in the engine's binary object format. */
  readonly input: Uint8Array;
  /** The encoded grants and limits, see `encoded-grants.ts`. */
  readonly encodedGrants: Uint8Array;
  /** What is missing in its input: here, or kept by the main thread. */
  readonly leftOut?: 'kept' | LeftOutValues;
  /** Context that the worker decodes: MessagePack, in place of fields of `input`, and JSON text inside them. */
  readonly packed?: PackedContext;
  readonly limits: ExecutionLimits;
  /** Only of a handler that is resumed. */
  readonly instructionsBefore?: never;
  /** Fixes the guest's clock, in milliseconds since the epoch. */
  readonly now?: number;
  /** Fixes `Math.random`. */
  readonly seed?: number;
  /** Unless they are the same as everywhere. */
  readonly localeSettings?: LocaleSettings;
  readonly deadline?: CallDeadline;
  /** A {@link LogRing}, when somebody wants to be told lines of log as they are written. */
  readonly logRing?: Uint8Array;
  /** Absent if it has the runtime's own libraries alone. */
  readonly librarySet?: LibrarySet;
  /** The prepared values to which the input refers by their numbers. */
  readonly prepared?: readonly PreparedValue[];
  /** Where the worker may write the VM if it waits; without it, or room in it, a waiting VM becomes a snapshot. */
  readonly area?: CheckpointArea;
}

/** The deadline of a call, from its start to its result. */
export interface CallDeadline {
  /** Its length in milliseconds. */
  readonly ms: number;
  /** The time at which it passes, as {@link epochMs} returns it. */
  readonly atMs: number;
}

/** What stays the same from one segment of a run to the next, and is the same for many runs: a worker is told it once. */
export interface ResumeTerms {
  readonly key: string;
  readonly tenant?: string;
  readonly imageHash: string;
  readonly features: number;
  readonly limits: ExecutionLimits;
  readonly localeSettings?: LocaleSettings;
}

/** A request to resume a suspended handler. Its original input is in the snapshot. */
export interface ResumeRequest {
  /** The key of the handler. */
  readonly key: string;
  /** The tenant for which it started, see `tenancy.ts`. */
  readonly tenant?: string;
  /**
   * Fields of this request as one object, the same for all requests that agree in them. In the requesting thread only, and if
   * it has no library set, image, or prepared values.
   */
  readonly terms?: ResumeTerms;
  /** The VM's difference from its image, see `snapshot.ts`; empty if there is a checkpoint. */
  readonly snapshot: Uint8Array;
  readonly checkpoint?: CheckpointArea;
  /** SHA-256 of the image, in hex, and its features. */
  readonly imageHash: string;
  readonly features: number;
  /** Answers and usage so far: a document in the engine's binary object format, see `answers.ts`. */
  readonly answers: Uint8Array;
  /** What is missing in its snapshot. */
  readonly leftOut?: 'kept' | LeftOutValues;
  readonly limits: ExecutionLimits;
  /** Of its previous segments. */
  readonly instructionsBefore: number;
  readonly now?: number;
  readonly seed?: never;
  readonly localeSettings?: LocaleSettings;
  readonly deadline?: CallDeadline;
  readonly logRing?: Uint8Array;
  readonly librarySet?: LibrarySet;
  /** The image on which it waits, if that is not one of this process. */
  readonly image?: KeptImage;
  /** What the handler may do from now on, and its state: a document, see `renewal.ts`. */
  readonly renewal?: Uint8Array;
  /** The prepared values in the image. */
  readonly prepared?: readonly PreparedValue[];
  readonly area?: CheckpointArea;
}

/**
 * Values of the state that are not in the input, or were not when the handler was suspended. While the main thread keeps them,
 * the reply to a handler that reads one is {@link ExecutionReply.lacksInput}.
 */
export interface LeftOutValues {
  /** A document whose only field is a record of them. */
  readonly encoded: Uint8Array;
  /** The time that the segment has had without them, in milliseconds. */
  readonly spentMs: number;
}

export function valuesOf(leftOut: 'kept' | LeftOutValues | undefined): LeftOutValues | undefined {
  return leftOut === 'kept' ? undefined : leftOut;
}

/** Present as well if `input` contains JSON text. */
export interface PackedContext {
  readonly state?: Uint8Array;
  readonly args?: Uint8Array;
  readonly scope?: Uint8Array;
  /** Keys of a packed state that may be copied into the VM. */
  readonly readable: Grant;
}

/** A worker's reply. */
export type Reply =
  | { readonly kind: 'compiled'; readonly outcome: HandlerOutcome }
  | { readonly kind: 'loaded' }
  | ({ readonly kind: 'image' } & ImageDescription)
  | ExecutionReply
  | { readonly kind: 'failed'; readonly error: WireError };

export interface ExecutionReply {
  readonly kind: 'executed';
  /** What the guest's `collect` returned, in the engine's binary object format; absent when it could not be had. */
  readonly outcome: Uint8Array | undefined;
  /** Present if the handler waits for an extension, without a checkpoint: the snapshot for a {@link ResumeRequest}. */
  readonly snapshot?: Uint8Array;
  /** The bytes of a waiting VM. They are in the area of the request, unless they have no room there and there is a snapshot. */
  readonly checkpointBytes?: number;
  /** From when the clock of the handler began to its end, in milliseconds. Present if it waits, and has begun in this segment. */
  readonly clockMs?: number;
  /** Added by the requesting thread, which owns the areas. */
  readonly checkpoint?: Checkpoint;
  readonly imageHash?: string;
  readonly features?: number;
  /** A failure that the host noticed. It takes precedence over the guest's report. */
  readonly failure: ExecutionFailure | undefined;
  /** Milliseconds since the epoch, with the resolution of `performance.now()`: comparable between threads. */
  readonly startedAtMs: number;
  readonly durationUs: number;
  readonly memoryUsedBytes: number;
  readonly memoryPeakBytes: number;
  readonly instructionCount: number;
  /** Whether the heap ever reached its limit; the guest may have caught the error. */
  readonly heapExhausted: boolean;
  /** Why VMs of the worker were given up since its last reply. */
  readonly retired: readonly VmRetirement[];
  /** Present if the handler read a value that was left out: it is to be executed again, with all of them. */
  readonly lacksInput?: true;
}

/** Why a worker replaces a VM: it is poisoned, ran out of memory, grew too large, or has the wrong size. */
export type VmRetirement = (typeof VM_RETIREMENTS)[number];
export const VM_RETIREMENTS = ['poisoned', 'out_of_memory', 'grown', 'resized'] as const;

export interface ExecutionFailure {
  readonly code: ResultCode;
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/**
 * The current time in milliseconds since the epoch, with the resolution of `performance.now()` and the same
 * in all threads of the process.
 */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** A bug of this library. */
export function unexpectedReply(kind: string): NexusError {
  return new NexusError('INTERNAL_ERROR', `A worker answered with "${kind}", which was not the question.`);
}
