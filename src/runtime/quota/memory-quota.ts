import type { UsageCounts } from '../../api/observing/usage.js';
import type { Quota, QuotaRefusal, QuotaRequest } from '../../api/quota.js';
import {
  integer,
  invalidOption,
  type Keys,
  readArgument,
  rejectUnknownKeys,
  requireObject,
} from '../../config/check.js';

/** So many calls in a time. Calls that were not made are saved up, as many as `executions`. */
export interface RateLimit {
  readonly executions: number;
  /** In milliseconds. */
  readonly perMs: number;
}

/** What may be used in each period. What is absent is not bounded. */
export interface UsageBudget {
  /** Length of a period, in milliseconds. A tenant's first one begins with its first call. */
  readonly periodMs: number;
  readonly executions?: number;
  readonly instructions?: number;
  /** Time in the VM, in milliseconds. */
  readonly cpuMs?: number;
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  /** Calls of extensions. */
  readonly calls?: number;
}

/** What one tenant may use. */
export interface TenantQuota {
  /** Only for `execute` and `run`: who may begin may also be resumed. @default no limit */
  readonly rate?: RateLimit;
  /** Calls at the same time, waiting for a worker included. @default no limit */
  readonly concurrency?: number;
  /** @default no limit */
  readonly budget?: UsageBudget;
}

/** Options of `memoryQuota`: what each tenant may use, calls without a tenant together. */
export interface MemoryQuotaOptions extends TenantQuota {
  /** What tenants may use instead, by name. @default none */
  readonly tenants?: Readonly<Record<string, TenantQuota>>;
  /** Tenants that are remembered. Those that have nothing to remember are forgotten first; if there are none, further ones are refused. @default 10,000 */
  readonly maxTenants?: number;
  /** The clock, in milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** How long nothing is looked for after nothing was found. */
const RESCAN_MS = 100;
const TENANT_KEYS: Keys<TenantQuota> = { rate: true, concurrency: true, budget: true };
const RATE_KEYS: Keys<RateLimit> = { executions: true, perMs: true };
const BUDGET_KEYS: Keys<UsageBudget> = {
  periodMs: true,
  executions: true,
  instructions: true,
  cpuMs: true,
  bytesIn: true,
  bytesOut: true,
  calls: true,
};
const DEFAULT_MAX_TENANTS = 10_000;
/** In which what is used is compared with a budget. */
const MEASURES: { readonly [K in keyof Omit<Required<UsageBudget>, 'periodMs'>]: (usage: UsageCounts) => number } = {
  executions: ({ executions }) => executions,
  instructions: ({ instructions }) => instructions,
  cpuMs: ({ cpuUs }) => cpuUs / 1000,
  bytesIn: ({ bytesIn }) => bytesIn,
  bytesOut: ({ bytesOut }) => bytesOut,
  calls: ({ calls }) => calls,
};
type Measure = keyof typeof MEASURES;
const MEASURE_NAMES = Object.keys(MEASURES) as Measure[];

/**
 * A quota that is counted in this process and forgotten with it.
 *
 * A budget is checked when a call begins and is charged when it ends, so calls under way can exceed it: by `concurrency` times what the limits
 * of an execution allow.
 *
 * @throws NexusError INVALID_CONFIG naming the option, for example a negative budget
 *
 * @example const quota = memoryQuota({ rate: { executions: 100, perMs: 1_000 }, concurrency: 8, budget: { periodMs: 86_400_000, instructions: 1e9 } });
 */
export function memoryQuota(options: MemoryQuotaOptions): Quota {
  return readArgument('quota', () => new MemoryQuota(checked(options)), 'INVALID_CONFIG');
}

class MemoryQuota implements Quota {
  readonly #options: MemoryQuotaOptions;
  readonly #maxTenants: number;
  readonly #now: () => number;
  readonly #tenants = new Map<string | undefined, TenantState>();

  constructor(options: MemoryQuotaOptions) {
    this.#options = options;
    this.#maxTenants = options.maxTenants ?? DEFAULT_MAX_TENANTS;
    this.#now = options.now ?? Date.now;
  }

  /** Until then, no tenant is looked for that could be forgotten. */
  #fullUntil = Number.NEGATIVE_INFINITY;

