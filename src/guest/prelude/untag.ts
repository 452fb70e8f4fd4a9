import { ERROR_FORM, MAP_FORM, PREPARED_FORM, REGEXP_FORM } from '../abi.js';
import { codedError } from './coded-error.js';
import {
  aggregateErrorPrototype,
  apply,
  dataDescriptor,
  define,
  defineProperty,
  ErrorConstructor,
  type Keyed,
  keysOf,
  MapConstructor,
  mapGet,
  mapSet,
  RegExpConstructor,
  SetConstructor,
  setAdd,
  setPrototypeOf,
  text,
} from './intrinsics.js';
import { preparedAt } from './prepared/values.js';

const errorClasses = new MapConstructor<string, ErrorConstructor>();
for (const type of [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
  errorClasses.set(type.name, type as ErrorConstructor);
}

/**
 * Creates Maps, Sets and Errors from their tagged arrays (see `tagged-values.ts`), and puts prepared values in their places.
 *
 * @param places `[parent, key, parent, key, …]`, inner values before outer ones
 */
export function untag(places: unknown[]): void {
  const made = new MapConstructor<object, unknown>();
  for (let i = 0; i < places.length; i += 2) {
    const parent = places[i] as Keyed;
    const key = places[i + 1] as string | number;
    const form = parent[key] as unknown[];
    let value = apply(mapGet, made, [form]);
    if (value === undefined) {
      value = build(form);
      apply(mapSet, made, [form, value]);
    }
    defineProperty(parent, key, dataDescriptor(value));
  }
}

function build(form: unknown[]): unknown {
  if (form[1] === PREPARED_FORM) return preparedAt(form[2] as number);
  if (form[1] === ERROR_FORM) return buildError(form);
  if (form[1] === REGEXP_FORM) return buildRegExp(form[2] as string, form[3] as string);
  if (form[1] === MAP_FORM) {
    const map = new MapConstructor();
    for (let i = 2; i < form.length; i += 2) apply(mapSet, map, [form[i], form[i + 1]]);
    return map;
  }
  const set = new SetConstructor();
  for (let i = 2; i < form.length; i++) apply(setAdd, set, [form[i]]);
  return set;
}

function buildRegExp(source: string, flags: string): RegExp {
  try {
    return new RegExpConstructor(source, flags);
  } catch {
    const regExp = text('/', source, '/', flags);
    const message = text('The engine refuses ', regExp, ', which cannot enter the VM; pass its source as text');
    throw codedError('SERIALIZATION_ERROR', message, { regExp });
  }
}

function buildError(form: unknown[]): Error {
  const name = form[2] as string;
  const fields = form[5] as Keyed;
  const error = newError(name, form[3] as string);
  if (error.name !== name) define(error, 'name', name);
  define(error, 'stack', form[4]);
  const keys = keysOf(fields);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    defineProperty(error, key, dataDescriptor(fields[key], key !== 'cause' && key !== 'errors'));
  }
  return error;
}

/** The errors of an AggregateError are one of its fields. */
function newError(name: string, message: string): Error {
  // Its own class would iterate over a list, by a protocol that the handler may have replaced.
  if (name === 'AggregateError') return setPrototypeOf(new ErrorConstructor(message), aggregateErrorPrototype);
  const Class = (apply(mapGet, errorClasses, [name]) as ErrorConstructor | undefined) ?? ErrorConstructor;
  return new Class(message);
}
