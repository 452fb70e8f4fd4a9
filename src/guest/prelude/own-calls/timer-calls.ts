import { HOST_CALLS, TIMER, TIMER_EXTENSION, TIMER_METHOD } from '../../abi.js';
import { admit, maxSleepMs, maxTimers, pass } from '../admission.js';
import { beginCall, isOutstanding, withdrawCall } from '../extensions.js';
import { nullArray } from '../intrinsics.js';
import { refuseLateCall } from '../reading.js';
import { executionStart } from '../shared-cells.js';
import { dropTask } from './tasks.js';

const { now: dateNow } = Date;

/** Timers that are set. */
let pending = 0;
/** Of these, and of some that rang, those that a handler which has returned does not wait for. */
const weakTimers = nullArray<string>([]);

/**
 * Sets a timer: a call of an extension that the runtime answers when its time has come. The host fixes the time, by how long the execution
 * had run when the timer was set.
 *
 * @param name of the function that sets it, for errors
 * @param delayMs at least 0
 * @param fail called instead of `ring` if the host ends the wait
 * @param isWeak whether a handler that has returned does not wait for it. Default: false
 * @returns what {@link clearTimer} takes
 */
export function setTimer(
  name: string,
  delayMs: number,
  ring: () => void,
  fail?: (error: unknown) => void,
  isWeak = false,
): string {
  refuseLateCall(name);
  admit(TIMER, TIMER_METHOD, HOST_CALLS, 0);
  if (!(delayMs <= maxSleepMs)) pass('maxSleepMs', maxSleepMs);
  if (pending >= maxTimers) pass('maxTimers', maxTimers);
  pending++;
  const settle = () => {
    pending--;
    ring();
  };
  const end = (error: unknown) => {
    pending--;
    fail?.(error);
  };
  const given = nullArray([delayMs, dateNow() - executionStart()]);
  const callId = beginCall(TIMER_EXTENSION, TIMER_METHOD, given, settle, end, true);
  if (isWeak) weakTimers[weakTimers.length] = callId;
  return callId;
}

/** The handler has returned: timers that only it would have noticed are not waited for. */
export function clearWeakTimers(): void {
  for (let i = 0; i < weakTimers.length; i++) {
    const callId = weakTimers[i] as string;
    if (isOutstanding(callId)) clearTimer(callId);
  }
  weakTimers.length = 0;
}

/** @param callId of a timer that is set */
export function clearTimer(callId: string): void {
  pending--;
  withdrawCall(callId);
  dropTask(callId);
}
