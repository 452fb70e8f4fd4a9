import type { FeatureHost } from '../features/feature.js';
import { writeLine } from './effects.js';
import {
  apply,
  dataDescriptor,
  define,
  defineProperty,
  getOwnPropertyDescriptor,
  type Keyed,
  nullObject,
  PromiseConstructor,
  TypeErrorConstructor,
} from './intrinsics.js';
import { executionStart, noteMissing, openCells } from './shared-cells.js';

/**
 * The globals of the web platform: the tiny ones, and places for those that are *features*, scripts of their own that
 * only the images of handlers that use them contain.
 *
 * Where a feature is missing, its global is an accessor that tells the host and waits to be interrupted: the host runs
 * the handler again, in an image that has everything. It tells it through the *cells*, bytes whose place the host knows.
 */

const { now: dateNow } = Date;
const { then } = Promise.prototype;

/** Callbacks see the job queue as promises leave it: there is one. */
function queueMicrotask(callback: () => void): void {
  if (typeof callback !== 'function') throw new TypeErrorConstructor('The "callback" argument must be a function');
  const settled = new PromiseConstructor<void>((resolve) => resolve());
  apply(then, settled, [() => apply(callback, undefined, [])]);
}

let latest = 0;
/** In milliseconds and in steps of one: a finer clock would tell a handler about its neighbours. */
const performance = {
  get timeOrigin(): number {
    return executionStart();
  },
  now(): number {
    const elapsed = dateNow() - executionStart();
    if (elapsed > latest) latest = elapsed;
    return latest;
  },
  toJSON() {
    return { timeOrigin: executionStart() };
  },
};
define(performance, Symbol.toStringTag, 'Performance');

define(globalThis, 'queueMicrotask', queueMicrotask);
define(globalThis, 'performance', performance);

/** Where a global of a feature stands, or a member of what there is already. */
interface Place {
  readonly holder: object;
  readonly key: string;
  /** What stands there until it comes. An accessor that is not this one is a library's. */
  readonly get: () => unknown;
}

/** By name or path. */
const places = nullObject() as Record<string, Place>;

/** @param mark what tells the host that it is missing */
function reserve(path: string, mark: number): void {
  const descriptor = nullObject() as PropertyDescriptor;
  const { holder, key } = resolve(path);
  const get = (): unknown => {
    const current = getOwnPropertyDescriptor(holder, key);
    // Somebody kept the accessor, and what it stood for has come since.
    if (current !== undefined && current.get !== get) return current.value;
    noteMissing(mark);
    for (;;);
  };
  places[path] = { holder, key, get };
  descriptor.get = get;
  descriptor.set = function (this: unknown, value) {
    const isEnumerable = this !== undefined && this !== holder;
    defineProperty((this ?? holder) as object, key, dataDescriptor(value, isEnumerable));
  };
  descriptor.configurable = true;
  defineProperty(holder, key, descriptor);
}

function resolve(path: string): { holder: object; key: string } {
  let holder: object = globalThis;
  let key = '';
  for (let i = 0; i < path.length; i++) {
    const character = path[i] as string;
    if (character === '.') {
      holder = (holder as Keyed)[key] as object;
      key = '';
    } else key += character;
  }
  return { holder, key };
}

function defineFeature(path: string, value: unknown): void {
  const { holder, key, get } = places[path] ?? { ...resolve(path), get: undefined };
  const current = getOwnPropertyDescriptor(holder, key);
  // One that is there already and was not reserved is replaced.
  if (get !== undefined && current?.get !== get) return;
  // Names are shortened when the script is bundled.
  if (typeof value === 'function') defineProperty(value, 'name', { value: key, configurable: true });
  define(holder, key, value);
}

/**
 * @param features the names of the globals of every feature
 * @param cells bytes whose place the host knows
 * @returns what the host passes to a feature
 */
export function reserveFeatures(features: readonly (readonly string[])[], cells: ArrayBuffer): FeatureHost {
  const entropy = openCells(cells);
  features.forEach((names, index) => {
    for (const name of names) reserve(name, index + 1);
  });
  return { define: defineFeature, log: writeLine, entropy };
}
