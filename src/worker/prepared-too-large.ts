import type { ExecutionLimits } from '../api/limits.js';
import type { PreparedTooLargeError } from '../engine/image/prepared-image.js';
import { NexusError } from '../errors/nexus-error.js';
import { describeEngineLimit } from '../protocol/limit-failures.js';
import type { ExecutionReply } from '../protocol/messages.js';
import { performance } from '../support/timers.js';

/** The reply for a call whose prepared values do not fit in a VM. None of the handler was executed. */
export function preparedTooLarge({ code }: PreparedTooLargeError, limits: ExecutionLimits): ExecutionReply {
  const { context } = describeEngineLimit(code, limits);
  const option = String(context['limit']);
  return {
    kind: 'executed',
    outcome: undefined,
    failure: {
      code,
      message: `The prepared values of the context need more than ${option} (${String(context['value'])}) allows.`,
      context,
    },
    startedAtMs: performance.timeOrigin + performance.now(),
    durationUs: 0,
    memoryUsedBytes: 0,
    memoryPeakBytes: 0,
    instructionCount: 0,
    heapExhausted: code === 'MEMORY_LIMIT',
    retired: [],
  };
}

/** A suspended handler whose prepared values do not fit in a VM of this runtime. */
export function preparedDoNotFit(
  { code }: PreparedTooLargeError,
  { memoryLimitBytes, stackSizeBytes }: Pick<ExecutionLimits, 'memoryLimitBytes' | 'stackSizeBytes'>,
): NexusError {
  const [limit, value] =
    code === 'MEMORY_LIMIT' ? ['memoryLimitBytes', memoryLimitBytes] : ['stackSizeBytes', stackSizeBytes];
  return new NexusError(
    'SUSPENSION_INCOMPATIBLE',
    `The handler was suspended with prepared values that need more than ${limit} (${value}) of this runtime allows. Resume it where that is higher.`,
    { context: { limit, value } },
  );
}
