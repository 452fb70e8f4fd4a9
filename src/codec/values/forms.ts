import { types } from 'node:util';
import { ERROR_FORM, MAP_FORM, PREPARED_FORM, REGEXP_FORM, SET_FORM } from '../../guest/abi.js';
import { framesOf } from '../../support/stack-frames.js';
import { MalformedValueError } from './decoding/byte-reader.js';
import { NotTransferable } from './encoding/not-transferable.js';
import { regExpProblem } from './regexps.js';

/** The representation of a Map, Set or Error: `[marker, kind, ...items]`. */
export interface Form {
  readonly kind: number;
  readonly items: readonly unknown[];
  /** The number of items for one entry of the value, for paths in errors. */
  readonly stride: number;
}

export const FormKind = {
  map: MAP_FORM,
  set: SET_FORM,
  error: ERROR_FORM,
  regExp: REGEXP_FORM,
  prepared: PREPARED_FORM,
} as const;

/**
 * The number by which a document refers to an object that is a prepared value; undefined if it is none.
 *
 * @throws NotTransferable if it is one that cannot be used here
 */
export type NumberPrepared = (value: object) => number | undefined;

/** JSON text, see `api/encoded.ts`: it is parsed before the document enters a VM, so the guest does not know it. */
export const JSON_FORM = 100;

/** The index of the first item, after marker and kind. */
export const FORM_ITEMS_AT = 2;

const ERROR_CLASSES = new Map<string, ErrorConstructor>(
  [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((type) => [type.name, type]),
);
/** Fields that are not enumerable on a thrown error. */
const HIDDEN_FIELDS: ReadonlySet<string> = new Set(['cause', 'errors']);
const OWN_TEXTS: ReadonlySet<string> = new Set(['name', 'message', 'stack']);
/** Of an error that enters the VM: its fields are taken at once, on the main thread. */
const MAX_ERROR_FIELDS = 1_000;
/** Names of further fields in `dropped`, and their length. */
const MAX_DROPPED = 50;
const MAX_DROPPED_NAME = 200;
/** Taken however many fields there are. */
const FIRST_FIELDS: ReadonlySet<string> = new Set(['code', ...HIDDEN_FIELDS]);

/**
 * The form of a Map, Set or Error of any realm, or undefined. An error is passed without its stack, which is
 * the host's.
 *
 * @param honoursToJson an error is passed as one, whatever its `toJSON` says
 */
export function formOf(value: object, honoursToJson = false): Form | undefined {
  if (types.isMap(value)) {
    const items: unknown[] = [];
    for (const [key, item] of value) items.push(key, item);
    return { kind: FormKind.map, items, stride: 2 };
  }
  if (types.isSet(value)) return { kind: FormKind.set, items: [...value], stride: 1 };
  if (types.isRegExp(value)) return regExpForm(value);
  if (!types.isNativeError(value) && !(value instanceof Error)) return undefined;
  const { name, message } = value;
  const items = [typeof name === 'string' ? name : 'Error', String(message), '', fieldsOf(value, honoursToJson)];
  return { kind: FormKind.error, items, stride: items.length };
}

function regExpForm(value: RegExp): Form {
  const source = String(value.source);
  const flags = String(value.flags);
  const problem = regExpProblem(source, flags);
  if (problem !== undefined) throw new NotTransferable(problem);
  return { kind: FormKind.regExp, items: [source, flags], stride: 2 };
}

function fieldsOf(error: Error, honoursToJson: boolean): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  const take = (key: string) => {
    const value = (error as unknown as Record<string, unknown>)[key];
    if (key === '__proto__') define(fields, key, value, true);
    else fields[key] = value;
  };
  // The engine of the host lists all or none: this is all that is done with each of them.
  const keys = Object.keys(error);
  for (const key of keys.slice(0, MAX_ERROR_FIELDS)) {
    if (!OWN_TEXTS.has(key) && !(honoursToJson && key === 'toJSON')) take(key);
  }
  for (const key of FIRST_FIELDS) if (Object.hasOwn(error, key)) take(key);
  if (keys.length > MAX_ERROR_FIELDS) {
    const known: unknown = fields['dropped'];
    fields['dropped'] = namesOfDropped(keys, MAX_ERROR_FIELDS, Array.isArray(known) ? known : []);
  }
  return fields;
}

/**
 * What `error.dropped` says of the keys from an index on: some of their names, and how many more there are.
 *
 * @param known names that it has already
 */
export function namesOfDropped(keys: readonly string[], from: number, known: readonly unknown[] = []): string[] {
  const further = keys.slice(from, from + MAX_DROPPED).filter((key) => !FIRST_FIELDS.has(key));
  const names = [...known.slice(0, MAX_DROPPED).filter((name) => typeof name === 'string'), ...further];
  const more = keys.length - from - MAX_DROPPED;
  return [...names.map(cutName), ...(more > 0 ? [`… ${more} more`] : [])];
}

function cutName(name: string): string {
  return name.length <= MAX_DROPPED_NAME ? name : `${name.slice(0, MAX_DROPPED_NAME)}…`;
}

/**
 * Creates the error that a form describes.
 *
 * @param charge called with the number of copied fields
 * @throws MalformedValueError if it is not the form of an error
 */
export function errorFrom([name, message, stack, fields]: readonly unknown[], charge: (fields: number) => void): Error {
  const areTexts = typeof name === 'string' && typeof message === 'string' && typeof stack === 'string';
  if (!areTexts || !isRecord(fields)) {
    throw new MalformedValueError('has an error without name, message or stack');
  }
  charge(Object.keys(fields).length);
  const error = withoutStack(() => newError(name, message));
  if (error.name !== name) define(error, 'name', name, false);
  // The host's stack would show where the error was decoded.
  const frames = framesOf(stack, message).trimEnd();
  define(error, 'stack', `${name}: ${message}${frames === '' ? '' : `\n${frames}`}`, false);
  for (const [key, value] of Object.entries(fields)) {
    if (!OWN_TEXTS.has(key)) define(error, key, value, !HIDDEN_FIELDS.has(key));
  }
  return error;
}

/** The errors of an AggregateError are one of its fields. */
function newError(name: string, message: string): Error {
  return name === 'AggregateError' ? new AggregateError([], message) : new (ERROR_CLASSES.get(name) ?? Error)(message);
}

/** It gets the stack of the guest: to capture ours would be most of the work. */
function withoutStack(make: () => Error): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}

/** A typed array has as many keys as items. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
