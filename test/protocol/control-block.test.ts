import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ControlBlock, ItemState, MAX_BATCH } from '#src/protocol/control-block.js';
import { bundleSource } from '../support/sources/bundle-source.js';

function begin(items = MAX_BATCH): ControlBlock {
  const control = new ControlBlock();
  control.reset(items);
  return control;
}

describe('an item', () => {
  it('waits, runs, is finished', () => {
    const control = begin();
    expect(control.stateOf(3)).toBe(ItemState.waiting);
    expect(control.claim(3)).toBe(true);
    expect(control.stateOf(3)).toBe(ItemState.running);
    control.finish(3);
    expect(control.stateOf(3)).toBe(ItemState.finished);
    expect(control.stateOf(2)).toBe(ItemState.waiting);
    expect(control.stateOf(4)).toBe(ItemState.waiting);
  });

  it('an item that was taken back is not begun', () => {
    const control = begin();
    expect(control.revoke(0)).toBe(true);
    expect(control.claim(0)).toBe(false);
    expect(control.stateOf(0)).toBe(ItemState.revoked);
    expect(control.current()).toBeUndefined();
  });

  it('an item that was begun is not taken back, nor when it is finished', () => {
    const control = begin();
    expect(control.claim(0)).toBe(true);
    expect(control.revoke(0)).toBe(false);
    expect(control.stateOf(0)).toBe(ItemState.running);
    control.finish(0);
    expect(control.revoke(0)).toBe(false);
    expect(control.stateOf(0)).toBe(ItemState.finished);
  });

  it('is begun once, and taken back once', () => {
    const control = begin();
    expect([control.claim(0), control.claim(0)]).toEqual([true, false]);
    expect([control.revoke(1), control.revoke(1)]).toEqual([true, false]);
    control.finish(0);
    expect(control.claim(0)).toBe(false);
  });

  it('is begun or taken back, whichever comes first, in any order', () => {
    const attempts = fc.array(
      fc.record({ item: fc.nat({ max: MAX_BATCH - 1 }), by: fc.constantFrom('claim', 'revoke') }),
    );
    fc.assert(
      fc.property(attempts, (sequence) => {
        const control = begin();
        const first = new Map<number, 'claim' | 'revoke'>();
        for (const { item, by } of sequence) {
          expect(control[by](item)).toBe(!first.has(item));
          if (!first.has(item)) first.set(item, by);
        }
        for (let item = 0; item < MAX_BATCH; item++) {
          const by = first.get(item);
          const state = { claim: ItemState.running, revoke: ItemState.revoked };
          expect(control.stateOf(item)).toBe(by === undefined ? ItemState.waiting : state[by]);
        }
      }),
    );
  });

  it('is begun by one thread or taken back by another', async () => {
    const rounds = 200;
    const control = new ControlBlock();
    const claimed = new Uint8Array(new SharedArrayBuffer(MAX_BATCH));
    /** How many rounds were begun, and how many ended. */
    const gate = new Int32Array(new SharedArrayBuffer(8));
    const code = `
      const { workerData: { url, cells, claimed, gate, rounds } } = require('node:worker_threads');
      import(url).then(({ ControlBlock }) => {
        const control = new ControlBlock(cells);
        for (let round = 1; round <= rounds; round++) {
          while (Atomics.load(gate, 0) < round);
          for (let item = 0; item < claimed.length; item++) {
            if (!control.claim(item)) continue;
            claimed[item] = 1;
            control.finish(item);
          }
          Atomics.store(gate, 1, round);
          Atomics.notify(gate, 1);
        }
      });
    `;
    const url = (await bundleSource('src/protocol/control-block.ts')).href;
    const workerData = { url, cells: control.cells, claimed, gate, rounds };
    const worker = new Worker(code, { eval: true, workerData, execArgv: [] });
    await once(worker, 'online');
    for (let round = 1; round <= rounds; round++) {
      control.reset(MAX_BATCH);
      claimed.fill(0);
      Atomics.store(gate, 0, round);
      const revoked = new Uint8Array(MAX_BATCH);
      for (let item = MAX_BATCH - 1; item >= 0; item--) revoked[item] = Number(control.revoke(item));
      expect(Atomics.wait(gate, 1, round - 1, 20_000)).not.toBe('timed-out');
      const states = Array.from(claimed, (one) => (one === 1 ? ItemState.finished : ItemState.revoked));
      expect(Array.from(states, (_, item) => control.stateOf(item))).toEqual(states);
      expect([...revoked]).toEqual(Array.from(claimed, (one) => 1 - one));
    }
    await worker.terminate();
  });
});

