import { HOST_CALLS, NET, NET_EXTENSION, NET_METHOD } from '../../abi.js';
import { admit } from '../admission.js';
import { codedError } from '../coded-error.js';
import { snapshot } from '../copy.js';
import { beginCall, withdrawCall } from '../extensions.js';
import { define, hasOwn, type Keyed } from '../intrinsics.js';
import { refuseLateCall } from '../reading.js';
import { isError } from '../value-kinds.js';

/**
 * Asks for a request: a call of an extension that the runtime answers.
 *
 * @param name method and host, as the capability has them
 * @returns what {@link withdrawRequest} takes
 */
export function beginRequest(
  name: string,
  request: object,
  resolve: (answer: unknown) => void,
  reject: (error: unknown) => void,
): string {
  refuseLateCall('fetch');
  admit(NET, name, HOST_CALLS, 0);
  const given = snapshot([request], 'fetch');
  return beginCall(NET_EXTENSION, NET_METHOD, given, resolve, (error) => reject(asDenial(error)), false);
}

export function withdrawRequest(callId: string): void {
  withdrawCall(callId);
}

/** The host refuses what its options do not allow as the prelude refuses what the capabilities do not. */
function asDenial(error: unknown): unknown {
  if (!isError(error) || !hasOwn(error, 'code') || !hasOwn(error, 'capability')) return error;
  const { code, capability, option, message } = error as unknown as Keyed;
  if (code !== 'PERMISSION_DENIED') return error;
  const denial = codedError('PERMISSION_DENIED', message as string, { capability, option });
  // That of the call.
  define(denial, 'stack', error.stack);
  return denial;
}
