import { apply, define, ErrorConstructor, type Keyed, ownMap, text } from './intrinsics.js';

const { slice } = String.prototype;

/** What stands behind our own errors: a handler's error with the same fields is a handler's error. */
const codes = ownMap<object, [code: string, context: Keyed]>();

/** An error that carries a code of the contract to the host. */
export function codedError(code: string, message: string, context: Keyed): Error {
  const error = new ErrorConstructor(message);
  define(error, 'name', code);
  // It begins with the name that the error had so far: Error.
  define(error, 'stack', code + apply(slice, error.stack, [5]));
  define(error, 'code', code);
  codes.set(error, [code, context]);
  return error;
}

/** Code and context of an error that {@link codedError} made. */
export function codeOf(error: object): [code: string, context: Keyed] | undefined {
  return codes.get(error);
}

/** @param path where the value stands in what was to leave */
export function notTransferable(path: string, what: string): Error {
  return codedError('SERIALIZATION_ERROR', text(path, ' is ', what, ', which cannot leave the VM'), { path });
}
