import type { StandardIssue } from '../api/schema.js';

/** What JSON has of a value, or the first thing in it that JSON does not have. */
export type JsonReading = { readonly value: unknown } | { readonly issue: StandardIssue };

/**
 * A value as JSON Schema sees it. A field that is `undefined` is not there, as in JSON. A Date, a Map, bytes and
 * a bigint are an issue: to JSON Schema, they would all be objects without fields.
 */
export function readJson(value: unknown): JsonReading {
  try {
    return { value: read(value, []) };
  } catch (error) {
    if (error instanceof NotJson) return { issue: error.issue };
    throw error;
  }
}

class NotJson extends Error {
  readonly issue: StandardIssue;

  constructor(path: readonly PropertyKey[], what: string) {
    super(what);
    const message = `is ${what}, which JSON does not have: convert it, or use a schema of zod, valibot or arktype`;
    this.issue = { path: [...path], message };
  }
}

/** @param path to the value; the same list throughout, because most values have no issue */
function read(value: unknown, path: PropertyKey[]): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new NotJson(path, String(value));
  }
  if (typeof value !== 'object') throw new NotJson(path, value === undefined ? 'undefined' : `a ${typeof value}`);
  return Array.isArray(value) ? readList(value, path) : readFields(value, path);
}

function readList(list: readonly unknown[], path: PropertyKey[]): unknown[] {
  const copy: unknown[] = [];
  for (let i = 0; i < list.length; i++) {
    path.push(i);
    copy.push(read(list[i], path));
    path.pop();
  }
  return copy;
}

function readFields(value: object, path: PropertyKey[]): object {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const name: unknown = value.constructor?.name;
    throw new NotJson(path, `a ${typeof name === 'string' ? name.slice(0, 40) : 'value of a class'}`);
  }
  // Without a prototype, so that a field `__proto__` is a field.
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, one] of Object.entries(value)) {
    if (one === undefined) continue;
    path.push(key);
    copy[key] = read(one, path);
    path.pop();
  }
  return copy;
}
