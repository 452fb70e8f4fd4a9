import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeValue } from '#src/codec/values/decoding/decode.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { captureDelta } from '#src/engine/image/delta.js';
import { captureImage, type Image } from '#src/engine/image/image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import { type EngineModule, loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import { Vm } from '#src/engine/vm.js';

const limits = { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 128 * 1024 };
/** The number of pairs for which the list has room. */
const CAPACITY = 64;
/** The most memory that evaluating a script may leave; a promise takes some 100 bytes. */
const EVALUATION_BYTES = 32 * 1024;

let engine: EngineModule;
let compiler: SourceCompiler;
let vm: Vm;
let fresh: Image;

beforeAll(async () => {
  engine = await loadEngine();
  compiler = await SourceCompiler.create(engine, limits.stackSizeBytes);
  vm = await createExecutionVm(engine, limits);
  fresh = captureImage(vm);
});

beforeEach(() => restoreImage(vm, fresh));

/** Evaluates a script and runs the jobs it leaves. */
async function evaluate(script: string): Promise<void> {
  const compiled = await compiler.compile(script, 'script.js');
  if (!compiled.ok) throw new Error(compiled.problem.message);
  vm.evaluateBytecode(compiled.bytecode);
  while (vm.hasPendingJobs) vm.runJobs(1000);
}

/** The number of unhandled rejections, and the reason of the first, if it is known. */
function unhandled(): [count: number, reason?: unknown] {
  const { count, firstReason } = vm.unhandledRejections;
  return firstReason === undefined ? [count] : [count, decodeValue(vm.writeValue(firstReason))];
}

/** Small and good enough: Lehmer's generator. */
function randomIntegers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('the list of unhandled rejections', () => {
  it('is empty in a fresh VM, and in one that only compiles', async () => {
    expect(unhandled()).toEqual([0]);
    const compilation = await Vm.create(engine, { ...limits, purpose: 'compilation' });
    expect(compilation.unhandledRejections).toEqual({ count: 0, firstReason: undefined });
  });

  it('holds the reason of a promise that nobody handles, whatever kind of value it is', async () => {
    for (const reason of ['1', '0.5', '-0', '"text"', 'null', 'undefined', 'true', '123n', '{ a: [1, "x"] }', '[]']) {
      restoreImage(vm, fresh);
      await evaluate(`Promise.reject(${reason})`);
      const [count, read] = unhandled();
      expect(count).toBe(1);
      // biome-ignore lint/security/noGlobalEval: the literals of the line above
      expect(read).toEqual(eval(`(${reason})`));
    }
  });

  it.each([
    ['with a second argument of then', 'p.then(undefined, () => {})'],
    ['with catch', 'p.catch(() => {})'],
    ['by awaiting it', '(async () => { try { await p } catch {} })()'],
    ['a job later', 'Promise.resolve().then(() => Promise.resolve()).then(() => p.catch(() => {}))'],
    ['twice', 'p.catch(() => {}); p.catch(() => {})'],
    ['by Promise.allSettled', 'Promise.allSettled([p, 1])'],
  ])('loses a promise that is handled %s', async (_how, handle) => {
    await evaluate(`globalThis.p = Promise.reject(1); globalThis.other = Promise.reject("other")`);
    expect(unhandled()).toEqual([2, 1]);
    await evaluate(handle);
    expect(unhandled()).toEqual([1, 'other']);
  });

  it('does not list a promise that was handled before it was rejected', async () => {
    await evaluate('let reject; const p = new Promise((_, r) => { reject = r }); p.catch(() => {}); reject(1)');
    expect(unhandled()).toEqual([0]);
  });

  it('passes on to the promises that depend on it: then, finally and a handler that rejects', async () => {
    await evaluate('Promise.reject(1).then(() => {})');
    await evaluate('Promise.reject(2).finally(() => {})');
    await evaluate('Promise.reject(3).catch(() => Promise.reject(4))');
    await evaluate('Promise.reject(5).catch(() => { throw 6 })');
    expect(unhandled()).toEqual([4, 1]);
  });

  it('counts a promise once that is rejected again and again', async () => {
    await evaluate('new Promise((_, reject) => { for (let i = 0; i < 100; i++) reject(i); throw 7 })');
    expect(unhandled()).toEqual([1, 0]);
  });

  it.each([
    1,
    CAPACITY - 1,
    CAPACITY,
    CAPACITY + 1,
    1000,
  ])('the list of unhandled rejections of %i counts every one, and every one handled', async (n) => {
    await evaluate(`globalThis.all = Array.from({ length: ${n} }, (_, i) => Promise.reject(i))`);
    expect(unhandled()).toEqual([n, 0]);
    await evaluate('for (let i = 0; i < all.length; i += 2) all[i].catch(() => {})');
    expect(unhandled()).toEqual(n === 1 ? [0] : [Math.floor(n / 2), 1]);
    await evaluate('for (let i = 1; i < all.length; i += 2) all[i].catch(() => {})');
    expect(unhandled()).toEqual([0]);
  });

  it('knows of one that came while it was full, but not why', async () => {
    await evaluate(`
      const all = Array.from({ length: ${CAPACITY + 1} }, (_, i) => Promise.reject(i));
      for (const p of all.slice(0, ${CAPACITY})) p.catch(() => {});
    `);
    expect(unhandled()).toEqual([1]);
  });

  it('agrees with a model over random rejections and handlings', async () => {
    const random = randomIntegers(20_260_101);
    for (let round = 0; round < 20; round++) {
      restoreImage(vm, fresh);
      const listed: number[] = [];
      const overflowed: number[] = [];
      const steps: string[] = [];
      for (let id = 0; id < 300; id++) {
        steps.push(`all[${id}] = Promise.reject(${id})`);
        (listed.length < CAPACITY ? listed : overflowed).push(id);
        // Later rounds handle more than half of the time.
        while (random(20) < round) {
          const from = random(2) === 0 ? listed : overflowed;
          const [handled] = from.splice(random(Math.max(1, from.length)), 1);
          if (handled !== undefined) steps.push(`all[${handled}].catch(() => {})`);
        }
      }
      await evaluate(`const all = []; ${steps.join(';')}; globalThis.all = all;`);
      const count = listed.length + overflowed.length;
      expect(unhandled()).toEqual(listed.length === 0 ? [count] : [count, listed[0]]);
    }
  });
});

