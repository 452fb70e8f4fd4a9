import { apply, define, ErrorConstructor, type Keyed, MapConstructor, mapGet, mapSet, text } from './intrinsics.js';

/** What stands behind our own errors: a handler's error with the same fields is a handler's error. */
const codes = new MapConstructor<object, [code: string, context: Keyed]>();

/** An error that carries a code of the contract to the host. */
export function codedError(code: string, message: string, context: Keyed): Error {
  const error = new ErrorConstructor(message);
  define(error, 'name', code);
  define(error, 'code', code);
  apply(mapSet, codes, [error, [code, context]]);
  return error;
}

/** Code and context of an error that {@link codedError} made. */
export function codeOf(error: object): [code: string, context: Keyed] | undefined {
  return apply(mapGet, codes, [error]) as [string, Keyed] | undefined;
}

/** @param path where the value stands in what was to leave */
export function uncrossable(path: string, what: string): Error {
  return codedError('SERIALIZATION_ERROR', text(path, ' is ', what, ', which cannot leave the VM'), { path });
}
