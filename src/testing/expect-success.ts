import type { WasmError, WasmResult } from '../api/result.js';
import { describe } from '../config/check.js';
import { callName } from '../execution/own-call-kinds.js';

/**
 * Asserts that a handler succeeded. If it did not, the message is the handler's own, with the lines around its
 * place.
 *
 * @returns the result
 * @throws AssertionError of `node:assert`
 *
 * @example
 * const { returnValue } = expectSuccess(await runHandler('rules/price-order.js', { args }));
 */
export function expectSuccess<T extends WasmResult>(result: T): T & { readonly status: 'success' } {
  if (typeof result?.status !== 'string') {
    const hint = (result as unknown) instanceof Promise ? ': await it first' : '';
    throw new TypeError(`expectSuccess is for the result of a handler; received ${describe(result)}${hint}.`);
  }
  if (result.status === 'success') return result as T & { readonly status: 'success' };
  const { AssertionError } = process.getBuiltinModule('node:assert');
  throw new AssertionError({
    message: `The handler did not succeed: ${howItEnded(result)}`,
    actual: result.status,
    expected: 'success',
    operator: 'expectSuccess',
    stackStartFn: expectSuccess,
  });
}

/** How a handler that did not succeed ended, for the person who reads a failing test. */
export function howItEnded({ status, error, suspension }: WasmResult): string {
  if (error !== undefined) return describeError(error);
  const calls = suspension?.calls.map(callName) ?? [];
  return calls.length === 0 ? status : `it waits for ${calls.join(', ')}`;
}

function describeError({ code, message, location, snippet }: WasmError): string {
  const file = location?.file === undefined ? '' : `${location.file}:`;
  const place = location === undefined ? '' : ` (${file}${location.line}:${location.column})`;
  return `${code}${place}: ${message}${snippet === undefined ? '' : `\n\n${snippet}`}`;
}
