import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';

const RUN_ID = /^[A-Za-z0-9_-]{1,128}$/;

export function isRunId(runId: unknown): runId is string {
  return typeof runId === 'string' && RUN_ID.test(runId);
}

/** @throws NexusError INVALID_ARGUMENT */
export function requireRunId(runId: unknown): void {
  if (!isRunId(runId)) throw invalidArgument('runId', runId, '1 to 128 of A-Z, a-z, 0-9, _ and -');
}

export function noRun(runId: string): NexusError {
  const message = `There is no run ${runId}: it was never started, or its result is no longer kept (outcomeRetentionMs).`;
  return new NexusError('SUSPENSION_NOT_FOUND', message, { context: { runId } });
}
