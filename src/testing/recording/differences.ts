import { isDeepStrictEqual } from 'node:util';

/** A place where the recorded and the replayed value differ. */
export interface Difference {
  /** `'events[0].payload.total'`. */
  readonly path: string;
  /** Undefined if absent. */
  readonly recorded: unknown;
  readonly replayed: unknown;
}

/**
 * All places where two values differ. Objects and lists are compared member by member; anything else is one
 * value.
 */
export function differencesOf(recorded: unknown, replayed: unknown, path: string): Difference[] {
  if (isDeepStrictEqual(recorded, replayed)) return [];
  if (Array.isArray(recorded) && Array.isArray(replayed)) {
    const length = Math.max(recorded.length, replayed.length);
    return Array.from({ length }, (_, i) => differencesOf(recorded[i], replayed[i], `${path}[${i}]`)).flat();
  }
  if (isPlain(recorded) && isPlain(replayed)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(replayed)]);
    return [...keys].flatMap((key) => differencesOf(recorded[key], replayed[key], join(path, key)));
  }
  return [{ path, recorded, replayed }];
}

function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
