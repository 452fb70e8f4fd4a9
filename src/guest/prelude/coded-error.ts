import { apply, define, ErrorConstructor, type Keyed, ownMap, text } from './intrinsics.js';

const { slice } = String.prototype;

/** Marks the prelude's own errors: an error of the handler with the same fields is not among them. */
const codes = ownMap<object, [code: string, context: Keyed]>();

/** An error that passes a code of the contract to the host. */
export function codedError(code: string, message: string, context: Keyed): Error {
  const error = new ErrorConstructor(message);
  define(error, 'name', code);
  // It begins with the name that the error had so far: Error.
  define(error, 'stack', code + apply(slice, error.stack, [5]));
  define(error, 'code', code);
  codes.set(error, [code, context]);
  return error;
}

/** Code and context of an error that {@link codedError} created. */
export function codeOf(error: object): [code: string, context: Keyed] | undefined {
  return codes.get(error);
}

/**
 * @param path where the value stands in what was to leave
 * @param remedy what to do, as the end of the message
 */
export function notTransferable(path: string, what: string, remedy = ''): Error {
  return codedError('SERIALIZATION_ERROR', text(path, ' is ', what, ', which cannot leave the VM', remedy), { path });
}
