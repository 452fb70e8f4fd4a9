import { type Keyed, keysOf, nullArray, nullObject, ownMap } from '../intrinsics.js';

/** A value that the application has prepared. It is part of the image: each execution has its own. */
interface PreparedValue {
  readonly value: unknown;
  /** Whether objects of it can be reached in another way than by their key, if it is the whole state. */
  readonly isShared: boolean;
  /** Why it cannot exist in here; absent if it does. */
  readonly failure?: unknown;
}

const values = nullArray<PreparedValue>([]);
/** Objects that are values of the state as a whole, and part of the image. */
const inState = ownMap<object, boolean>();
let hasInState = false;

export function keepPrepared(kept: PreparedValue): void {
  values[values.length] = kept;
}

export function forgetPrepared(): void {
  values.length = 0;
}

export function countPrepared(): number {
  return values.length;
}

/** @throws what it threw when it was made, as an ordinary value does in each execution */
export function preparedAt(number: number): unknown {
  const { value, failure } = values[number] as PreparedValue;
  if (failure !== undefined) throw failure;
  return value;
}

export function isSharedInside(number: number): boolean {
  return (values[number] as PreparedValue).isShared;
}

/** Notes that the value of a key of the state is a prepared one. */
function noteInState(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  hasInState = true;
  inState.set(value, true);
}

/** Whether a value that the state had from the start is a prepared one, and not merely contains one. */
export function isPreparedInState(value: unknown): boolean {
  return hasInState && inState.get(value as object) === true;
}

/** The state of this execution, if it is a prepared value as a whole: the object itself stays as it is in the image. */
export function copyOfState(prepared: Keyed): Keyed {
  const state = nullObject();
  const keys = keysOf(prepared);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    state[key] = prepared[key];
    noteInState(prepared[key]);
  }
  return state;
}

/** Notes which keys of the state have prepared values. There are some. */
export function notePrepared(state: Keyed): void {
  const keys = keysOf(state);
  for (let i = 0; i < keys.length; i++) {
    const value = state[keys[i] as string];
    for (let number = 0; number < values.length; number++) {
      if (value === (values[number] as PreparedValue).value) noteInState(value);
    }
  }
}
