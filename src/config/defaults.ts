import { availableParallelism } from 'node:os';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Beside the program, so that a checkout keeps its cache and a container can mount a volume there. */
export const DEFAULT_CACHE_DIR = '.nexus-cache';
/** Room for some ten thousand handlers of usual size. */
export const DEFAULT_MAX_CACHE_SIZE_BYTES = 64 * MIB;
/** Below the 128 MiB of the Kubernetes volume in our example: a volume over its limit evicts the pod. */
export const DEFAULT_MAX_DISK_CACHE_SIZE_BYTES = 96 * MIB;
/** The bundled TypeScript compiler has 9 MB; a handler is not larger by accident. */
export const DEFAULT_MAX_SOURCE_BYTES = 16 * MIB;
/** Execution is CPU-bound: more workers than cores only add memory. */
export const DEFAULT_MAX_INSTANCES = availableParallelism();
/** One, so that the first execution does not wait for a thread to start. */
export const DEFAULT_MIN_INSTANCES = 1;
/** Long enough to bridge gaps in a normal load, short enough to release memory. */
export const DEFAULT_IDLE_TIMEOUT_MS = 30_000;
/** At 50 µs each, a full queue is 50 ms of work per core. */
export const DEFAULT_MAX_QUEUE = 1_000;
/** A single tenant cannot fill the queue. */
export const defaultMaxQueuePerTenant = (maxQueue: number) => Math.ceil(maxQueue / 2);
/** One worker is left for other tenants, whatever the handlers of one tenant do. */
export const defaultMaxInstancesPerTenant = (maxInstances: number) => Math.max(1, maxInstances - 1);
/** No limit: a caller may have its own deadline, and a batch job has none. */
export const DEFAULT_QUEUE_TIMEOUT_MS = Number.POSITIVE_INFINITY;
/** A handler that killed one worker is likely to kill the next. */
export const DEFAULT_RETRY_ON_CRASH = false;
/** A caller that names no tenant has not said that its handlers may see each other's data. */
export const DEFAULT_ISOLATION = 'handler';
/** Some fifty times the initial memory of an execution. */
export const DEFAULT_MEMORY_LIMIT_BYTES = 32 * MIB;
/** Some 3,000 frames of plain recursion. */
export const DEFAULT_STACK_SIZE_BYTES = 512 * KIB;
export const DEFAULT_TIMEOUT_MS = 5_000;
/**
 * The additional time that a handler in a native loop, which the interrupt cannot stop, gets before its
 * worker is terminated.
 */
export const DEFAULT_KILL_GRACE_MS = 250;
/** The 9 MB TypeScript compiler takes less than one second. */
export const DEFAULT_COMPILE_TIMEOUT_MS = 10_000;
export const DEFAULT_MAX_HOST_CALLS = 10_000;
export const DEFAULT_MAX_STATE_MUTATIONS = 1_000;
export const DEFAULT_MAX_EVENTS = 100;
export const DEFAULT_MAX_VIEW_COMMANDS = 1_000;
export const DEFAULT_MAX_LOG_BYTES = 64 * KIB;
export const DEFAULT_MAX_CONTEXT_BYTES = 8 * MIB;
export const DEFAULT_MAX_RESULT_BYTES = 8 * MIB;
/** Walking so many values takes some 100 ms, and their JSON is as large as results may be. */
export const DEFAULT_MAX_RESULT_PATHS = 1_000_000;
/** So many take years: in effect none, and a number that every encoding keeps. */
export const NO_LIMIT = Number.MAX_SAFE_INTEGER;
/** A week: any answer, also that of a person, has arrived by then or will not. */
export const DEFAULT_SUSPENSION_TTL_MS = 7 * 24 * 60 * 60 * 1000;
/** The default memory of a VM: compressed, any handler with that limit fits. */
export const DEFAULT_MAX_SUSPENSION_BYTES = 32 * MIB;
/** Half of a small container. A handler takes 5 KB or more, so both bounds are reached at about the same time. */
export const DEFAULT_KEPT_IN_MEMORY = { suspensions: 50_000, bytes: 256 * MIB };
/** Fits a small volume or database, and hundreds of handlers per second with outcomes kept for hours. */
export const DEFAULT_KEPT_IN_STORE = { suspensions: 1_000_000, bytes: 16 * 1024 * MIB };
/** A single tenant cannot fill the store: it takes four. */
export const defaultKeptPerTenant = (total: number) => Math.ceil(total / 4);
/** Less than the 30 s that Kubernetes gives a pod to end. */
export const DEFAULT_DRAIN_TIMEOUT_MS = 25_000;
