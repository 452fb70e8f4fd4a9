import type { FeatureHost } from '../features/feature.js';
import { executionStart, noteMissing, openCells } from './cells.js';
import {
  apply,
  dataDescriptor,
  define,
  defineProperty,
  getOwnPropertyDescriptor,
  nullObject,
  PromiseConstructor,
  TypeErrorConstructor,
} from './intrinsics.js';

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

/** By name; an accessor that is not in here is a library's. */
const getters = nullObject() as Record<string, () => unknown>;

/** @param mark what tells the host that it is missing */
function reserve(name: string, mark: number): void {
  const descriptor = nullObject() as PropertyDescriptor;
  const get = (): unknown => {
    const current = getOwnPropertyDescriptor(globalThis, name);
    // Somebody kept the accessor, and what it stood for has come since.
    if (current !== undefined && current.get !== get) return current.value;
    noteMissing(mark);
    for (;;);
  };
  getters[name] = get;
  descriptor.get = get;
  descriptor.set = function (this: unknown, value) {
    const isEnumerable = this !== undefined && this !== globalThis;
    defineProperty((this ?? globalThis) as object, name, dataDescriptor(value, isEnumerable));
  };
  descriptor.configurable = true;
  defineProperty(globalThis, name, descriptor);
}

function defineFeature(name: string, value: unknown): void {
  const get = getOwnPropertyDescriptor(globalThis, name)?.get;
  if (get === undefined || get !== getters[name]) return;
  // Names are shortened when the script is bundled.
  if (typeof value === 'function') defineProperty(value, 'name', { value: name, configurable: true });
  define(globalThis, name, value);
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
  return { define: defineFeature, entropy };
}
