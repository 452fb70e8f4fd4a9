import { codeOf } from './coded-error.js';
import { readText, snapshot } from './copy.js';
import {
  getOwnPropertyDescriptor,
  hasOwn,
  isArray,
  type Keyed,
  keysOf,
  nullArray,
  nullObject,
  StringFunction,
} from './intrinsics.js';
import { isError } from './value-kinds.js';

/** The host takes no more of them; how far an error is told must not depend on how large it is. */
const MAX_FIELDS = 100;
const MAX_ERRORS = 20;
const MAX_CAUSES = 8;

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
    description['thrown'] =
      typeof thrown === 'function' || typeof thrown === 'symbol' ? StringFunction(thrown) : thrown;
    if (lastThrown['value'] === thrown) description['stack'] = lastThrown['stack'];
    return description;
  }
  description['name'] = readText(thrown, 'name');
  description['message'] = readText(thrown, 'message');
  description['stack'] = readText(thrown, 'stack');
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

/** Fields of its own, its cause, and the errors of an AggregateError. What cannot leave the VM is named in `dropped`. */
function describeFields(description: Keyed, error: Error & Keyed, depth: number): void {
  const dropped = nullArray<string>([]);
  const fields = nullObject();
  const keys = keysOf(error);
  let count = 0;
  for (let i = 0; i < keys.length && count < MAX_FIELDS; i++) {
    const key = keys[i] as string;
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'cause' || key === 'errors') continue;
    count++;
    try {
      fields[key] = snapshot(error[key], key);
    } catch {
      dropped[dropped.length] = key;
    }
  }
  if (count > 0) description['fields'] = fields;
  if (depth < MAX_CAUSES) {
    const cause = ownValue(error, 'cause');
    if (cause !== undefined) description['cause'] = describePart(cause, depth);
    const errors = ownValue(error, 'errors');
    if (isArray(errors)) {
      const parts = nullArray<unknown>([]);
      for (let i = 0; i < errors.length && i < MAX_ERRORS; i++) parts[i] = describePart(errors[i], depth);
      description['errors'] = parts;
    }
  }
  if (dropped.length > 0) description['dropped'] = dropped;
}

function describePart(thrown: unknown, depth: number): Keyed {
  const described = describeThrown(thrown, depth + 1);
  if (!hasOwn(described, 'thrown')) return described;
  try {
    described['thrown'] = snapshot(described['thrown'], 'cause');
  } catch {
    described['thrown'] = '[it cannot leave the VM]';
  }
  return described;
}

function ownValue(error: object, key: string): unknown {
  return getOwnPropertyDescriptor(error, key)?.value;
}
