import { beforeAll, describe, expect, it } from 'vitest';

import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../support/executor.js';

/** So that the image has every feature, with the builtins that it captured. */
const FEATURES = '[structuredClone, TextEncoder, TextDecoder, atob, URL, URLSearchParams, crypto, DOMException];';

/** `reachable()`: every function that property names, prototypes and accessors lead to from the globals and from values of each kind. */
const REACHABLE = `
  const reachable = () => {
    const seen = new Set(), functions = [], left = [globalThis, [], function () {}, async () => {}, function* () {}, async function* () {}, /x/,
      [].values(), new Map().entries(), new Set().values(), ''.matchAll(/x/g), ''[Symbol.iterator](), (function* () {})(), (async function* () {})(),
      new Proxy({}, {}), Promise.resolve(), new Error('x'), new DataView(new ArrayBuffer(1)), new Float16Array(1), Object(1n), Object(Symbol()), arguments];
    while (left.length > 0) {
      const value = left.pop();
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
      seen.add(value);
      if (typeof value === 'function') functions.push(value);
      left.push(Object.getPrototypeOf(value));
      for (const key of Reflect.ownKeys(value)) {
        const { get, set, value: held } = Object.getOwnPropertyDescriptor(value, key) ?? {};
        left.push(get, set, held);
      }
    }
    return functions;
  };`;

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

async function returned(source: string): Promise<unknown> {
  const { status, returnValue, error } = await runInThread(executor, source, undefined, { timeoutMs: 120_000 });
  expect([status, error?.message]).toEqual(['success', undefined]);
  return returnValue;
}

describe('a buffer keeps its bytes and its length', () => {
  it('whatever function that a handler can reach is called with it', async () => {
    const source = `
      ${FEATURES} ${REACHABLE}
      const functions = reachable(), bad = [];
      // This function, and those that remove what it needs.
      const kept = new Set([arguments.callee, Reflect.ownKeys, Object.freeze, Object.seal, Object.preventExtensions, Reflect.preventExtensions]);
      const { apply } = Reflect, { then } = Promise.prototype, lengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength').get;
      const descriptors = Object.getOwnPropertyDescriptors(ArrayBuffer.prototype);
      for (const f of functions) {
        if (kept.has(f)) continue;
        for (const [self, args] of [['buffer', [0]], ['buffer', []], [undefined, ['buffer', 0]], [undefined, ['buffer']], [undefined, ['buffer', { transfer: ['buffer'] }]]]) {
          const buffer = new ArrayBuffer(96, { maxByteLength: 128 }), view = new Uint8Array(buffer);
          const put = (x) => (x === 'buffer' ? buffer : x !== null && typeof x === 'object' ? { transfer: [buffer] } : x);
          try { apply(then, apply(f, put(self), args.map(put)), [() => {}, () => {}]); } catch {}
          if (apply(lengthOf, buffer, []) !== 96 || view[95] !== 0 || buffer.detached) bad.push(f.name);
        }
      }
      Object.defineProperties(ArrayBuffer.prototype, descriptors);
      return [functions.length > 500, bad];
    `;
    expect(await returned(source)).toEqual([true, []]);
  }, 150_000);

  it('of the methods that move a buffer only the copying ones are left', async () => {
    const source = `
      ${FEATURES} ${REACHABLE}
      const named = reachable().filter(({ name }) => /^(resize|grow|transfer\\w*|get (resizable|growable|maxByteLength)|SharedArrayBuffer)$/.test(name));
      const { transfer, transferToFixedLength } = ArrayBuffer.prototype;
      return [named.length, named.includes(transfer), named.includes(transferToFixedLength)];
    `;
    expect(await returned(source)).toEqual([2, true, true]);
  });

  it('a handler that deletes or replaces a method of buffers gets no other one back', async () => {
    const source = `
      delete ArrayBuffer.prototype.transfer;
      ArrayBuffer.prototype.resize = ArrayBuffer.prototype.transferToFixedLength;
      class Mine extends ArrayBuffer {}
      const buffer = new Mine(8, { maxByteLength: 16 });
      buffer.resize(2);
      return ['transfer' in buffer, 'transfer' in new Uint8Array(1).buffer, buffer.byteLength, typeof SharedArrayBuffer];
    `;
    expect(await returned(source)).toEqual([false, false, 8, 'undefined']);
  });
});

