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
import { beginRequest, withdrawRequest } from './own-calls/net-calls.js';
import { beginSignal, withdrawSignal } from './own-calls/signal-calls.js';
import { clearTimer, setTimer } from './own-calls/timer-calls.js';
import { executionStart, noteMissing, openCells } from './shared-cells.js';
import { refuse } from './value-kinds.js';

/**
 * The globals of the web platform: the small ones, and reserved places for *features*, separate scripts that
 * are only in the images of handlers that use them.
 *
 * If a feature is missing, its global is an accessor that notifies the host and waits to be interrupted: the
 * host runs the handler again, in an image with all features. It notifies the host through the *shared
 * cells*, bytes at a known address.
 */

const { now: dateNow } = Date;
const { then } = Promise.prototype;

/** There is only the job queue of promises. */
function queueMicrotask(callback: () => void): void {
  if (typeof callback !== 'function') throw new TypeErrorConstructor('The "callback" argument must be a function');
  const settled = new PromiseConstructor<void>((resolve) => resolve());
  apply(then, settled, [() => apply(callback, undefined, [])]);
}

let latest = 0;
/** In milliseconds with steps of one: a finer clock would reveal information about other handlers. */
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

/** The place of a feature's global, or of a member of an existing object. */
interface Place {
  readonly holder: object;
  readonly key: string;
  /** The accessor that stands there until the feature is loaded. Any other accessor belongs to a library. */
  readonly get: () => unknown;
}

/** By name or path. */
const places = nullObject() as Record<string, Place>;

/** @param mark tells the host which feature is missing */
function reserve(path: string, mark: number): void {
  const descriptor = nullObject() as PropertyDescriptor;
  const { holder, key } = resolve(path);
  const get = (): unknown => {
    const current = getOwnPropertyDescriptor(holder, key);
    // The accessor was kept by other code, and the global has been defined since.
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
  // An existing global that was not reserved is replaced.
  if (get !== undefined && current?.get !== get) return;
  // The bundler shortens names.
  if (typeof value === 'function') defineProperty(value, 'name', { value: key, configurable: true });
  define(holder, key, value);
}

/** What is at hand is a part of another feature: any mark says so. */
function missFeature(): never {
  noteMissing(1);
  for (;;);
}

/**
 * @param features the names of the globals of every feature
 * @param cells bytes at an address that the host knows
 * @returns the object that the host passes to a feature
 */
export function reserveFeatures(features: readonly (readonly string[])[], cells: ArrayBuffer): FeatureHost {
  const entropy = openCells(cells);
  features.forEach((names, index) => {
    for (const name of names) reserve(name, index + 1);
  });
  const calls = { setTimer, clearTimer, beginRequest, withdrawRequest, beginSignal, withdrawSignal };
  return { define: defineFeature, refuse, log: writeLine, entropy, missFeature, ...calls };
}