describe('the current item', () => {
  it('is the one that runs, and none between items', () => {
    const control = begin();
    expect(control.current()).toBeUndefined();
    for (const item of [0, 1, MAX_BATCH - 1]) {
      control.claim(item);
      expect(control.current()?.item).toBe(item);
      control.finish(item);
      expect(control.current()).toBeUndefined();
    }
  });

  it('has a running time that is whole, begins with it, and does not run backwards', () => {
    const control = begin();
    for (let item = 0; item < MAX_BATCH; item++) {
      const before = process.hrtime.bigint();
      control.claim(item);
      let last = 0;
      for (let i = 0; i < 100; i++) {
        const { runningMs = -1 } = control.current() ?? {};
        expect(Number.isInteger(runningMs)).toBe(true);
        expect(runningMs).toBeGreaterThanOrEqual(last);
        last = runningMs;
      }
      // No longer than we took ourselves, but for the rounding.
      expect(last).toBeLessThanOrEqual(Number(process.hrtime.bigint() - before) / 1e6 + 1);
      control.finish(item);
    }
  });

  it('stays the same when another is taken back or cancelled', () => {
    const control = begin();
    control.claim(1);
    control.revoke(2);
    control.claim(2);
    control.cancel(0);
    expect(control.current()?.item).toBe(1);
  });
});

describe('cancelling', () => {
  it('concerns only its item', () => {
    const control = begin();
    const cancelled = () =>
      Array.from({ length: MAX_BATCH }, (_, item) => item).filter((item) => control.isCancelled(item));
    expect(cancelled()).toEqual([]);
    for (const item of [0, 5, MAX_BATCH - 1]) {
      control.claim(item);
      control.cancel(item);
      expect(cancelled()).toEqual([item]);
      control.finish(item);
    }
  });

  it('cancelling an item that is not running leaves the flag of the one that is', () => {
    const control = begin();
    control.claim(0);
    control.finish(0);
    control.claim(1);
    control.cancel(1);
    control.cancel(0);
    control.cancel(2);
    expect([0, 1, 2].filter((item) => control.isCancelled(item))).toEqual([1]);
  });

  it('leaves the item running: it is up to the worker', () => {
    const control = begin();
    control.claim(0);
    control.cancel(0);
    expect([control.stateOf(0), control.current()?.item]).toEqual([ItemState.running, 0]);
    control.finish(0);
    expect(control.claim(1)).toBe(true);
    expect(control.isCancelled(1)).toBe(false);
  });
});

describe('a block', () => {
  it('is as new after a reset', () => {
    const control = begin();
    control.claim(0);
    control.finish(0);
    control.revoke(1);
    control.claim(2);
    control.cancel(2);
    control.reset(3);
    expect([0, 1, 2].map((item) => control.stateOf(item))).toEqual(Array(3).fill(ItemState.waiting));
    expect(control.current()).toBeUndefined();
    expect(control.isCancelled(2)).toBe(false);
    expect([control.claim(0), control.revoke(1)]).toEqual([true, true]);
  });

  it('over the same cells is the same', () => {
    const main = begin();
    const worker = new ControlBlock(main.cells);
    expect(worker.claim(4)).toBe(true);
    expect([main.current()?.item, main.stateOf(4), main.revoke(4)]).toEqual([4, ItemState.running, false]);
    main.cancel(4);
    expect(worker.isCancelled(4)).toBe(true);
    expect(main.revoke(5)).toBe(true);
    expect(worker.claim(5)).toBe(false);
    worker.finish(4);
    expect([main.current(), main.stateOf(4)]).toEqual([undefined, ItemState.finished]);
    main.reset(MAX_BATCH);
    expect([worker.stateOf(4), worker.stateOf(5), worker.isCancelled(4)]).toEqual([0, 0, false]);
  });

  it('a block of its own is another', () => {
    const [one, other] = [begin(), begin()];
    one.claim(0);
    expect([other.current(), other.stateOf(0)]).toEqual([undefined, ItemState.waiting]);
  });
});