  begin({ tenant, call }: QuotaRequest): QuotaRefusal | undefined {
    const now = this.#now();
    const state = this.#tenants.get(tenant) ?? this.#open(tenant, now);
    if (state === undefined) {
      const reason = `it remembers ${this.#maxTenants} tenants already; raise maxTenants of memoryQuota`;
      return { quota: 'tenants', reason, value: this.#maxTenants };
    }
    return state.begin(call !== 'resume', now);
  }

  end({ tenant }: QuotaRequest, usage: UsageCounts): void {
    this.#fullUntil = Number.NEGATIVE_INFINITY;
    this.#tenants.get(tenant)?.end(usage, this.#now());
  }

  #open(tenant: string | undefined, now: number): TenantState | undefined {
    if (this.#tenants.size >= this.#maxTenants) {
      // A refusal is to be cheap, however often it is asked for.
      if (now < this.#fullUntil) return undefined;
      for (const [name, state] of this.#tenants) if (state.isAsNew(now)) this.#tenants.delete(name);
      this.#fullUntil = this.#tenants.size >= this.#maxTenants ? now + RESCAN_MS : Number.NEGATIVE_INFINITY;
      if (this.#tenants.size >= this.#maxTenants) return undefined;
    }
    const { tenants = {} } = this.#options;
    const own = tenant !== undefined && Object.hasOwn(tenants, tenant) ? tenants[tenant] : undefined;
    const state = new TenantState(own ?? this.#options, now);
    this.#tenants.set(tenant, state);
    return state;
  }
}

/** What a tenant has used. */
class TenantState {
  readonly #quota: TenantQuota;
  #running = 0;
  /** Calls that it may begin now; fractions are on their way. */
  #saved: number;
  #savedAt: number;
  #periodEnd = Number.NEGATIVE_INFINITY;
  #used: Record<Measure, number> = nothing();

  constructor(quota: TenantQuota, now: number) {
    this.#quota = quota;
    this.#saved = quota.rate?.executions ?? 0;
    this.#savedAt = now;
  }

  /** Refuses without a trace: what is refused costs nothing. */
  begin(isNew: boolean, now: number): QuotaRefusal | undefined {
    const refusal = this.#refusal(isNew, now);
    if (refusal !== undefined) return refusal;
    this.#running++;
    if (isNew && this.#quota.rate !== undefined) this.#saved--;
    return undefined;
  }

  end(usage: UsageCounts, now: number): void {
    this.#running--;
    this.#turn(now);
    for (const measure of MEASURE_NAMES) this.#used[measure] += MEASURES[measure](usage);
  }

  /** Whether forgetting it changes nothing. */
  isAsNew(now: number): boolean {
    const { rate } = this.#quota;
    this.#save(now);
    return this.#running === 0 && this.#periodEnd <= now && (rate === undefined || this.#saved >= rate.executions);
  }

  #refusal(isNew: boolean, now: number): QuotaRefusal | undefined {
    const { rate, concurrency, budget } = this.#quota;
    if (concurrency !== undefined && this.#running >= concurrency) {
      const reason = `${this.#running} calls run at the same time, and ${concurrency} may`;
      return { quota: 'concurrency', reason, value: concurrency, used: this.#running };
    }
    const exhausted = budget && this.#exhausted(budget, now);
    if (exhausted !== undefined) return exhausted;
    if (rate === undefined || !isNew) return undefined;
    this.#save(now);
    if (this.#saved >= 1) return undefined;
    const retryAfterMs = Math.ceil(((1 - this.#saved) * rate.perMs) / rate.executions);
    const reason = `${rate.executions} calls may begin in ${rate.perMs} ms`;
    return { quota: 'rate', reason, value: rate.executions, retryAfterMs };
  }

  #exhausted(budget: UsageBudget, now: number): QuotaRefusal | undefined {
    this.#turn(now);
    for (const measure of MEASURE_NAMES) {
      const value = budget[measure];
      const used = this.#used[measure];
      if (value === undefined || used < value) continue;
      const retryAfterMs = Math.ceil(this.#periodEnd - now);
      return { quota: measure, reason: `its budget of ${value} ${measure} is used up`, value, used, retryAfterMs };
    }
    return undefined;
  }

  /** Begins a period when the one before is over. */
  #turn(now: number): void {
    const { budget } = this.#quota;
    if (budget === undefined || now < this.#periodEnd) return;
    const isFirst = this.#periodEnd === Number.NEGATIVE_INFINITY;
    const missed = isFirst ? 0 : Math.floor((now - this.#periodEnd) / budget.periodMs);
    this.#periodEnd = isFirst ? now + budget.periodMs : this.#periodEnd + (missed + 1) * budget.periodMs;
    this.#used = nothing();
  }

  #save(now: number): void {
    const { rate } = this.#quota;
    if (rate === undefined) return;
    // A clock that is set back saves nothing, and takes nothing.
    const passedMs = Math.max(0, now - this.#savedAt);
    this.#saved = Math.min(rate.executions, this.#saved + (passedMs * rate.executions) / rate.perMs);
    this.#savedAt = now;
  }
}

function nothing(): Record<Measure, number> {
  return { executions: 0, instructions: 0, cpuMs: 0, bytesIn: 0, bytesOut: 0, calls: 0 };
}

const ANY_COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };
const FROM_ONE = { min: 1, max: Number.MAX_SAFE_INTEGER };

function checked(options: MemoryQuotaOptions): MemoryQuotaOptions {
  requireObject('quota', options);
  const { tenants, maxTenants, now, ...quota } = options;
  checkTenantQuota('quota.', quota);
  if (tenants !== undefined) {
    requireObject('quota.tenants', tenants);
    for (const [name, own] of Object.entries(tenants)) checkTenantQuota(`quota.tenants.${name}.`, own);
  }
  integer('quota.maxTenants', maxTenants, 1, FROM_ONE);
  if (now !== undefined && typeof now !== 'function') throw invalidOption('quota.now', now, 'a function');
  return options;
}

function checkTenantQuota(where: string, quota: TenantQuota): void {
  requireObject(where.slice(0, -1), quota);
  rejectUnknownKeys(quota, Object.keys(TENANT_KEYS), where);
  const { rate, concurrency, budget } = quota;
  integer(`${where}concurrency`, concurrency, 0, ANY_COUNT);
  if (rate !== undefined) checkCounts(`${where}rate`, rate, RATE_KEYS, ['executions', 'perMs']);
  if (budget !== undefined) checkCounts(`${where}budget`, budget, BUDGET_KEYS, ['periodMs']);
}

/** @param needed those that must be there, from 1 */
function checkCounts(where: string, given: object, keys: object, needed: readonly string[]): void {
  requireObject(where, given);
  rejectUnknownKeys(given, Object.keys(keys), `${where}.`);
  const values: Readonly<Record<string, unknown>> = { ...given };
  for (const name of Object.keys(keys)) {
    const isNeeded = needed.includes(name);
    integer(`${where}.${name}`, isNeeded ? (values[name] ?? null) : values[name], 0, isNeeded ? FROM_ONE : ANY_COUNT);
  }
}
