import { MalformedMessageError, readMessage } from './message-reader.js';

/** Returns the problem of a value, worded to follow its name; undefined if there is none. */
export type Shape<T> = ((value: unknown) => string | undefined) & { readonly of?: T };

/** The type of the values that a shape accepts. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type RecordOf<Required extends Fields, Optional extends Fields> = {
  readonly [K in keyof Required]: Shaped<Required[K]>;
} & { readonly [K in keyof Optional]?: Shaped<Optional[K]> };

export interface MessageBounds {
  /** See {@link readMessage}: small values count as more than their size. */
  readonly maxBytes: number;
  /** The maximum number of values, including keys. */
  readonly maxValues: number;
}

/**
 * Reads a message that must have exactly the given shape. See {@link readMessage} for what is refused before
 * that.
 *
 * @throws MalformedMessageError naming the field
 *
 * @example const header = readShaped(bytes, { maxBytes: 4_096, maxValues: 10 }, record({ key: text(64), size: count }));
 */
export function readShaped<T>(bytes: Uint8Array, { maxBytes, maxValues }: MessageBounds, shape: Shape<T>): T {
  const message = readMessage(bytes, maxBytes, maxValues);
  const problem = shape(message);
  if (problem !== undefined) throw new MalformedMessageError(problem);
  return message as T;
}

/** A string of at most this many UTF-16 code units. */
export function text(maxLength: number): Shape<string> {
  return (value) => {
    if (typeof value !== 'string') return 'is not a string';
    return value.length > maxLength ? `has ${value.length} characters, more than ${maxLength}` : undefined;
  };
}

/** One of some strings. */
export function oneOf<T extends string>(...allowed: readonly T[]): Shape<T> {
  return (value) => (allowed.includes(value as T) ? undefined : `is not one of ${allowed.join(', ')}`);
}

/** A whole number of at least 0. */
export const count: Shape<number> = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'is not a whole number of at least 0';

/** A finite number. */
export const finite: Shape<number> = (value) => (Number.isFinite(value) ? undefined : 'is not a finite number');

/** The largest time that a Date holds, in milliseconds from the epoch. */
const MAX_TIME_MS = 8.64e15;

/** A time that a Date holds, in milliseconds since the epoch. */
export const time: Shape<number> = (value) =>
  Number.isFinite(value) && Math.abs(value as number) <= MAX_TIME_MS ? undefined : 'is not a time';

export const flag: Shape<boolean> = (value) => (typeof value === 'boolean' ? undefined : 'is neither true nor false');

/** Bytes, of the given length if there is one. */
export function binary(length?: number): Shape<Uint8Array> {
  return (value) => {
    if (!(value instanceof Uint8Array)) return 'is not bytes';
    return length === undefined || value.length === length ? undefined : `has ${value.length} bytes, not ${length}`;
  };
}

export function list<T>(item: Shape<T>, maxItems = Number.POSITIVE_INFINITY): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return 'is not an array';
    if (value.length > maxItems) return `has ${value.length} items, more than ${maxItems}`;
    for (let i = 0; i < value.length; i++) {
      const problem = item(value[i]);
      if (problem !== undefined) return `has item ${i}, which ${problem}`;
    }
    return undefined;
  };
}

/** An object with values of one shape under any keys. */
export function dictionary<T>(item: Shape<T>, maxKeys = Number.POSITIVE_INFINITY): Shape<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isMap(value)) return 'is not a map';
    const keys = Object.keys(value);
    if (keys.length > maxKeys) return `has ${keys.length} keys, more than ${maxKeys}`;
    for (const key of keys) {
      const problem = item(value[key]);
      if (problem !== undefined) return `has the key ${show(key)}, which ${problem}`;
    }
    return undefined;
  };
}

/** An object with exactly these fields. An optional one may be absent or undefined. */
export function record<Required extends Fields, Optional extends Fields = Record<never, never>>(
  required: Required,
  optional?: Optional,
): Shape<RecordOf<Required, Optional>> {
  const shapes = new Map(Object.entries({ ...required, ...optional }));
  const names = Object.keys(required);
  return (value) => {
    if (!isMap(value)) return 'is not a map';
    for (const name of names) if (!Object.hasOwn(value, name)) return `has no field ${name}`;
    for (const name of Object.keys(value)) {
      const shape = shapes.get(name);
      if (shape === undefined) return `has an unknown field ${show(name)}`;
      if (value[name] === undefined && !Object.hasOwn(required, name)) continue;
      const problem = shape(value[name]);
      if (problem !== undefined) return `has the field ${name}, which ${problem}`;
    }
    return undefined;
  };
}

/** The first shape that accepts the value is used; the error is that of the last one. */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return (value) => (first(value) === undefined ? undefined : second(value));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function show(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}
