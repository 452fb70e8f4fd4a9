import type { FeatureHost } from './feature.js';
import { type SourceNode, sourceOf } from './json-source/source-tree.js';

type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;
type Replacer = (this: unknown, key: string, value: unknown) => unknown;
type Keyed = Record<string, unknown>;

const { parse, stringify } = JSON;
const raws = new WeakSet<object>();
/** As long as there is none, the engine alone creates the text. */
let hasRaws = false;
const isRaw = (value: unknown): value is { rawJSON: string } =>
  typeof value === 'object' && value !== null && raws.has(value);

/** https://tc39.es/proposal-json-parse-with-source/ */
const members = {
  parse(text: unknown, reviver?: unknown): unknown {
    if (typeof reviver !== 'function') return parse(text as string);
    const json = `${text}`;
    const value: unknown = parse(json);
    return revive({ '': value }, '', reviver as Reviver, sourceOf(json), value);
  },
  stringify(value: unknown, replacer?: unknown, space?: unknown): string | undefined {
    if (!hasRaws && typeof replacer !== 'function') {
      const text = stringify(value, replacer as never, space as never);
      // A toJSON may have created the first raw value: then it is serialised again.
      if (!hasRaws) return text;
    }
    const tokens: string[] = [];
    const mark = `\u0000${Math.random()}:`;
    const text = stringify(value, replacing(replacer, mark, tokens) as never, space as never);
    if (typeof text !== 'string' || tokens.length === 0) return text;
    // Each mark is a string that occurs nowhere else.
    return text.split(stringify(mark).slice(0, -1)).reduce((done, part) => {
      const end = part.indexOf('"');
      return done + tokens[Number(part.slice(0, end))] + part.slice(end + 1);
    });
  },
  rawJSON(text: unknown): object {
    const json = `${text}`;
    if (json === '' || /^[\t\n\r ]|[\t\n\r ]$/.test(json))
      throw new SyntaxError('the JSON is empty, or has white space around it');
    const value: unknown = parse(json);
    if (typeof value === 'object' && value !== null) throw new SyntaxError('the JSON is an object or an array');
    const raw = Object.create(null) as Keyed;
    raw['rawJSON'] = json;
    raws.add(raw);
    hasRaws = true;
    return Object.freeze(raw);
  },
  isRawJSON(value: unknown): boolean {
    return isRaw(value);
  },
};

function replacing(replacer: unknown, mark: string, tokens: string[]): Replacer {
  const keys = Array.isArray(replacer) ? keysOf(replacer) : undefined;
  const replace = typeof replacer === 'function' ? (replacer as Replacer) : undefined;
  return function (key, given) {
    const value = replace === undefined ? given : Reflect.apply(replace, this, [key, given]);
    if (isRaw(value)) return mark + (tokens.push(value.rawJSON) - 1);
    if (keys === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(
      keys.filter((name) => Object.hasOwn(value, name)).map((name) => [name, (value as Keyed)[name]]),
    );
  };
}

function keysOf(list: readonly unknown[]): string[] {
  const isKey = (item: unknown) =>
    typeof item === 'string' || typeof item === 'number' || item instanceof String || item instanceof Number;
  return [...new Set(list.filter(isKey).map(String))];
}

function revive(holder: Keyed, key: string, reviver: Reviver, source: SourceNode | undefined, first: unknown): unknown {
  const value = holder[key];
  // A value that a reviver stored has no source.
  const known = Object.is(value, first) ? source : undefined;
  if (typeof value === 'object' && value !== null) {
    const keys = Array.isArray(value) ? Array.from(value, (_item, index) => String(index)) : Object.keys(value);
    const before = keys.map((name) => (value as Keyed)[name]);
    keys.forEach((name, index) => {
      const revived = revive(
        value as Keyed,
        name,
        reviver,
        known?.members?.get(name),
        known === undefined ? NOTHING : before[index],
      );
      if (revived === undefined) Reflect.deleteProperty(value, name);
      else
        Reflect.defineProperty(value, name, { value: revived, writable: true, enumerable: true, configurable: true });
    });
    return Reflect.apply(reviver, holder, [key, value, {}]);
  }
  const context = known?.text === undefined ? {} : { source: known.text };
  return Reflect.apply(reviver, holder, [key, value, context]);
}

const NOTHING = {};

export default function install(host: FeatureHost): void {
  for (const name of ['parse', 'stringify', 'rawJSON', 'isRawJSON'] as const)
    host.define(`JSON.${name}`, members[name]);
}
