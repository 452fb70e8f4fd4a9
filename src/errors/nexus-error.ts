import { type Fault, type NexusErrorCode, REJECTION_CODES, RESULT_CODES } from './codes.js';

/** Facts about the failure that a program may want to read: the option, the path, the limit, the expected value. */
export type ErrorContext = Readonly<Record<string, unknown>>;

export interface NexusErrorOptions {
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/**
 * The error class with which this library rejects. Match on {@link NexusError.code}; messages may be
 * reworded.
 *
 * A {@link ResultCode} appears here if there is no result to carry it: `precompileHandler` rejects with
 * COMPILATION_ERROR.
 */
export class NexusError extends Error {
  override readonly name = 'NexusError';
  readonly code: NexusErrorCode;
  readonly context: ErrorContext;

  constructor(code: NexusErrorCode, message: string, options: NexusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }

  /** Who has to act on the error. */
  get fault(): Fault {
    return traitsOf(this.code).fault;
  }

  /** Whether the same call may succeed later with nothing changed. */
  get retryable(): boolean {
    return traitsOf(this.code).retryable;
  }
}

function traitsOf(code: NexusErrorCode) {
  return code in REJECTION_CODES
    ? REJECTION_CODES[code as keyof typeof REJECTION_CODES]
    : RESULT_CODES[code as keyof typeof RESULT_CODES];
}
