import type { WasmResult } from '../api/result.js';
import type { NexusErrorCode } from '../errors/codes.js';
import { NexusError } from '../errors/nexus-error.js';

/** Codes of the server itself, for what never reaches the runtime. */
export type HttpProblemCode =
  | 'MALFORMED_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'GONE'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'TOO_MANY_REQUESTS'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN';

/** A response in the format `application/problem+json` (RFC 9457). */
export interface ProblemBody {
  readonly type: 'about:blank';
  /** Of the status. */
  readonly title: string;
  readonly status: number;
  /** What is wrong, and how to mend it. */
  readonly detail: string;
  /** For programs: a code of the runtime, or of the server. */
  readonly code: NexusErrorCode | HttpProblemCode;
  /** What of the request is at fault: `options.timeoutMs`. */
  readonly field?: string;
  readonly location?: unknown;
  readonly snippet?: string;
  /** When it is worth trying again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Of a handler that was executed nevertheless. */
  readonly result?: WasmResult;
}

/** Anything that ends a request with another status than success. */
export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemBody['code'];
  readonly facts: Pick<ProblemBody, 'field' | 'location' | 'snippet' | 'retryAfterMs' | 'result'>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ProblemBody['code'],
    message: string,
    facts: Problem['facts'] = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.facts = facts;
    this.headers = headers;
  }

  toBody(): ProblemBody {
    return {
      type: 'about:blank',
      title: TITLES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      code: this.code,
      ...this.facts,
    };
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The status of a rejection of the runtime. */
const STATUSES: Readonly<Record<NexusErrorCode, number>> = {
  TIMEOUT: 504,
  MEMORY_LIMIT: 422,
  STACK_OVERFLOW: 422,
  RESOURCE_LIMIT: 429,
  PERMISSION_DENIED: 403,
  EXECUTION_ERROR: 422,
  COMPILATION_ERROR: 422,
  INVALID_HANDLER: 422,
  SERIALIZATION_ERROR: 422,
  VALIDATION_ERROR: 422,
  DEADLOCK: 422,
  CANCELLED: 503,
  INVALID_ARGUMENT: 422,
  INVALID_CONFIG: 500,
  INVALID_ARTIFACT: 422,
  ENGINE_MISMATCH: 500,
  SUSPENSION_NOT_FOUND: 404,
  SUSPENSION_EXPIRED: 410,
  SUSPENSION_BUSY: 409,
  SUSPENSION_SETTLED: 409,
  RUN_EXISTS: 409,
  SUSPENSION_INCOMPATIBLE: 409,
  POOL_SATURATED: 503,
  RUNTIME_CLOSED: 503,
  INTERNAL_ERROR: 500,
};
/** For those that say nothing themselves. */
const RETRY_AFTER_MS = 1_000;
const INTERNAL = 'The server failed. Its log says why.';

/**
 * @param fieldOf the place in a request of what an error of the runtime names
 * @returns what a client is told; the message of a fault of the host is for the log alone
 */
export function problemOf(error: unknown, fieldOf: (name: string) => string): Problem {
  if (error instanceof Problem) return error;
  if (!(error instanceof NexusError)) return new Problem(500, 'INTERNAL_ERROR', INTERNAL);
  const status = STATUSES[error.code];
  const { field, option, location, snippet } = error.context;
  const named = typeof field === 'string' ? field : option;
  const isBusy = status === 429 || status === 503;
  return new Problem(status, error.code, status === 500 ? INTERNAL : error.message, {
    ...(typeof named === 'string' && status !== 500 && { field: fieldOf(named) }),
    ...(location !== undefined && { location }),
    ...(typeof snippet === 'string' && { snippet }),
    ...(isBusy && { retryAfterMs: RETRY_AFTER_MS }),
  });
}

/**
 * What a handler did wrong is a result, with status 200. Results of which the server has to say more: a quota that refused the call, and
 * the deadline of the call.
 */
export function problemOfResult(result: WasmResult): Problem | undefined {
  if (result.status !== 'error') return undefined;
  const { code, message, context = {} } = result.error;
  if (code === 'RESOURCE_LIMIT' && context['limit'] === 'quota') {
    const { retryAfterMs } = context;
    return new Problem(429, code, message, { ...(typeof retryAfterMs === 'number' && { retryAfterMs }) });
  }
  if (code === 'TIMEOUT' && context['limit'] === 'deadlineMs') {
    return new Problem(504, code, message, { field: 'options.deadlineMs', result });
  }
  return undefined;
}
