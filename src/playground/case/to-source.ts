import { types } from 'node:util';

const NAME = /^[A-Za-z_$][\w$]*$/;
/** A value on one line, if it is not longer. */
const LINE = 80;
const STEP = '  ';

/**
 * A value as an expression of JavaScript that makes an equal one: of everything that can leave a VM.
 *
 * @returns undefined for what no expression makes, such as a value that contains itself
 */
export function toSource(value: unknown, indent = ''): string | undefined {
  try {
    return write(value, indent, []);
  } catch (error) {
    if (error instanceof NoSource) return undefined;
    throw error;
  }
}

class NoSource extends Error {}

function write(value: unknown, indent: string, within: readonly object[]): string {
  if (typeof value !== 'object' || value === null) return primitive(value);
  if (within.includes(value) || within.length > 200) throw new NoSource();
  const inside = [...within, value];
  const next = (item: unknown) => write(item, indent + STEP, inside);
  if (Array.isArray(value)) {
    // Holes are not undefined.
    const items = Array.from(value, (item, i) => (i in value ? next(item) : ''));
    return enclosed('[', items, `${items.at(-1) === '' ? ',' : ''}]`, indent);
  }
  if (value instanceof Date) return `new Date(${primitive(value.getTime())})`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Map) {
    return `new Map(${enclosed(
      '[',
      [...value].map(([key, item]) => `[${next(key)}, ${next(item)}]`),
      ']',
      indent,
    )})`;
  }
  if (value instanceof Set) return `new Set(${enclosed('[', [...value].map(next), ']', indent)})`;
  if (types.isNativeError(value)) return errorSource(value, next);
  if (value instanceof ArrayBuffer) return `new Uint8Array(${numbers(new Uint8Array(value))}).buffer`;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return `new ${value.constructor.name}(${numbers(value as Uint8Array)})`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NoSource();
  const members = Object.entries(value).map(([key, item]) => `${keySource(key)}: ${next(item)}`);
  return enclosed('{ ', members, ' }', indent);
}

function primitive(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'bigint':
      return `${value}n`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return 'null';
    default:
      throw new NoSource();
  }
}

function errorSource(error: Error, next: (item: unknown) => string): string {
  const { name, message } = error;
  const own = Object.entries(error).filter(([key]) => key !== 'name');
  const fields = [...(name === 'Error' ? [] : [['name', name] as const]), ...own];
  const made = `new Error(${quoted(message)})`;
  if (fields.length === 0) return made;
  return `Object.assign(${made}, { ${fields.map(([key, item]) => `${keySource(key)}: ${next(item)}`).join(', ')} })`;
}

function keySource(key: string): string {
  // In a literal, a plain `__proto__` would be the prototype.
  if (key === '__proto__') return "['__proto__']";
  return NAME.test(key) ? key : quoted(key);
}

function quoted(text: string): string {
  const json = JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  return json.includes("'") ? json : `'${json.slice(1, -1).replaceAll('\\"', '"')}'`;
}

function numbers(items: ArrayLike<number | bigint>): string {
  return `[${Array.from(items, primitive).join(', ')}]`;
}

function enclosed(begin: string, items: readonly string[], end: string, indent: string): string {
  if (items.length === 0) return `${begin.trim()}${end.trim()}`;
  const line = `${begin}${items.join(', ')}${end}`;
  if (line.length + indent.length <= LINE && !line.includes('\n')) return line;
  const inner = indent + STEP;
  return `${begin.trim()}\n${items.map((item) => `${inner}${item},`).join('\n')}\n${indent}${end.trim().replace(',', '')}`;
}
