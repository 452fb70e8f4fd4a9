import type { JobsOptions } from 'bullmq';

/** A task is tried again, up to some four minutes after the first time. After that, the store brings it again. */
const ATTEMPTS = 10;
const FIRST_PAUSE_MS = 500;

/** Of every job. Nothing stays of one that has ended: a job that is kept would hide others of its id, and takes memory. */
export const JOB_OPTIONS: JobsOptions = {
  removeOnComplete: true,
  removeOnFail: true,
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: FIRST_PAUSE_MS, jitter: 0.5 },
};
