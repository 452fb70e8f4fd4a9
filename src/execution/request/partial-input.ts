import { types } from 'node:util';
import { Detacher, type Elsewhere } from '../../codec/values/detach.js';
import { isPlainObject } from '../../codec/values/host-values.js';
import { LEFT_OUT } from '../../codec/values/left-out.js';
import { CONTEXT_ROOTS, encodeFieldsIf } from '../../protocol/context-encoding.js';
import { LeftOut } from './left-out.js';
import type { NeededKeys } from './needed-keys.js';

/** To leave out a smaller value would gain nothing. */
const LARGE_BYTES = 2_048;
const VALUE_BYTES = 8;
const OBJECT_BYTES = 32;
/** A state with more keys enters as it is. */
const MAX_KEYS = 10_000;

/** The input of an execution without the large values of the state that its handler does not name. */
export interface PartialInput {
  readonly input: Uint8Array;
  readonly leftOut: LeftOut;
}

export interface PartialInputOptions {
  /** Called for a large state. */
  readonly needs: () => NeededKeys | undefined;
  readonly maxBytes: number;
  /** The most that may be left out. */
  readonly memoryLimitBytes: number;
}

/**
 * Encodes the context without the values of the state that the handler does not need; these are copied.
 *
 * Their keys enter, so that only reading a value can tell the difference. Values that have an object in common with something
 * else enter, because they would be no longer the same object.
 *
 * @param rest the fields behind the state
 * @returns undefined if everything has to enter, or has a fault that encoding everything reports
 */
export function encodePartly(
  state: Readonly<Record<string, unknown>>,
  rest: readonly unknown[],
  { needs, maxBytes, memoryLimitBytes }: PartialInputOptions,
): PartialInput | undefined {
  // What is wrong with a value is reported by encoding everything.
  try {
    if (!isLarge(state) || !isPlainObject(state) || types.isProxy(state)) return undefined;
    const needed = needs();
    if (needed === undefined || needed.needsAll) return undefined;
    const split = splitState(state, needed);
    if (split === undefined) return undefined;
    let leftOut: LeftOut | undefined;
    const input = encodeFieldsIf([split.entering, ...rest], CONTEXT_ROOTS, { maxBytes }, (encoded) => {
      // Something refers to the whole state.
      if (encoded.isShared || encoded.has(state)) return false;
      const room = Math.min(maxBytes - encoded.countedBytes, memoryLimitBytes);
      leftOut = copyAll(split.leaving, room, encoded);
      return leftOut !== undefined;
    });
    return input === undefined || leftOut === undefined ? undefined : { input, leftOut };
  } catch {
    return undefined;
  }
}

function splitState(state: Readonly<Record<string, unknown>>, needed: NeededKeys) {
  const keys = Object.keys(state);
  if (keys.length > MAX_KEYS) return undefined;
  // Reads each accessor once.
  const entering: Record<string, unknown> = { ...state };
  const leaving: (readonly [key: string, value: unknown])[] = [];
  for (const key of keys) {
    const value = entering[key];
    if (!isLarge(value) || needed.has(key)) continue;
    leaving.push([key, value]);
    entering[key] = LEFT_OUT;
  }
  return leaving.length === 0 ? undefined : { entering, leaving };
}

/**
 * @param entering what enters
 * @returns undefined if a value is unusual, or has an object in common with another one
 */
function copyAll(
  leaving: (readonly [key: string, value: unknown])[],
  maxBytes: number,
  entering: Elsewhere,
): LeftOut | undefined {
  // perf: objects of the last one need not be remembered.
  leaving.sort(([, a], [, b]) => lengthOf(a) - lengthOf(b));
  const met = new Set<object>();
  const elsewhere = { has: (value: object) => met.has(value) || entering.has(value) };
  const detacher = new Detacher(maxBytes, leaving.length === 1 ? entering : elsewhere);
  const copies: Record<string, unknown> = {};
  for (const [index, [key, value]] of leaving.entries()) {
    const copied = detacher.copy(value);
    if (copied === undefined) return undefined;
    Object.defineProperty(copies, key, { value: copied.copy, writable: true, enumerable: true, configurable: true });
    if (index < leaving.length - 1) detacher.addObjectsTo(met);
  }
  detacher.noteNames(leaving.map(([key]) => key));
  return detacher.countedBytes > maxBytes ? undefined : LeftOut.of(copies, detacher);
}

function lengthOf(value: unknown): number {
  return (value as { readonly length?: number }).length ?? 0;
}

/** What {@link isLarge} may still see. */
let left = 0;

/** Whether a value looks as if it had many bytes. Sees as much of it as it takes to tell. */
function isLarge(value: unknown): boolean {
  left = LARGE_BYTES;
  look(value);
  return left <= 0;
}

function look(value: unknown): void {
  left -= VALUE_BYTES;
  if (typeof value === 'string') left -= value.length;
  if (typeof value !== 'object' || value === null) return;
  left -= OBJECT_BYTES;
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) {
    left -= value.byteLength;
  } else if (Array.isArray(value)) {
    left -= value.length * VALUE_BYTES;
    for (let i = 0; i < value.length && left > 0; i++) look(value[i]);
  } else {
    for (const key in value) {
      if (left <= 0) return;
      look((value as Record<string, unknown>)[key]);
    }
  }
}
