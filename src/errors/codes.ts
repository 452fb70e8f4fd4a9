/**
 * Who has to act on an error: the handler's author, the program that called the runtime, or the operator of
 * the host.
 */
export type Fault = 'guest' | 'caller' | 'host';

interface CodeTraits {
  readonly fault: Fault;
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean;
}

/**
 * Codes that arrive as a result with `status: 'error'`: something the handler did, or something done to its execution.
 */
export const RESULT_CODES = {
  /** The execution passed its `timeoutMs`. */
  TIMEOUT: { fault: 'guest', retryable: false },
  /** The VM reached `memoryLimitBytes`. */
  MEMORY_LIMIT: { fault: 'guest', retryable: false },
  /** Recursion passed `stackSizeBytes`. */
  STACK_OVERFLOW: { fault: 'guest', retryable: false },
  /** A counted limit (events, mutations, log bytes, …) was passed. */
  RESOURCE_LIMIT: { fault: 'guest', retryable: false },
  /** The handler used something its capabilities do not grant. */
  PERMISSION_DENIED: { fault: 'guest', retryable: false },
  /** The handler threw, or rejected. */
  EXECUTION_ERROR: { fault: 'guest', retryable: false },
  /** The handler's source is not valid JavaScript. */
  COMPILATION_ERROR: { fault: 'guest', retryable: false },
  /** The source cannot be a handler at all: empty, too large, not well-formed text, or it leaves its wrapper. */
  INVALID_HANDLER: { fault: 'guest', retryable: false },
  /** A value the handler returned, emitted or stored cannot leave the VM. */
  SERIALIZATION_ERROR: { fault: 'guest', retryable: false },
  /** What the handler returned does not match the schema that its caller gave. */
  VALIDATION_ERROR: { fault: 'guest', retryable: false },
  /** The handler waits for something that can never come. */
  DEADLOCK: { fault: 'guest', retryable: false },
  /** The caller's AbortSignal fired. */
  CANCELLED: { fault: 'caller', retryable: true },
} as const satisfies Record<string, CodeTraits>;

/** Codes that reject with a {@link NexusError}: something the caller or the host did. */
export const REJECTION_CODES = {
  /** An argument has the wrong type or an impossible value. */
  INVALID_ARGUMENT: { fault: 'caller', retryable: false },
  /** An option is unknown, out of range, or contradicts another. */
  INVALID_CONFIG: { fault: 'caller', retryable: false },
  /** The bytes are not a compiled handler that this runtime may load. */
  INVALID_ARTIFACT: { fault: 'caller', retryable: false },
  /** The QuickJS binary that is installed is not one this library knows. */
  ENGINE_MISMATCH: { fault: 'host', retryable: false },
  /** A value that the caller passed cannot be copied into the VM. */
  SERIALIZATION_ERROR: { fault: 'caller', retryable: false },
  SUSPENSION_NOT_FOUND: { fault: 'caller', retryable: false },
  SUSPENSION_EXPIRED: { fault: 'caller', retryable: false },
  /** Another call is resuming the suspended handler, and takes longer than this one may wait. */
  SUSPENSION_BUSY: { fault: 'caller', retryable: true },
  /** The suspended handler was resumed with other answers, or waits for these no more: they were not used. */
  SUSPENSION_SETTLED: { fault: 'caller', retryable: false },
  /** There is a run of this id, with other code or another input. */
  RUN_EXISTS: { fault: 'caller', retryable: false },
  SUSPENSION_INCOMPATIBLE: { fault: 'host', retryable: false },
  /** Too many executions are waiting. */
  POOL_SATURATED: { fault: 'host', retryable: true },
  /** The runtime was shut down. */
  RUNTIME_CLOSED: { fault: 'caller', retryable: false },
  /** A fault of this library or its workers. */
  INTERNAL_ERROR: { fault: 'host', retryable: true },
} as const satisfies Record<string, CodeTraits>;

/**
 * The code of a result with `status: 'error'`.
 *
 * @useDeclaredType
 */
export type ResultCode = keyof typeof RESULT_CODES;
/**
 * The code with which a call rejects.
 *
 * @useDeclaredType
 */
export type RejectionCode = keyof typeof REJECTION_CODES;
export type NexusErrorCode = ResultCode | RejectionCode;
