import type { ResultCode } from '../../errors/codes.js';
import type { ErrorLocation } from '../result.js';
import type { EventOrigin } from './observer.js';

/** Errors of handlers that are the same but for their time: of one handler and tenant, with one code, message and place. */
export interface RecentError extends EventOrigin {
  /** The same for the same errors, as long as they are kept. */
  readonly id: number;
  readonly code: ResultCode;
  /** At most 1,000 characters. */
  readonly message: string;
  /** How often it happened, since it was kept. */
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly location?: ErrorLocation;
  /** At most 2,000 characters. */
  readonly snippet?: string;
}
