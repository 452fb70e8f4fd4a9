import {
  type Body,
  bytesText,
  entries,
  type Inspector,
  indented,
  items,
  MAX_ITEMS,
  members,
  numbers,
} from './bodies.js';
import { formatError } from './errors.js';
import {
  isBuffer,
  isDataView,
  isDate,
  isError,
  isMap,
  isRegExp,
  isSet,
  isTypedArray,
  isWeakMap,
  isWeakSet,
  regExpText,
  unboxed,
} from './kinds.js';
import { groupItems, joinParts } from './layout.js';
import { constructorName, functionBase, prefixOf, tagOf } from './names.js';
import { quote } from './quote.js';
import { BREAK_LENGTH, isIndex, keysOf, keyText, primitive, remaining } from './texts.js';

/** As Node's `inspect` takes them. */
export interface InspectOptions {
  /** Levels of objects inside of objects; Infinity or null for all. @default 2 */
  readonly depth?: number | null;
  /** Of each list. @default 100 */
  readonly maxItems?: number;
  /** From here on a line is broken. @default 80 */
  readonly breakLength?: number;
}

/** What one value may come to, in characters: what is beyond is left out. */
const MAX_OUTPUT = 64 * 1024;
/** What an object counts for beside its parts. */
const OBJECT_CHARACTERS = 8;
/** Of objects inside of objects, whatever is asked for. */
const MAX_DEPTH = 50;
const MAX_KEYS = 1_000;

const { getOwnPropertyDescriptor } = Reflect;

/** One value, and what is known on the way through it. */
export class State implements Inspector {
  indentation = 0;
  currentDepth = 0;
  output = 0;
  readonly seen: object[] = [];
  circular: Map<object, number> | undefined;
  readonly maxDepth: number;
  readonly maxItems: number;
  readonly breakLength: number;

  constructor({ depth = 2, maxItems = MAX_ITEMS, breakLength = BREAK_LENGTH }: InspectOptions) {
    this.maxDepth = Math.min(depth ?? MAX_DEPTH, MAX_DEPTH);
    this.maxItems = maxItems;
    this.breakLength = breakLength;
  }

  value(value: unknown, depth: number): string {
    if (this.output > MAX_OUTPUT) return '…';
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      const text = primitive(value, this.indentation, this.breakLength);
      this.output += text.length;
      return text;
    }
    if (this.seen.includes(value)) {
      this.circular ??= new Map();
      let index = this.circular.get(value);
      if (index === undefined) {
        index = this.circular.size + 1;
        this.circular.set(value, index);
      }
      return `[Circular *${index}]`;
    }
    this.output += OBJECT_CHARACTERS;
    const { indentation, currentDepth } = this;
    const { length } = this.seen;
    try {
      return this.#object(value, depth);
    } catch {
      this.indentation = indentation;
      this.currentDepth = currentDepth;
      this.seen.length = length;
      return unreadable(value);
    }
  }

  property(holder: object, key: PropertyKey, depth: number, isItem: boolean): string {
    const descriptor = getOwnPropertyDescriptor(holder, key) ?? {
      value: (holder as Record<PropertyKey, unknown>)[key],
      enumerable: true,
    };
    let text = 'undefined';
    if (descriptor.value !== undefined) {
      this.indentation += 2;
      text = this.value(descriptor.value, depth);
      this.indentation -= 2;
    } else if (descriptor.get !== undefined) text = descriptor.set === undefined ? '[Getter]' : '[Getter/Setter]';
    else if (descriptor.set !== undefined) text = '[Setter]';
    if (isItem) return text;
    return `${keyText(key, descriptor.enumerable !== false)}: ${text}`;
  }

  #object(value: object, depth: number): string {
    const shape = shapeOf(this, value, depth);
    if (typeof shape === 'string') return shape;
    const { name, keys, isArrayLike, body } = shape;
    let { base } = shape;
    if (depth > this.maxDepth) return name.startsWith('[') ? name : `[${name}]`;
    this.seen.push(value);
    this.currentDepth = depth + 1;
    const parts = body?.(this, depth + 1) ?? [];
    for (let i = 0; i < keys.length && i < MAX_KEYS; i++) {
      parts.push(this.property(value, keys[i] as PropertyKey, depth + 1, false));
    }
    if (keys.length > MAX_KEYS) parts.push(remaining(keys.length - MAX_KEYS, 'key'));
    const index = this.circular?.get(value);
    if (index !== undefined) base = base === '' ? `<ref *${index}>` : `<ref *${index}> ${base}`;
    this.seen.pop();
    const grouped = isArrayLike && parts.length > 6 ? groupItems(parts, this.indentation, value) : parts;
    return joinParts(grouped, {
      base,
      braces: shape.braces,
      indentation: this.indentation,
      breakLength: this.breakLength,
      isShort: this.currentDepth - (depth + 1) < 3 && grouped === parts,
    });
  }
}

/** A value as `console` writes it, within limits. Throws for none. */
export function inspect(value: unknown, options: InspectOptions = {}): string {
  return new State(options).value(value, 0);
}

/** A proxy that was revoked, or something that throws where it is looked at: it is no reason to end the handler. */
function unreadable(value: object): string {
  try {
    Array.isArray(value);
    return typeof value === 'function' ? '[Unreadable function]' : '[Unreadable object]';
  } catch {
    return '<Revoked Proxy>';
  }
}

interface Shape {
  readonly name: string;
  readonly base: string;
  readonly braces: readonly [string, string];
  readonly keys: readonly PropertyKey[];
  readonly isArrayLike: boolean;
  readonly body: Body | undefined;
}

