import { HOST_CALLS, MAX_SIGNAL_NAME, SIGNAL, SIGNAL_EXTENSION } from '../../abi.js';
import { admit } from '../admission.js';
import { beginCall, withdrawCall } from '../extensions.js';
import { nullArray, TypeErrorConstructor, text } from '../intrinsics.js';
import { refuseLateCall } from '../reading.js';

/**
 * Waits for a signal of a name: a call that is answered by what the application signals to the run.
 *
 * @returns what {@link withdrawSignal} takes
 */
export function beginSignal(
  name: unknown,
  resolve: (payload: unknown) => void,
  reject: (error: unknown) => void,
): string {
  refuseLateCall('$signal');
  if (typeof name !== 'string' || name === '' || name.length > MAX_SIGNAL_NAME) {
    throw new TypeErrorConstructor(text('$signal takes a name of 1 to ', MAX_SIGNAL_NAME, ' characters'));
  }
  admit(SIGNAL, name, HOST_CALLS, 0);
  return beginCall(SIGNAL_EXTENSION, name, nullArray([]), resolve, reject, false);
}

export function withdrawSignal(callId: string): void {
  withdrawCall(callId);
}
