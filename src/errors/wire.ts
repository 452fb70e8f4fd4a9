import type { NexusErrorCode } from './codes.js';
import { type ErrorContext, NexusError } from './nexus-error.js';

/** A {@link NexusError} as plain data, so that it can be passed between threads without loss. */
export interface WireError {
  readonly code: NexusErrorCode;
  readonly message: string;
  readonly context: ErrorContext;
  readonly stack?: string;
  readonly cause?: WireError | string;
}

/** Converts anything thrown to a {@link WireError}; values other than a NexusError become INTERNAL_ERROR. */
export function toWireError(thrown: unknown): WireError {
  if (thrown instanceof NexusError) {
    return {
      code: thrown.code,
      message: thrown.message,
      context: thrown.context,
      ...(thrown.stack === undefined ? {} : { stack: thrown.stack }),
      ...(thrown.cause === undefined ? {} : { cause: causeToWire(thrown.cause) }),
    };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return { code: 'INTERNAL_ERROR', message, context: {}, ...(stack === undefined ? {} : { stack }) };
}

export function fromWireError(wire: WireError): NexusError {
  const cause = typeof wire.cause === 'object' ? fromWireError(wire.cause) : wire.cause;
  const error = new NexusError(wire.code, wire.message, { context: wire.context, cause });
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}

function causeToWire(cause: unknown): WireError | string {
  return cause instanceof Error ? toWireError(cause) : String(cause);
}
