import { codeOf } from './coded-error.js';
import { readText } from './copy.js';
import { type Keyed, nullObject, StringFunction } from './intrinsics.js';
import { isError } from './value-kinds.js';

/** An error as plain data; a thrown non-error keeps its value. */
export function describeThrown(thrown: unknown): Keyed {
  const description = nullObject();
  const kind: string = typeof thrown;
  if (kind === 'unknown') {
    // Some functions of the engine throw no value at all when an allocation fails. The host takes null for that.
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
