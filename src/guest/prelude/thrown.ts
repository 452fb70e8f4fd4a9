import { honoursToJson } from './admission.js';
import { codeOf } from './coded-error.js';
import { readText, snapshot } from './copy.js';
import {
  apply,
  getOwnPropertyDescriptor,
  hasOwn,
  isArray,
  type Keyed,
  keysOf,
  nullArray,
  nullObject,
  StringFunction,
  sliceText,
  startsWith,
  text,
} from './intrinsics.js';
import { isError, kindOf, PLAIN } from './value-kinds.js';

/** The host takes no more of them; how far an error is told must not depend on how large it is. */
const MAX_FIELDS = 100;
const MAX_ERRORS = 20;
const MAX_CAUSES = 8;
/** Of a text. */
const MAX_TEXT = 16 * 1024;
/** Of the name before a message. */
const MAX_NAME = 200;

const { is } = Object;

/** The engine notes here what `throw` throws and is no error, with the stack of that moment. */
export const lastThrown = nullObject();

/** An error as plain data; a thrown non-error keeps its value. */
export function describeThrown(thrown: unknown, depth = 0): Keyed {
  const description = nullObject();
  const kind: string = typeof thrown;
  if (kind === 'unknown') {
    // Some functions of the engine throw no value at all if an allocation fails. The host recognises null as
    // this case.
    description['thrown'] = null;
    return description;
  }
  if (!isError(thrown)) {
    // First: a getter of it may throw as well.
    if (is(lastThrown['value'], thrown)) description['stack'] = lastThrown['stack'];
    describeValue(description, thrown);
    return description;
  }
  describeTexts(description, thrown);
  const known = codeOf(thrown);
  if (known !== undefined) {
    description['code'] = known[0];
    description['context'] = known[1];
    return description;
  }
  try {
    describeFields(description, thrown as Error & Keyed, depth);
  } catch {
    // A proxy, or no room: what is known of it so far is told.
  }
  return description;
}

/** What was thrown and is no error. What of it cannot leave the VM is named in `dropped`, and the first `reason` told. */
function describeValue(description: Keyed, thrown: unknown): void {
  const type: string = typeof thrown;
  if (type === 'function' || type === 'symbol') {
    try {
      description['thrown'] = StringFunction(thrown);
    } catch {
      description['thrown'] = type;
    }
    return;
  }
  description['thrown'] = thrown;
  if (type !== 'object' || thrown === null) return;
  const copy = copyThrown(description, thrown as Keyed);
  description['thrown'] = copy;
  describeText(description, copy, thrown as object, 'name');
  describeText(description, copy, thrown as object, 'message');
}

function describeText(description: Keyed, copy: unknown, thrown: object, key: string): void {
  const isCopied = typeof copy === 'object' && copy !== null && hasOwn(copy, key);
  const value = isCopied ? (copy as Keyed)[key] : readText(thrown, key);
  if (typeof value === 'string') description[key] = cut(value);
}

/** All of it, or of an object of fields those that can leave. */
function copyThrown(description: Keyed, thrown: Keyed): unknown {
  try {
    return snapshot(thrown, 'thrown');
  } catch (error) {
    description['reason'] = reasonOf(error, 'thrown');
  }
  const dropped = nullArray<string>([]);
  description['dropped'] = dropped;
  try {
    if (!isArray(thrown) && kindOf(thrown) === PLAIN) {
      const fields = nullObject();
      const keys = keysOf(thrown);
      for (let i = 0; i < keys.length && i < MAX_FIELDS; i++) {
        const reason = copyField(fields, dropped, thrown, keys[i] as string);
        if (dropped.length === 1 && reason !== undefined) description['reason'] = reason;
      }
      if (dropped.length > 0) return fields;
    }
  } catch {
    // A proxy: nothing is known of it.
  }
  dropped[dropped.length] = 'thrown';
  return undefined;
}

/** Why it was dropped, if it was. */
function copyField(fields: Keyed, dropped: string[], from: Keyed, key: string): string | undefined {
  const path = text('thrown.', key);
  try {
    const copy = snapshot(from[key], path);
    if (typeof copy !== 'string' || copy.length <= MAX_TEXT) {
      fields[key] = copy;
      return undefined;
    }
    dropped[dropped.length] = key;
    return text(path, ' has ', copy.length, ' characters');
  } catch (error) {
    dropped[dropped.length] = key;
    return reasonOf(error, path);
  }
}

/** In our words, or those of what a getter or trap threw. */
function reasonOf(error: unknown, path: string): string {
  if (isError(error)) {
    const message = cut(readText(error, 'message') ?? '');
    return codeOf(error) !== undefined ? message : text(path, ' cannot be read: ', message);
  }
  return text(path, ' cannot be read');
}

function describeTexts(description: Keyed, error: Error): void {
  const name = readText(error, 'name');
  const message = readText(error, 'message');
  const stack = readText(error, 'stack');
  description['name'] = name === undefined ? name : cut(name);
  description['message'] = message === undefined ? message : cut(message);
  description['stack'] = stack === undefined ? stack : shorten(stack, message ?? '');
}

function cut(value: string): string {
  return value.length > MAX_TEXT ? apply(sliceText, value, [0, MAX_TEXT]) : value;
}

/** A stack begins with name and message, of any length; what tells the place stands behind them. */
function shorten(stack: string, message: string): string {
  if (stack.length <= MAX_TEXT) return stack;
  let start = 0;
  while (start < MAX_NAME && (stack[start] !== ':' || stack[start + 1] !== ' ')) start++;
  start = start === MAX_NAME ? 0 : start + 2;
  if (message.length > MAX_TEXT && apply(startsWith, stack, [message, start])) {
    const frames = apply(sliceText, stack, [start + message.length]);
    return text(apply(sliceText, stack, [0, start]), cut(message), cut(frames));
  }
  if (message.length <= MAX_TEXT && apply(startsWith, stack, [message, start])) return cut(stack);
  // Its message was another one when it was made.
  const end = apply(sliceText, stack, [-MAX_TEXT]);
  for (let i = 0; i < end.length; i++) {
    if (end[i] === '\n' && apply(startsWith, end, ['    at ', i + 1])) return apply(sliceText, end, [i + 1]);
  }
  return cut(stack);
}

/** Fields of its own, its cause, and the errors of an AggregateError. What cannot leave the VM is named in `dropped`. */
function describeFields(description: Keyed, error: Error & Keyed, depth: number): void {
  const dropped = nullArray<string>([]);
  const fields = nullObject();
  const keys = keysOf(error);
  let count = 0;
  for (let i = 0; i < keys.length && count < MAX_FIELDS; i++) {
    const key = keys[i] as string;
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'cause' || key === 'errors') continue;
    // As when it is returned, see `copy.ts`.
    if (key === 'toJSON' && honoursToJson) continue;
    count++;
    copyField(fields, dropped, error, key);
  }
  if (count > 0) description['fields'] = fields;
  if (depth < MAX_CAUSES) {
    const cause = ownValue(error, 'cause');
    if (cause !== undefined) description['cause'] = describeThrown(cause, depth + 1);
    const errors = ownValue(error, 'errors');
    if (isArray(errors)) {
      const parts = nullArray<unknown>([]);
      for (let i = 0; i < errors.length && i < MAX_ERRORS; i++) parts[i] = describeThrown(errors[i], depth + 1);
      description['errors'] = parts;
    }
  }
  if (dropped.length > 0) description['dropped'] = dropped;
}

function ownValue(error: object, key: string): unknown {
  return getOwnPropertyDescriptor(error, key)?.value;
}
