/**
 * Thrown by a method of an extension whose call may be made again: `work` does so, in a run that was started, as its `retry` allows.
 *
 * @example throw new RetryableError('the service is busy', { retryAfterMs: 5_000 });
 */
export class RetryableError extends Error {
  override readonly name: string = 'RetryableError';
  /** When it may be made again at the earliest, in milliseconds. Default: as the policy says */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly retryAfterMs?: number } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Thrown by a method of an extension whose call must not be made again: the handler gets the error at its `await`. */
export class FatalError extends Error {
  override readonly name: string = 'FatalError';
}
