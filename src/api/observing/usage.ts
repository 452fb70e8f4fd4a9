/** What was used. All of it can be added up. */
export interface UsageCounts {
  /** Calls whose handler began in a worker: `executeHandler`, `executeCompiledHandler` and `run`. */
  readonly executions: number;
  /** Their segments: an execution has one more than it has suspensions. */
  readonly segments: number;
  /** Segments that ended with an error. */
  readonly errors: number;
  /** See `maxInstructions`. 0 for a segment whose worker was terminated. */
  readonly instructions: number;
  /** Time in the VM, in whole microseconds. */
  readonly cpuUs: number;
  /** Context and answers, as encoded for the VM, in bytes. */
  readonly bytesIn: number;
  /** What left the VM: values, effects, logs and calls, encoded, in bytes. */
  readonly bytesOut: number;
  /** Calls of extensions. */
  readonly calls: number;
  /** Stored size of suspended handlers, multiplied by the hours in the store. Added when one is resumed, cancelled or expires. */
  readonly storedByteHours: number;
}

/** The usage of one handler of a tenant. */
export interface HandlerUsage extends UsageCounts {
  /** Absent for calls without `context.handlerName`; `'other'` with `isOthers`. */
  readonly handlerName?: string;
  /** Set on the sum of the handlers beyond `metering.maxHandlers`. */
  readonly isOthers?: true;
}

/** The usage of one tenant since the start of the runtime: the sum of its handlers. */
export interface TenantUsage extends UsageCounts {
  /** Absent for calls without `ExecuteOptions.tenant`; `'other'` with `isOthers`. */
  readonly tenant?: string;
  /** Set on the sum of the tenants beyond `metering.maxTenants`. */
  readonly isOthers?: true;
  readonly handlers: readonly HandlerUsage[];
}

/** The usage of all tenants. */
export interface UsageReport extends UsageCounts {
  /** The start of the runtime. */
  readonly since: Date;
  readonly tenants: readonly TenantUsage[];
}

/** Bounds of what `getUsage` keeps apart. */
export interface MeteringOptions {
  /** Tenants with a usage of their own, in the order of their first use; all others are one, `isOthers`. @default 1,000 */
  readonly maxTenants?: number;
  /** Handlers of each tenant with a usage of their own; all others are one, `isOthers`. @default 100 */
  readonly maxHandlers?: number;
}
