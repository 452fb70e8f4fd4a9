import type { ExecutionLimits } from '../../api/limits.js';
import type { RateLimit } from '../../runtime/quota/memory-quota.js';
import type { TokenScope } from '../server-options.js';

/** Who makes a request, and what they may do. */
export interface Identity {
  /** The name of the token; for programs of this machine and trusted callers there is none. */
  readonly name: string | undefined;
  /** By which its requests are counted. */
  readonly key: string;
  readonly scopes: ReadonlySet<TokenScope>;
  /** Undefined: the one that the request names. */
  readonly tenant: string | undefined;
  readonly limits: Partial<ExecutionLimits>;
  readonly capabilities: readonly string[] | undefined;
  readonly rate: RateLimit | undefined;
}

export const ALL_SCOPES: ReadonlySet<TokenScope> = new Set(['execute', 'metrics', 'admin']);
