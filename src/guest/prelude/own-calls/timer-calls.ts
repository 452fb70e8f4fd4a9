import { HOST_CALLS, TIMER, TIMER_EXTENSION, TIMER_METHOD } from '../../abi.js';
import { admit, maxSleepMs, maxTimers, pass } from '../admission.js';
import { beginCall, withdrawCall } from '../extensions.js';
import { nullArray } from '../intrinsics.js';
import { refuseLateCall } from '../reading.js';
import { executionStart } from '../shared-cells.js';
import { dropTask } from './tasks.js';

const { now: dateNow } = Date;

/** Timers that are set. */
let pending = 0;

/**
 * Sets a timer: a call of an extension that the runtime answers when its time has come. The host fixes the time, by how long the execution
 * had run when the timer was set.
 *
 * @param name of the function that sets it, for errors
 * @param delayMs at least 0
 * @returns what {@link clearTimer} takes
 */
export function setTimer(name: string, delayMs: number, ring: () => void): string {
  refuseLateCall(name);
  admit(TIMER, TIMER_METHOD, HOST_CALLS, 0);
  if (!(delayMs <= maxSleepMs)) pass('maxSleepMs', maxSleepMs);
  if (pending >= maxTimers) pass('maxTimers', maxTimers);
  pending++;
  const settle = () => {
    pending--;
    ring();
  };
  const given = nullArray([delayMs, dateNow() - executionStart()]);
  return beginCall(TIMER_EXTENSION, TIMER_METHOD, given, settle, settle, true);
}

/** @param callId of a timer that is set */
export function clearTimer(callId: string): void {
  pending--;
  withdrawCall(callId);
  dropTask(callId);
}
