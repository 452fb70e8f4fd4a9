import { availableParallelism } from 'node:os';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Beside the program, so that a checkout keeps its cache and a container can mount a volume there. */
export const DEFAULT_CACHE_DIR = '.nexus-cache';
/** Some ten thousand handlers of usual size. */
export const DEFAULT_MAX_CACHE_SIZE_BYTES = 64 * MIB;
/** Below the 128 MiB of the Kubernetes volume in our example: a volume over its limit evicts the pod. */
export const DEFAULT_MAX_DISK_CACHE_SIZE_BYTES = 96 * MIB;
/** The bundled TypeScript compiler is 9 MB; a handler is not larger by accident. */
export const DEFAULT_MAX_SOURCE_BYTES = 16 * MIB;
/** Execution is CPU-bound: more workers than cores only add memory. */
export const DEFAULT_MAX_INSTANCES = availableParallelism();
/** One, so that the first execution does not wait for a thread to start. */
export const DEFAULT_MIN_INSTANCES = 1;
/** Long enough to bridge the gaps of a normal load, short enough to give memory back. */
export const DEFAULT_IDLE_TIMEOUT_MS = 30_000;
/** At 50 µs each, a full queue is 50 ms of work per core. */
export const DEFAULT_MAX_QUEUE = 1_000;
/** One tenant alone does not shut out the others. */
export const defaultMaxQueuePerTenant = (maxQueue: number) => Math.ceil(maxQueue / 2);
/** One worker is left for everybody else, whatever the handlers of a tenant do. */
export const defaultMaxInstancesPerTenant = (maxInstances: number) => Math.max(1, maxInstances - 1);
/** Whoever waits says for how long: a caller has its own deadline, a batch job has none. */
export const DEFAULT_QUEUE_TIMEOUT_MS = Number.POSITIVE_INFINITY;
/** What killed one worker is likely to kill the next. */
export const DEFAULT_RETRY_ON_CRASH = false;
/** Twice the stock module's minimum. */
export const DEFAULT_MEMORY_LIMIT_BYTES = 32 * MIB;
/** Some 3,000 frames of plain recursion. */
export const DEFAULT_STACK_SIZE_BYTES = 512 * KIB;
export const DEFAULT_TIMEOUT_MS = 5_000;
/** What a handler in a native loop, which the interrupt cannot reach, gets beyond its timeout before its worker ends. */
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
/** A walk over so many values takes some 100 ms, and JSON of them is as large as results may be. */
export const DEFAULT_MAX_RESULT_PATHS = 1_000_000;
/** A week: whatever a handler waits for, people included, has answered by then or will not. */
export const DEFAULT_SUSPENSION_TTL_MS = 7 * 24 * 60 * 60 * 1000;
/** As much as the default memory of a VM: compressed, whatever fits into that one fits into this. */
export const DEFAULT_MAX_SUSPENSION_BYTES = 32 * MIB;
/** Half of a small container. A handler takes 5 KB and more, so that both bounds are reached at about the same time. */
export const DEFAULT_KEPT_IN_MEMORY = { suspensions: 50_000, bytes: 256 * MIB };
/** A small volume or database holds it, and it is hundreds of handlers a second with outcomes kept for hours. */
export const DEFAULT_KEPT_IN_STORE = { suspensions: 1_000_000, bytes: 16 * 1024 * MIB };
/** One tenant alone does not shut out the others: four of them have to fill their part. */
export const defaultKeptPerTenant = (total: number) => Math.ceil(total / 4);
/** Less than the 30 s that Kubernetes gives a pod to end. */
export const DEFAULT_DRAIN_TIMEOUT_MS = 25_000;
