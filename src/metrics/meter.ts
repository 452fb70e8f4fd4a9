import type { ExecutionStatus } from '../api/observing/execution-metrics.js';
import type { EventOrigin, UsageEvent } from '../api/observing/observer.js';
import type { HandlerUsage, MeteringOptions, TenantUsage, UsageCounts, UsageReport } from '../api/observing/usage.js';
import type { Mutable } from '../support/mutable.js';

export const DEFAULT_MAX_TENANTS = 1_000;
export const DEFAULT_MAX_HANDLERS = 100;
const OTHERS = 'other';
/** The application, or a tenant of it, chooses names: a longer one is cut. */
const MAX_NAME_LENGTH = 256;

/** An account begins with this. */
export function noUsage(): Mutable<UsageCounts> {
  return {
    executions: 0,
    segments: 0,
    errors: 0,
    instructions: 0,
    cpuUs: 0,
    bytesIn: 0,
    bytesOut: 0,
    calls: 0,
    storedByteHours: 0,
  };
}

/** perf: spelled out, because a loop over names takes several times as long. */
export function addUsageTo(sum: Mutable<UsageCounts>, more: UsageCounts): void {
  sum.executions += more.executions;
  sum.segments += more.segments;
  sum.errors += more.errors;
  sum.instructions += more.instructions;
  sum.cpuUs += more.cpuUs;
  sum.bytesIn += more.bytesIn;
  sum.bytesOut += more.bytesOut;
  sum.calls += more.calls;
  sum.storedByteHours += more.storedByteHours;
}

/** Accounts by name, of which so many are kept apart. */
class Accounts<T> {
  readonly #byName = new Map<string | undefined, T>();
  readonly #max: number;
  readonly #open: () => T;
  #others: T | undefined;

  constructor(max: number, open: () => T) {
    this.#max = max;
    this.#open = open;
  }

  of(name: string | undefined): T {
    const known = this.find(name);
    if (known !== undefined) return known;
    if (this.#byName.size >= this.#max) {
      this.#others ??= this.#open();
      return this.#others;
    }
    const opened = this.#open();
    this.#byName.set(cut(name), opened);
    return opened;
  }

  /** Undefined for a name without its own account. */
  find(name: string | undefined): T | undefined {
    return this.#byName.get(name !== undefined && name.length > MAX_NAME_LENGTH ? cut(name) : name);
  }

  get isFull(): boolean {
    return this.#byName.size >= this.#max;
  }

  *entries(): Generator<{ readonly name?: string; readonly isOthers?: true; readonly account: T }> {
    for (const [name, account] of this.#byName) yield name === undefined ? { account } : { name, account };
    if (this.#others !== undefined) yield { name: OTHERS, isOthers: true, account: this.#others };
  }
}

function cut(name: string | undefined): string | undefined {
  return name === undefined || name.length <= MAX_NAME_LENGTH ? name : `${name.slice(0, MAX_NAME_LENGTH - 1)}…`;
}

/** Adds up what tenants and their handlers use. */
export class Meter {
  readonly #tenants: Accounts<Accounts<Mutable<UsageCounts>>>;
  readonly #since: Date;

  constructor({ maxTenants = DEFAULT_MAX_TENANTS, maxHandlers = DEFAULT_MAX_HANDLERS }: MeteringOptions, now: number) {
    this.#tenants = new Accounts(maxTenants, () => new Accounts(maxHandlers, noUsage));
    this.#since = new Date(now);
  }

  add({ tenant, handlerName }: EventOrigin, used: UsageCounts): void {
    addUsageTo(this.#tenants.of(tenant).of(handlerName), used);
  }

  /** Undefined for a tenant that has no usage of its own, because there were `maxTenants` before it. */
  ofTenant(tenant: string): TenantUsage | undefined {
    const handlers = this.#tenants.find(tenant);
    if (handlers !== undefined) return tenantUsage({ tenant }, handlers);
    return this.#tenants.isFull ? undefined : { ...noUsage(), tenant, handlers: [] };
  }

  report(): UsageReport {
    const tenants = [...this.#tenants.entries()].map(({ name, isOthers, account }) =>
      tenantUsage({ ...(name !== undefined && { tenant: name }), ...(isOthers && { isOthers }) }, account),
    );
    return { ...sumOf(tenants), since: this.#since, tenants };
  }
}

function tenantUsage(
  tenant: Pick<TenantUsage, 'tenant' | 'isOthers'>,
  accounts: Accounts<Mutable<UsageCounts>>,
): TenantUsage {
  const handlers = [...accounts.entries()].map(
    ({ name, isOthers, account }): HandlerUsage => ({
      ...(name !== undefined && { handlerName: name }),
      ...(isOthers && { isOthers }),
      ...account,
    }),
  );
  return { ...tenant, ...sumOf(handlers), handlers };
}

export function sumOf(parts: readonly UsageCounts[]): UsageCounts {
  const sum = noUsage();
  for (const part of parts) addUsageTo(sum, part);
  return sum;
}

const MS_PER_HOUR = 3_600_000;

/** The usage of a suspended handler that is no longer stored. */
export function storageUsage(bytes: number, storedMs: number): UsageCounts {
  return { ...noUsage(), storedByteHours: (bytes * Math.max(0, storedMs)) / MS_PER_HOUR };
}

/** perf: spreading into an event takes ten times as long as all else that is done for it. */
export function usageEvent(
  kind: UsageEvent['kind'],
  { handlerName, panelId, tenant }: EventOrigin,
  used: UsageCounts,
  status?: ExecutionStatus,
): UsageEvent {
  const event: Mutable<UsageEvent> = {
    kind,
    executions: used.executions,
    segments: used.segments,
    errors: used.errors,
    instructions: used.instructions,
    cpuUs: used.cpuUs,
    bytesIn: used.bytesIn,
    bytesOut: used.bytesOut,
    calls: used.calls,
    storedByteHours: used.storedByteHours,
  };
  if (handlerName !== undefined) event.handlerName = handlerName;
  if (panelId !== undefined) event.panelId = panelId;
  if (tenant !== undefined) event.tenant = tenant;
  if (status !== undefined) event.status = status;
  return event;
}
