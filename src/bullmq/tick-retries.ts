import type { Job, JobsOptions } from 'bullmq';

import { JOB_OPTIONS } from './job-options.js';

const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 30_000;
const DAY_MS = 86_400_000;
const MIN_KEPT_MS = 5 * 60_000;
/** Of one schedule: those that come each second must not fill the queue while a store is away. */
const MAX_WAITING = 1_440;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const FIELDS_WITH_SECONDS = 6;
/** What the strategy of a worker answers for a job that is not tried again. */
export const NEVER = -1;

/** Time ends them, not their number. For BullMQ on PostgreSQL it has 32 bits. */
const MANY = 1_000_000;

/** A tick is in no store until it is a run: it is tried for much longer than other tasks. Workers need {@link tickPauseMs} for it. */
export const TICK_OPTIONS: JobsOptions = {
  ...JOB_OPTIONS,
  attempts: MANY,
  backoff: { type: 'tick' },
};

type Tick = Pick<Job, 'id' | 'opts'>;

/** The time for which a scheduler made a job is the end of the job's id. */
export function tickOf({ id = '' }: Tick): number | undefined {
  const atMs = Number(id.slice(id.lastIndexOf(':') + 1));
  return Number.isSafeInteger(atMs) && atMs > 0 ? atMs : undefined;
}

/** For how long a tick is tried: a day, or less if so many of its schedule would wait. */
function keptMs({ opts }: Tick): number {
  // BullMQ has it in the options of each tick, and not in their type.
  const { every, pattern } = (opts as { repeat?: { every?: unknown; pattern?: unknown } }).repeat ?? {};
  const hasSeconds = typeof pattern === 'string' && pattern.trim().split(/\s+/).length === FIELDS_WITH_SECONDS;
  const shortestMs = hasSeconds ? SECOND_MS : MINUTE_MS;
  return Math.min(DAY_MS, Math.max(MIN_KEPT_MS, MAX_WAITING * (typeof every === 'number' ? every : shortestMs)));
}

/**
 * How long to wait before a tick is tried again: soon at first, then every half a minute.
 *
 * @param attempts that have failed, from 1
 * @returns {@link NEVER} if it is given up
 */
export function tickPauseMs(attempts: number, tick: Tick, nowMs: number): number {
  if (nowMs - (tickOf(tick) ?? 0) >= keptMs(tick)) return NEVER;
  const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 16));
  // Those that failed together are not tried together.
  return Math.ceil(pauseMs * (1 - Math.random() / 2));
}
