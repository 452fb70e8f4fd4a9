import { codeOf } from './coded-error.js';
import { readText } from './copy.js';
import { type Keyed, nullObject, StringFunction } from './intrinsics.js';
import { isError } from './value-kinds.js';

/** An error as plain data; a thrown value that is not an Error is kept. */
export function describeThrown(thrown: unknown): Keyed {
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
    return description;
  }
  description['name'] = readText(thrown, 'name');
  description['message'] = readText(thrown, 'message');
  description['stack'] = readText(thrown, 'stack');
  const known = codeOf(thrown);
  if (known !== undefined) {
    description['code'] = known[0];
    description['context'] = known[1];
  }
  return description;
}
