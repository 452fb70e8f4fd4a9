// Defaults that are not those of one option, see `option-table.ts`.

const MIB = 1024 * 1024;

/** A single tenant cannot fill the queue. */
export const defaultMaxQueuePerTenant = (maxQueue: number) => Math.ceil(maxQueue / 2);
/** One worker is left for other tenants, whatever the handlers of one tenant do. */
export const defaultMaxInstancesPerTenant = (maxInstances: number) => Math.max(1, maxInstances - 1);
/** So many take years: in effect none, and a number that every encoding keeps. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;
/** Half of a small container. A handler takes 5 KB or more, so both bounds are reached at about the same time. */
export const DEFAULT_KEPT_IN_MEMORY = { suspensions: 50_000, bytes: 256 * MIB };
/** Fits a small volume or database, and hundreds of handlers per second with outcomes kept for hours. */
export const DEFAULT_KEPT_IN_STORE = { suspensions: 1_000_000, bytes: 16 * 1024 * MIB };
/** A single tenant cannot fill the store: it takes four. */
export const defaultKeptPerTenant = (total: number) => Math.ceil(total / 4);
/** Less than the 30 s that Kubernetes gives a pod to end. */
export const DEFAULT_DRAIN_TIMEOUT_MS = 25_000;
