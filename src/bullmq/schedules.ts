import { createHash } from 'node:crypto';
import type { Job } from 'bullmq';
import { integer, invalidOption, rejectUnknownKeys, requireObject } from '../config/check.js';
import { renderReason } from '../support/render-reason.js';
import { clearInterval, setInterval, systemTime } from '../support/timers.js';
import type { BullmqConfig } from './options.js';
import type { Queues } from './queues.js';
import { NEVER, TICK_OPTIONS, tickOf, tickPauseMs } from './tick-retries.js';
import { WatchedWorker } from './watched-worker.js';

/** One time of a schedule. */
export interface ScheduleTick {
  /** Follows from the schedule and its time: give it to `start`, so that a tick that is delivered twice is one run. */
  readonly runId: string;
  readonly at: Date;
}

/** When a schedule ticks: by a cron pattern, or so often. */
export type ScheduleTimes =
  | {
      /** A cron pattern of five or six fields: `'0 9 * * 1-5'`. */
      readonly pattern: string;
      /** The IANA name of a time zone. @default that of the process */
      readonly timeZone?: string;
      readonly everyMs?: never;
    }
  | { readonly everyMs: number; readonly pattern?: never; readonly timeZone?: never };

/** A schedule that this process takes part in. */
export interface Schedule {
  /** This process takes no more ticks; the schedule goes on for others. */
  close(): Promise<void>;
  /** The schedule ends for all. */
  remove(): Promise<void>;
}

const ID = /^[A-Za-z0-9_.-]{1,100}$/;
const RUN_ID_LENGTH = 22;
/** A queue that was emptied has no schedule any more: it is put there again. */
const REPAIR_MS = 60_000;
const DAY_MS = 86_400_000;

/** The same for a tick however often it is delivered. */
export function runIdOf(scheduleId: string, atMs: number): string {
  return createHash('sha256').update(`${scheduleId}\n${atMs}`).digest('base64url').slice(0, RUN_ID_LENGTH);
}

/** What the application is told of. */
export interface ScheduleNotices {
  replaced(queue: string): void;
  warn(message: string): void;
}

/** @throws NexusError INVALID_CONFIG naming what is wrong */
export async function openSchedule(
  queues: Queues,
  { name }: BullmqConfig,
  id: string,
  times: ScheduleTimes,
  start: (tick: ScheduleTick) => Promise<unknown>,
  { replaced, warn }: ScheduleNotices,
): Promise<Schedule> {
  const repeat = readTimes(id, times);
  if (typeof start !== 'function') throw invalidOption('start', start, 'a function');
  const queueName = `${name}-schedule-${id}`;
  const queue = queues.queue(queueName);
  const upsert = () => queue.upsertJobScheduler(id, repeat, { name: 'tick', data: {}, opts: TICK_OPTIONS });
  const repair = async () => {
    if ((await queue.getJobScheduler(id)) === undefined) await upsert();
  };
  await upsert().catch(async (error: unknown) => {
    await queue.close();
    throw error;
  });
  const timer = setInterval(() => void repair().catch(() => {}), REPAIR_MS);
  timer.unref();
  const tick = async (job: Job) => {
    const atMs = tickOf(job);
    if (atMs === undefined) return;
    const at = new Date(atMs);
    try {
      await start({ runId: runIdOf(id, atMs), at });
    } catch (error) {
      const isLast = tickPauseMs(job.attemptsMade + 1, job, systemTime()) === NEVER;
      const what = isLast ? 'It was given up: nothing is started for it.' : 'It is tried again.';
      warn(`The schedule ${id} failed at its time ${at.toISOString()}: ${renderReason(error)}. ${what}`);
      throw error;
    }
  };
  const worker = new WatchedWorker(queues, queueName, tick, 1, replaced);
  const close = async () => {
    clearInterval(timer);
    await worker.close();
    await queue.close();
  };
  return {
    close,
    async remove() {
      clearInterval(timer);
      await queue.removeJobScheduler(id);
      await close();
    },
  };
}

function readTimes(id: string, times: ScheduleTimes): { pattern: string; tz?: string } | { every: number } {
  if (typeof id !== 'string' || !ID.test(id)) throw invalidOption('id', id, '1 to 100 of A-Z, a-z, 0-9, _, . and -');
  requireObject('times', times);
  rejectUnknownKeys(times, ['pattern', 'timeZone', 'everyMs'], 'times.');
  const { pattern, timeZone, everyMs } = times;
  if ((pattern === undefined) === (everyMs === undefined))
    throw invalidOption('times', times, 'one of { pattern } and { everyMs }');
  if (everyMs !== undefined) return { every: integer('times.everyMs', everyMs, 0, { min: 100, max: 365 * DAY_MS }) };
  if (typeof pattern !== 'string') throw invalidOption('times.pattern', pattern, 'a cron pattern');
  return { pattern, ...(timeZone !== undefined && { tz: timeZone }) };
}
