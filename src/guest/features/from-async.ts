import type { FeatureHost } from './feature.js';
import { ForAwait, iterationOf } from './for-await/loop.js';

type Mapper = (this: unknown, value: unknown, index: number) => unknown;

const { apply, construct, defineProperty, set } = Reflect;
const { trunc } = Math;

function isConstructor(value: unknown): value is new (length?: number) => object {
  try {
    construct(Object, [], value as new () => object);
    return true;
  } catch {
    return false;
  }
}

function put(target: object, index: number, value: unknown): void {
  const descriptor = { value, writable: true, enumerable: true, configurable: true };
  if (!defineProperty(target, index, descriptor)) throw new TypeError(`index ${index} cannot be defined`);
}

function putLength(target: object, length: number): void {
  if (!set(target, 'length', length)) throw new TypeError('the length cannot be set');
}

/** https://tc39.es/ecma262/#sec-array.fromasync */
const methods = {
  fromAsync(this: unknown, items: unknown, ...rest: [mapper?: unknown, thisArg?: unknown]): Promise<unknown> {
    return collect(this, items, rest[0] as Mapper | undefined, rest[1]);
  },
};

async function collect(type: unknown, items: unknown, mapper: Mapper | undefined, thisArg: unknown): Promise<unknown> {
  if (mapper !== undefined && typeof mapper !== 'function') throw new TypeError('the mapper is not a function');
  const iteration = iterationOf(items);
  if (iteration === undefined) {
    const source = Object(items) as ArrayLike<unknown>;
    const length = lengthOf(source);
    const target = isConstructor(type) ? new type(length) : new Array(length);
    for (let index = 0; index < length; index++) {
      let value = await source[index];
      if (mapper !== undefined) value = await apply(mapper, thisArg, [value, index]);
      put(target, index, value);
    }
    putLength(target, length);
    return target;
  }
  const target = isConstructor(type) ? new type() : [];
  const loop = new ForAwait(items, iteration);
  let index = 0;
  for (; !loop.isDone(await loop.next()); index++) {
    try {
      const value = mapper === undefined ? loop.value : await apply(mapper, thisArg, [loop.value, index]);
      put(target, index, value);
    } catch (error) {
      try {
        await loop.close()?.result;
      } catch {
        // The error that was thrown before takes precedence.
      }
      throw error;
    }
  }
  putLength(target, index);
  return target;
}

function lengthOf({ length }: ArrayLike<unknown>): number {
  const whole = trunc(+length);
  // NaN is not a length either.
  return whole > 0 ? (whole < Number.MAX_SAFE_INTEGER ? whole : Number.MAX_SAFE_INTEGER) : 0;
}

export default function install(host: FeatureHost): void {
  host.define('Array.fromAsync', methods.fromAsync);
}