/** How a value is shown; a text for one that has no parts. */
function shapeOf(state: State, value: object, depth: number): Shape | string {
  const className = constructorName(value);
  const tag = tagOf(value, className);
  const prefix = (fallback: string, size = '') => prefixOf(className, tag, fallback, size);
  const shape = (
    braces: readonly [string, string],
    keys: readonly PropertyKey[],
    more: Partial<Shape> = {},
  ): Shape => ({
    name: prefix('Object').slice(0, -1),
    base: '',
    braces,
    keys,
    isArrayLike: false,
    body: undefined,
    ...more,
  });
  if (Array.isArray(value)) {
    const start = className !== 'Array' || tag !== '' ? prefix('Array', `(${value.length})`) : '';
    const keys = keysOf(value, true);
    if (value.length === 0 && keys.length === 0) return `${start}[]`;
    return shape([`${start}[`, ']'], keys, {
      name: prefix('Array').slice(0, -1),
      isArrayLike: true,
      body: items(value),
    });
  }
  if (typeof value === 'function') {
    const base = functionBase(value, className, tag);
    const keys = keysOf(value);
    return keys.length === 0 ? base : shape(['{', '}'], keys, { base });
  }
  const keys = keysOf(value);
  const isEmpty = keys.length === 0;
  if (isMap(value)) {
    const start = prefix('Map', `(${value.size})`);
    return value.size === 0 && isEmpty ? `${start}{}` : shape([`${start}{`, '}'], keys, { body: entries(value) });
  }
  if (isSet(value)) {
    const start = prefix('Set', `(${value.size})`);
    return value.size === 0 && isEmpty ? `${start}{}` : shape([`${start}{`, '}'], keys, { body: members(value) });
  }
  if (isTypedArray(value)) {
    const start = prefix(value.constructor?.name ?? 'TypedArray', `(${value.length})`);
    const own = keysOf(value, true);
    if (value.length === 0 && own.length === 0) return `${start}[]`;
    return shape([`${start}[`, ']'], own, { isArrayLike: true, body: numbers(value) });
  }
  if (isRegExp(value)) {
    const start = prefix('RegExp');
    const base = start === 'RegExp ' ? regExpText(value) : `${start}${regExpText(value)}`;
    return isEmpty || depth > state.maxDepth ? base : shape(['{', '}'], keys, { base });
  }
  if (isDate(value)) {
    const time = value.getTime();
    const text = Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString();
    const start = prefix('Date');
    const base = start === 'Date ' ? text : `${start}${text}`;
    return isEmpty ? base : shape(['{', '}'], keys, { base });
  }
  if (isError(value)) {
    const { base, keys: left } = formatError(value, className, keys, state.indentation);
    return left.length === 0 ? base : shape(['{', '}'], left, { base });
  }
  if (isBuffer(value)) {
    const body: Body = () => [`[Uint8Contents]: ${bytesText(value)}`, `byteLength: ${value.byteLength}`];
    return shape([`${prefix('ArrayBuffer')}{`, '}'], keys, { body });
  }
  if (isDataView(value)) {
    const fields = ['byteLength', 'byteOffset', 'buffer'] as const;
    const body: Body = (inner, at) =>
      fields.map((field) => `${field}: ${indented(inner, () => inner.value(value[field], at))}`);
    return shape([`${prefix('DataView')}{`, '}'], keys, { body });
  }
  const box = unboxed(value);
  if (box !== undefined) return boxShape(box, className, tag, keys, shape);
  if (isWeakMap(value) || isWeakSet(value)) {
    return shape([`${prefix(isWeakMap(value) ? 'WeakMap' : 'WeakSet')}{`, '}'], keys, {
      body: () => ['<items unknown>'],
    });
  }
  const custom =
    typeof (value as UrlLike).href === 'string' && className === 'URL' ? urlShape(value as UrlLike) : undefined;
  if (custom !== undefined) return shape(['URL {', '}'], [], { name: 'URL', body: custom });
  if (className === 'URLSearchParams') return searchParams(value as ParamsLike);
  const start = className === 'Object' && tag === '' ? '' : prefix('Object');
  return isEmpty ? `${start}{}` : shape([`${start}{`, '}'], keys);
}

type MakeShape = (braces: readonly [string, string], keys: readonly PropertyKey[], more?: Partial<Shape>) => Shape;

function boxShape(
  [type, primitiveValue]: readonly [string, unknown],
  className: string | null,
  tag: string,
  given: readonly PropertyKey[],
  shape: MakeShape,
): Shape | string {
  const keys = type === 'String' ? given.filter((key) => typeof key !== 'string' || !isIndex(key)) : given;
  let base = `[${type}`;
  if (type !== className) base += className === null ? ' (null prototype)' : ` (${className})`;
  base += `: ${primitive(primitiveValue, Number.NEGATIVE_INFINITY)}]`;
  if (tag !== '' && tag !== className) base += ` [${tag}]`;
  return keys.length === 0 ? base : shape(['{', '}'], keys, { base });
}

/** As the feature `url` makes them. */
type ParamsLike = Iterable<readonly [string, string]>;
interface UrlLike extends Readonly<Record<Exclude<(typeof URL_FIELDS)[number], 'searchParams'>, string>> {
  readonly searchParams: ParamsLike;
}

const URL_FIELDS = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'searchParams',
  'hash',
] as const;

function urlShape(url: UrlLike): Body {
  return (state, depth) =>
    URL_FIELDS.map(
      (field) =>
        `${field}: ${indented(state, () => (field === 'searchParams' ? searchParams(url.searchParams) : state.value(url[field], depth)))}`,
    );
}

function searchParams(params: ParamsLike): string {
  const parts = [...params].slice(0, MAX_ITEMS).map(([name, value]) => `${quote(name)} => ${quote(value)}`);
  return parts.length === 0 ? 'URLSearchParams {}' : `URLSearchParams { ${parts.join(', ')} }`;
}