describe('listed promises', () => {
  it('listed promises and their reasons live on when the guest lets go of them and garbage is collected', async () => {
    await evaluate(`
      (() => { const reason = { text: 'x'.repeat(1000) }; reason.self = [Promise.reject(reason.text)]; })();
      for (let i = 0; i < 200_000; i++) { const a = {}; a.a = { a, filler: 'x'.repeat(i % 50) } }
    `);
    expect(unhandled()).toEqual([1, 'x'.repeat(1000)]);
  });

  it.each([
    ['handled at once', 'Promise.reject({}).catch(() => {})'],
    ['awaited', 'try { await Promise.reject({}) } catch {}'],
    [
      'handled later, a hundred at a time',
      'for (const p of Array.from(HUNDRED, () => Promise.reject({}))) p.catch(() => {})',
    ],
  ])('are freed when they were %s', async (_how, step) => {
    const repeat = (times: number) =>
      `(async () => { const HUNDRED = { length: 100 }; for (let i = 0; i < ${times}; i++) { ${step}; await null } })()`;
    await evaluate(repeat(100));
    const before = vm.heapEnd;
    await evaluate(repeat(2000));
    expect(unhandled()).toEqual([0]);
    expect(vm.heapEnd - before).toBeLessThan(EVALUATION_BYTES);
  });

  it('are not kept beyond what the list has room for', async () => {
    await evaluate('for (let i = 0; i < 1000; i++) Promise.reject({})');
    const before = vm.heapEnd;
    await evaluate('for (let i = 0; i < 1_000_000; i++) Promise.reject({})');
    expect(unhandled()[0]).toBe(1_001_000);
    expect(vm.heapEnd - before).toBeLessThan(EVALUATION_BYTES);
  });
});

describe('images', () => {
  it('carry the list: a delta brings back what was unhandled, the image before it an empty one', async () => {
    await evaluate('globalThis.p = Promise.reject("kept")');
    const delta = captureDelta(vm, fresh);
    restoreImage(vm, fresh);
    expect(unhandled()).toEqual([0]);
    restoreImage(vm, fresh, delta);
    expect(unhandled()).toEqual([1, 'kept']);
    await evaluate('p.catch(() => {})');
    expect(unhandled()).toEqual([0]);
  });
});
