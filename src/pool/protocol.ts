import type { Grant } from '../capabilities/grants.js';
import type { ExecutionLimits } from '../config/limits.js';
import type { ScriptOutcome } from '../contract/compile.js';
import { packMessage, unpackMessage } from '../contract/message-pack.js';
import type { ResultCode } from '../errors/codes.js';
import type { WireError } from '../errors/wire.js';

/** What a worker is asked. */
export type Request =
  | { readonly kind: 'compile'; readonly source: string; readonly filename: string }
  | ({ readonly kind: 'execute' } & ExecuteRequest);

export interface ExecuteRequest {
  readonly key: string;
  /** State, arguments, scope, extensions, grants, limits: a document in the engine's binary object format. */
  readonly input: Uint8Array;
  /** Context fields that came as MessagePack: decoded in the worker, in place of what `input` has there. */
  readonly packed?: PackedContext;
  readonly limits: ExecutionLimits;
  /** Fixes the guest's clock, in milliseconds since the epoch. */
  readonly now?: number;
  /** Fixes `Math.random`. */
  readonly seed?: number;
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
  | { readonly kind: 'compiled'; readonly outcome: ScriptOutcome }
  | ({ readonly kind: 'executed' } & Executed)
  | { readonly kind: 'failed'; readonly error: WireError };

export interface Executed {
  /** What the guest's `collect` returned, in the engine's binary object format; absent when it could not be had. */
  readonly outcome: Uint8Array | undefined;
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
}

export interface ExecutionFailure {
  readonly code: ResultCode;
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
}

export function encodeRequest(request: Request): Uint8Array {
  return packMessage(request);
}

export function decodeRequest(message: Uint8Array): Request {
  return unpackMessage(message) as Request;
}

export function encodeReply(reply: Reply): Uint8Array {
  return packMessage(reply);
}

export function decodeReply(message: Uint8Array): Reply {
  return unpackMessage(message) as Reply;
}
