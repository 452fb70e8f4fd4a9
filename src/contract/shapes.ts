/** Data does not have the shape that it must have. Says where and what was expected. */
export class ShapeError extends Error {}

/** Checks a value from outside and returns it as what it is. @throws ShapeError */
export type Shape<T> = (value: unknown, path: string) => T;

type ShapeOf<S> = S extends Shape<infer T> ? T : never;
type OptionalKeys<S> = { [K in keyof S]: undefined extends ShapeOf<S[K]> ? K : never }[keyof S];

/** What an object with these fields is; a field that may be undefined may be absent. */
export type FieldsOf<S> = { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: ShapeOf<S[K]> } & {
  readonly [K in OptionalKeys<S>]?: Exclude<ShapeOf<S[K]>, undefined>;
};

/** A string of at most so many UTF-16 code units. */
export function text(maxLength: number): Shape<string> {
  return (value, path) => {
    if (typeof value === 'string' && value.length <= maxLength) return value;
    throw refusal(path, `a string of at most ${maxLength} characters`);
  };
}

/** One of these strings. */
export function oneOf<const T extends string>(values: readonly T[]): Shape<T> {
  return (value, path) => {
    const known = values.find((one) => one === value);
    if (known !== undefined) return known;
    throw refusal(path, `one of ${values.join(', ')}`);
  };
}

/** A whole number that a double holds exactly. */
export function whole(max = Number.MAX_SAFE_INTEGER, min = 0): Shape<number> {
  return (value, path) => {
    if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
    throw refusal(path, `a whole number from ${min} to ${max}`);
  };
}

/** Any number but NaN and the infinities. */
export const finite: Shape<number> = (value, path) => {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw refusal(path, 'a finite number');
};

export const truth: Shape<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw refusal(path, 'true or false');
};

export const anything: Shape<unknown> = (value) => value;

/** Exactly so many bytes. */
export function bytes(length: number): Shape<Uint8Array> {
  return (value, path) => {
    if (value instanceof Uint8Array && value.length === length) return value;
    throw refusal(path, `${length} bytes`);
  };
}

/** A plain object, whatever is in it. */
export const object: Shape<Readonly<Record<string, unknown>>> = (value, path) => {
  const isObject = typeof value === 'object' && value !== null;
  const prototype: unknown = isObject ? Object.getPrototypeOf(value) : undefined;
  if (isObject && (prototype === Object.prototype || prototype === null)) return value as Record<string, unknown>;
  throw refusal(path, 'an object');
};

/** An array of at most so many, each of the shape. */
export function list<T>(item: Shape<T>, maxLength: number): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length > maxLength) throw refusal(path, `a list of at most ${maxLength}`);
    return Array.from(value, (one, index) => item(one, `${path}[${index}]`));
  };
}

/** Absent, or of the shape. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, path) => (value === undefined ? undefined : shape(value, path));
}

/** An object with these fields and no others. The result has them in this order, and nothing else. */
export function fields<S extends Readonly<Record<string, Shape<unknown>>>>(shapes: S): Shape<FieldsOf<S>> {
  return (value, path) => {
    const given = object(value, path);
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(shapes, key));
    if (unknown !== undefined) throw refusal(path, `without a field ${JSON.stringify(unknown.slice(0, 40))}`);
    const checked: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(shapes)) {
      const field = shape(Object.hasOwn(given, name) ? given[name] : undefined, `${path}.${name}`);
      if (field !== undefined) checked[name] = field;
    }
    return checked as FieldsOf<S>;
  };
}

/** One of several kinds of object, told apart by a field. */
export function byField<T>(name: string, kinds: Readonly<Record<string, Shape<T>>>): Shape<T> {
  return (value, path) => {
    const kind = object(value, path)[name];
    const shape = typeof kind === 'string' && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    if (shape === undefined) throw refusal(`${path}.${name}`, `one of ${Object.keys(kinds).join(', ')}`);
    return shape(value, path);
  };
}

function refusal(path: string, expected: string): ShapeError {
  return new ShapeError(`${path} is not ${expected}`);
}
