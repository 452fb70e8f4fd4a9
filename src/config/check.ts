import { NexusError } from '../errors/nexus-error.js';
import { nearest } from './nearest.js';

/** Rejects unknown option keys and suggests the nearest one. */
export function rejectUnknownKeys(
  given: object,
  known: readonly string[],
  where: string,
  code: 'INVALID_CONFIG' | 'INVALID_ARGUMENT' = 'INVALID_CONFIG',
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const option = nameInMessage(`${where}${key}`);
    const place = Object.hasOwn(elsewhere, key) ? elsewhere[key] : undefined;
    if (place !== undefined) {
      throw new NexusError(code, `Unknown option ${option}: it is ${place}.`, { context: { option, belongs: place } });
    }
    const suggestion = nearest(key, known);
    throw new NexusError(
      code,
      `Unknown option ${option}.${suggestion === undefined ? '' : ` Did you mean ${where}${suggestion}?`}`,
      { context: { option, ...(suggestion === undefined ? {} : { nearest: suggestion }) } },
    );
  }
}

/** Of a name that the caller chose. */
const MAX_NAME = 200;
/** Of what another error says. */
export const MAX_REASON = 1_000;
const LARGE_BIGINT = 2n ** 64n;

/** A name as an error message has it: cut if it is long. */
export function nameInMessage(name: string): string {
  return cut(name, MAX_NAME);
}

/** The beginning of a text that may be of any length, for a message. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}… (${text.length} characters)`;
}

/** Every key of an interface; the compiler reports a missing one. */
export type Keys<T> = { readonly [K in keyof Required<T>]: true };

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly multipleOf?: number;
}

/** A whole number within its range, or the default if absent. */
export function integer(option: string, given: unknown, fallback: number, range: IntegerRange): number {
  if (given === undefined) return fallback;
  const { min, max, multipleOf = 1 } = range;
  if (typeof given !== 'number' || !Number.isInteger(given) || given < min || given > max || given % multipleOf !== 0) {
    const multiple = multipleOf === 1 ? '' : `, a multiple of ${multipleOf}`;
    throw invalidOption(option, given, `a whole number from ${min} to ${max}${multiple}`);
  }
  return given;
}

/** A whole number of at least 0. */
export function count(option: string, given: unknown, fallback: number, max = Number.MAX_SAFE_INTEGER): number {
  return integer(option, given, fallback, { min: 0, max });
}

/** True or false, or the default if absent. */
export function boolean(option: string, given: unknown, fallback: boolean): boolean {
  if (given === undefined) return fallback;
  if (typeof given !== 'boolean') throw invalidOption(option, given, 'true or false');
  return given;
}

export function requireObject(option: string, given: unknown): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidOption(option, given, 'an object');
}

export function invalidOption(name: string, given: unknown, expected: string): NexusError {
  const option = nameInMessage(name);
  return new NexusError('INVALID_CONFIG', `Option ${option} is ${describe(given)}; it must be ${expected}.`, {
    context: { option, value: given, expected },
  });
}

/** Like {@link invalidOption}, for an argument of one call. */
export function invalidArgument(name: string, value: unknown, expected: string): NexusError {
  const field = nameInMessage(name);
  return new NexusError('INVALID_ARGUMENT', `${field} is ${describe(value)}; it must be ${expected}.`, {
    context: { field, value, expected },
  });
}

/** A value as an error message shows it: short, and never the content of a secret. */
export function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint' && (value > LARGE_BIGINT || value < -LARGE_BIGINT)) return 'a large BigInt';
  if (typeof value !== 'object' || value === null) return nameInMessage(String(value));
  try {
    if (Array.isArray(value)) return 'an array';
    const name: unknown = value.constructor?.name;
    return `an object (${typeof name === 'string' ? name.slice(0, 40) : 'no class'})`;
  } catch {
    return 'an object that cannot be inspected';
  }
}

/**
 * Reads an argument. Errors of its getters or traps are errors of the argument.
 *
 * @throws NexusError the errors of `read`, or INVALID_ARGUMENT if the argument cannot be read
 */
export function readArgument<T>(
  field: string,
  read: () => T,
  code: 'INVALID_CONFIG' | 'INVALID_ARGUMENT' = 'INVALID_ARGUMENT',
): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof NexusError) throw cause;
    const reason =
      cause instanceof Error ? cut(String(cause.message), MAX_REASON) : 'a value that is not an Error was thrown';
    throw new NexusError(code, `${nameInMessage(field)} cannot be read: ${reason}.`, { context: { field }, cause });
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function requireText(field: string, value: unknown, expected = 'a string'): asserts value is string {
  if (typeof value !== 'string') throw invalidArgument(field, value, expected);
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || readArgument('signal', () => signal instanceof AbortSignal)) return;
  throw invalidArgument('signal', signal, 'an AbortSignal');
}

/** @throws NexusError INVALID_ARGUMENT if it is present and not a function */
export function checkFunction(field: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalidArgument(field, value, 'a function');
}