describe('ArrayBuffer.prototype.transfer', () => {
  const each = (body: string) => `return ['transfer', 'transferToFixedLength'].map((name) => { ${body} });`;
  const both = (value: unknown) => [value, value];

  it('returns a copy of the length that is asked for, with zeros behind what there was', async () => {
    const source = each(`
      const buffer = new Uint8Array([1, 2, 3, 4]).buffer;
      return [undefined, 4, 2, 6, 0, '3', 2.9, null].map((length) => [...new Uint8Array(buffer[name](length))]);
    `);
    const copies = [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2], [1, 2, 3, 4, 0, 0], [], [1, 2, 3], [1, 2], []];
    expect(await returned(source)).toEqual(both(copies));
  });

  it('leaves the buffer, its views and what is written through them', async () => {
    const source = each(`
      const view = new Uint8Array([1, 2, 3]), copy = new Uint8Array(view.buffer[name]());
      view[0] = 9; copy[1] = 8;
      return [[...view], [...copy], view.buffer.detached, view.buffer.byteLength];
    `);
    expect(await returned(source)).toEqual(both([[9, 2, 3], [1, 8, 3], false, 3]));
  });

  it('looks like the standard’s: name, length, attributes, and no constructor', async () => {
    const source = `
      const shape = (name) => {
        const { value, ...flags } = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, name);
        let constructs = true; try { Reflect.construct(Object, [], value); } catch { constructs = false; }
        return [value.name, value.length, flags, constructs, Object.hasOwn(value, 'prototype'), Object.getPrototypeOf(value) === Function.prototype];
      };
      return [shape('transfer'), shape('transferToFixedLength'), Object.getOwnPropertyNames(ArrayBuffer.prototype)];
    `;
    const flags = { writable: true, enumerable: false, configurable: true };
    expect(await returned(source)).toEqual([
      ['transfer', 0, flags, false, false, true],
      ['transferToFixedLength', 0, flags, false, false, true],
      ['byteLength', 'detached', 'slice', 'transfer', 'transferToFixedLength', 'constructor'],
    ]);
  });

  it('throws what the standard says for what is no buffer, and for no length', async () => {
    const source = each(`
      const method = ArrayBuffer.prototype[name], buffer = new ArrayBuffer(2);
      return [[{}], [undefined], [new Uint8Array(1)], [buffer, -1], [buffer, 2 ** 53], [buffer, Symbol()], [buffer, 1n]].map(([self, ...args]) => {
        try { method.apply(self, args); return 'returned'; } catch (error) { return error.name; }
      });
    `);
    const errors = ['TypeError', 'TypeError', 'TypeError', 'RangeError', 'RangeError', 'TypeError', 'TypeError'];
    expect(await returned(source)).toEqual(both(errors));
  });

  it('asks for its length once, and no builtin that a handler replaced', async () => {
    const source = each(`
      let asked = 0;
      const buffer = new Uint8Array([1, 2]).buffer, method = ArrayBuffer.prototype[name];
      const broken = () => { throw new Error('asked'); };
      Uint8Array.prototype.set = broken; Object.getPrototypeOf(Uint8Array).prototype.set = broken;
      Object.defineProperty(ArrayBuffer.prototype, 'byteLength', { get: broken });
      Object.defineProperty(ArrayBuffer, Symbol.species, { get: broken });
      globalThis.Uint8Array = broken; globalThis.ArrayBuffer = broken; Reflect.apply = broken; Function.prototype.call = broken;
      Array.prototype[0] = 9;
      const copy = method.apply(buffer, [{ valueOf() { asked++; return 1; } }]);
      return [asked, new DataView(copy).getUint8(0)];
    `).replace("['transfer', 'transferToFixedLength']", "['transfer']");
    expect(await returned(source)).toEqual([[1, 1]]);
  });
});
