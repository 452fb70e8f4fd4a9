import { codeOf, notTransferable } from './coded-error.js';
import { readText, snapshot } from './copy.js';
import { hasOwn, type Keyed, nullArray, nullObject, text } from './intrinsics.js';
import { countReads, readFrom } from './reading.js';
import { isReached, leaveOut, log, reached } from './state.js';
import { isError } from './value-kinds.js';

/** The values themselves, by their position in the log, in which their copies are. */
const originals = nullArray<unknown>([]);
let copies = nullObject();
/** How many values were read for the first time. */
let firstReads = 0;

/** For the next segment: the copies of values as they left. */
export function takeCopies(): Keyed {
  const taken = copies;
  copies = nullObject();
  originals.length = 0;
  return taken;
}

/**
 * Replaces what is in the state by copies that the engine can write. Getters, `toJSON` and traps of it are called for that, and may change
 * the state: it is read again until no getter is called for the first time. A trap cannot be told from the object itself, so everything is
 * read twice.
 *
 * @returns an error that names the first value that cannot leave
 */
export function copyState(): unknown {
  let failure: unknown;
  let reads = -1;
  for (let pass = 0; pass < 2 || countReads() !== reads; pass++) {
    reads = countReads();
    // Renumbers reaches, which must stay the same during a pass.
    isReached();
    for (let i = 0; i < log.length; i++) failure ??= copyEntry(i);
  }
  return failure;
}

/** How many getters were called, and values of the state read, for the first time. */
export function countFirstReads(): number {
  return countReads() + firstReads;
}

function copyEntry(at: number): unknown {
  const entry = log[at];
  if (entry === undefined) return undefined;
  const isReach = typeof entry === 'number';
  const key = (isReach ? reached[1 + entry * 2] : entry[1]) as string;
  const isFirst = !hasOwn(originals, at);
  if (isFirst) originals[at] = isReach ? reached[2 + entry * 2] : entry[2];
  const original = originals[at];
  if (typeof original !== 'object' || original === null) return undefined;
  if (isFirst) firstReads++;
  const path = text('$state.', key);
  try {
    readFrom(path);
    const copy = snapshot(original, path);
    if (isReach) reached[2 + entry * 2] = copy;
    else entry[2] = copy;
    copies[key] = copy;
    return undefined;
  } catch (error) {
    leaveOut(at);
    return asNotTransferable(error, path);
  }
}

/** Copying a deeply nested value takes more stack than creating it: this is not recursion of the handler. */
export function asNotTransferable(error: unknown, path: string): unknown {
  const message = isError(error) && codeOf(error) === undefined ? readText(error, 'message') : undefined;
  const isStackOverflow = message === 'stack overflow' || message === 'Maximum call stack size exceeded';
  return isStackOverflow ? notTransferable(path, 'nested too deeply') : error;
}
