/**
 * Whether two decoded values are equal. The order of keys matters in Maps and Sets, but not in records.
 * Objects that occur more than once are compared once, because a guest can create a small value with any
 * number of paths.
 */
export function isSameValue(a: unknown, b: unknown, known = new Map<object, unknown>()): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (known.get(a) === b) return true;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  const same = (x: unknown, y: unknown) => isSameValue(x, y, known);
  const isSame = compare(a, b, same);
  if (isSame) known.set(a, b);
  return isSame;
}

function compare(a: object, b: object, same: (x: unknown, y: unknown) => boolean): boolean {
  if (Array.isArray(a)) return sameItems(a, b as unknown[], same);
  if (a instanceof RegExp) return a.source === (b as RegExp).source && a.flags === (b as RegExp).flags;
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime());
  if (a instanceof ArrayBuffer) return sameBytes(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  if (ArrayBuffer.isView(a)) return sameBytes(bytesOf(a), bytesOf(b as ArrayBufferView));
  if (a instanceof Map) return sameItems([...a].flat(), [...(b as typeof a)].flat(), same);
  if (a instanceof Set) return sameItems([...a], [...(b as typeof a)], same);
  return sameRecord(a as Fields, b as Fields, namesOf(a), namesOf(b), same);
}

type Fields = Record<string, unknown>;

/** For an error, also its non-enumerable fields, except the stack. */
function namesOf(value: object): string[] {
  if (!(value instanceof Error)) return Object.keys(value);
  return ['name', 'message', ...Object.getOwnPropertyNames(value)].filter((name) => name !== 'stack');
}

function sameRecord(
  a: Fields,
  b: Fields,
  names: readonly string[],
  others: readonly string[],
  same: (x: unknown, y: unknown) => boolean,
): boolean {
  if (names.length !== others.length) return false;
  return names.every((name) => has(b, name) && same(a[name], b[name]));
}

/** Name and message of an error may come from its class. */
function has(fields: Fields, name: string): boolean {
  return Object.hasOwn(fields, name) || (fields instanceof Error && (name === 'name' || name === 'message'));
}

function sameItems(a: readonly unknown[], b: readonly unknown[], same: (x: unknown, y: unknown) => boolean): boolean {
  return a.length === b.length && a.every((item, i) => same(item, b[i]));
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
