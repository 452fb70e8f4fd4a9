import type { FeatureHost } from './feature.js';

type Mapper = (this: unknown, value: unknown, index: number) => unknown;

function isConstructor(value: unknown): value is new (length?: number) => object {
  try {
    Reflect.construct(Object, [], value as new () => object);
    return true;
  } catch {
    return false;
  }
}

function put(target: object, index: number, value: unknown): void {
  const descriptor = { value, writable: true, enumerable: true, configurable: true };
  if (!Reflect.defineProperty(target, index, descriptor)) throw new TypeError(`index ${index} cannot be defined`);
}

/** https://tc39.es/ecma262/#sec-array.fromasync */
const methods = {
  async fromAsync(this: unknown, items: unknown, ...rest: [mapper?: unknown, thisArg?: unknown]): Promise<unknown> {
    const [mapper, thisArg] = rest;
    if (mapper !== undefined && typeof mapper !== 'function') throw new TypeError('the mapper is not a function');
    const map = async (value: unknown, index: number) =>
      mapper === undefined ? value : await Reflect.apply(mapper as Mapper, thisArg, [value, index]);
    const source = items as Record<PropertyKey, unknown>;
    if (source[Symbol.asyncIterator] == null && source[Symbol.iterator] == null) return fromArrayLike(this, items, map);
    const target = isConstructor(this) ? new this() : [];
    let index = 0;
    for await (const value of items as AsyncIterable<unknown>) {
      put(target, index, mapper === undefined ? value : await map(value, index));
      index++;
    }
    (target as { length: number }).length = index;
    return target;
  },
};

async function fromArrayLike(
  type: unknown,
  items: unknown,
  map: (value: unknown, index: number) => Promise<unknown>,
): Promise<unknown> {
  const source = Object(items) as ArrayLike<unknown>;
  const length = Math.min(Math.max(Math.trunc(Number(source.length)) || 0, 0), Number.MAX_SAFE_INTEGER);
  const target = isConstructor(type) ? new type(length) : new Array(length);
  for (let index = 0; index < length; index++) put(target, index, await map(await source[index], index));
  (target as { length: number }).length = length;
  return target;
}

export default function install(host: FeatureHost): void {
  host.define('Array.fromAsync', methods.fromAsync);
}
