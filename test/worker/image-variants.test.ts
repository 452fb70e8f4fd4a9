import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import {
  ALL_FEATURES,
  FEATURES,
  type Feature,
  featureSet,
  NO_FEATURES,
  namedFeatures,
} from '#src/engine/image/features.js';
import type { LibrarySource } from '#src/engine/library.js';
import { prepareRequest } from '#src/execution/request/build-request.js';
import { wrapHandler } from '#src/source/wrapper.js';
import { Attempt } from '#src/worker/attempt.js';
import type { Executor } from '#src/worker/executor.js';
import { ALL_CAPABILITIES, createExecutor, runInThread } from '../support/executor.js';
import { bundleSource } from '../support/sources/bundle-source.js';

const execute = promisify(execFile);
const NAMES = FEATURES.flatMap(({ globals }) => globals);
/** A name that no table of names holds. */
const hidden = (name: string) => `[${[...name].map((letter) => JSON.stringify(letter)).join(',')}].join('')`;

let executor: Executor;

beforeEach(async () => {
  executor = await createExecutor();
});

const run = (source: string, options = {}, context = {}) =>
  runInThread(executor, source, { capabilities: ALL_CAPABILITIES, ...context }, options);
const library = (name: string, source: string): LibrarySource => ({ name, filename: `${name}.js`, source });

describe('the features of a script', () => {
  it('are those whose globals it names, and what these need', async () => {
    const features = async (source: string) => {
      const compiled = await executor.compileScript(`(async function () {${source}\n})`, 'handler.js');
      if (!compiled.ok) throw new Error(compiled.problem.message);
      return namedFeatures(compiled.bytecode);
    };
    expect(await features('return $state.a + 1')).toBe(NO_FEATURES);
    expect(await features('const é = "日本", ü = 1; return new URL($args)')).toBe(featureSet('url'));
    expect(await features('return () => () => globalThis.atob("")')).toBe(
      featureSet('base64') | featureSet('dom-exception'),
    );
    const MEMBERS = FEATURES.flatMap((feature: Feature) => feature.members ?? []);
    for (const { name, globals, members = [] } of FEATURES as readonly Feature[]) {
      for (const path of [...globals, ...members]) {
        expect(await features(`return typeof ${path}`)).toBe(featureSet(name));
      }
    }
    expect(await features([...NAMES, ...MEMBERS].join(';'))).toBe(ALL_FEATURES);
    expect(await features('return JSON.parse("1", (key, value, { source }) => source)')).toBe(
      featureSet('json-source'),
    );
    expect(await features('return URLs + TextEncode + xcrypto')).toBe(NO_FEATURES);
  });

  it('are none in bytes that are no bytecode', () => {
    for (const bytes of [[], [5], [5, 0xff], [5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [5, 3, 6, 85]]) {
      expect(namedFeatures(Uint8Array.from(bytes))).toBe(NO_FEATURES);
    }
  });
});

describe('a global that a handler reaches without naming it', () => {
  it.each(NAMES)('%s is there all the same', async (name) => {
    for (const access of [`globalThis[${hidden(name)}]`, `Reflect.get(globalThis, ${hidden(name)})`]) {
      // Often enough that the handler gets an image of its own on the way.
      for (let i = 0; i < 5; i++) expect((await run(`return typeof ${access}`)).returnValue).not.toBe('undefined');
    }
  });

  it('works in asynchronous code that catches everything', async () => {
    const outcome = await run(`
      const read = async () => globalThis[${hidden('URL')}];
      let URL_;
      try { URL_ = await read() } catch (error) { $state.caught = 1; $emit('caught'); URL_ = null }
      return new URL_('http://a/b').pathname;
    `);
    expect(outcome).toMatchObject({ status: 'success', returnValue: '/b', stateMutations: [], events: [] });
  });

  it('works where errors are swallowed: callbacks, promise chains, finally', async () => {
    const outcome = await run(`
      const key = ${hidden('btoa')};
      const found = [];
      await Promise.resolve().then(() => { found.push(globalThis[key]('a')) }).catch(() => found.push('caught'));
      try { [1].forEach(() => found.push(globalThis[key]('b'))) } catch { found.push('caught') } finally { found.push('finally') }
      await Promise.allSettled([(async () => found.push(globalThis[key]('c')))()]);
      return found;
    `);
    expect(outcome.returnValue).toEqual(['YQ==', 'Yg==', 'finally', 'Yw==']);
  });

  it('leaves no effect of the attempt that lacked it', async () => {
    const outcome = await run(
      `$state.n += 1; $emit('once', $state.n); $log('once'); return globalThis[${hidden('atob')}]('YQ==') + $state.n`,
      {},
      { stateSnapshot: { n: 1 } },
    );
    expect(outcome).toMatchObject({
      returnValue: 'a2',
      stateMutations: [{ operation: 'set', key: 'n', value: 2 }],
      events: [{ name: 'once', payload: 2 }],
      logs: [{ message: 'once' }],
    });
  });

  it('keeps seed and clock of the execution', async () => {
    const dynamic = `const before = [Math.random(), Date.now()]; return [...before, globalThis[${hidden('crypto')}].randomUUID()]`;
    const named = 'const before = [Math.random(), Date.now()]; return [...before, crypto.randomUUID()]';
    const options = { seed: 5, now: 99 };
    const [a, b, c] = [await run(dynamic, options), await run(dynamic, options), await run(named, options)];
    expect(a.returnValue).toEqual(b.returnValue);
    expect(a.returnValue).toEqual(c.returnValue);
  });

  it('is under the time limit of the execution as a whole', async () => {
    const source = `const end = Date.now() + 400; while (Date.now() < end); globalThis[${hidden('URL')}]; return 1`;
    // One attempt takes 400 ms, and there are two of them.
    expect((await run(source, { timeoutMs: 500 })).error).toMatchObject({ code: 'TIMEOUT', context: { value: 500 } });
    expect((await run(`${source} `, { timeoutMs: 10_000 })).returnValue).toBe(1);
  });

  it('is under all other limits', async () => {
    const outcome = await run(
      `for (let i = 0; i < 3; i++) $emit('e'); globalThis[${hidden('URL')}]; for (let i = 0; i < 3; i++) $emit('e');`,
      { limits: { maxEvents: 5 } },
    );
    expect(outcome.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxEvents' } });
    expect(outcome.events).toHaveLength(5);
  });

  it('is found at the first attempt from the second execution on', async () => {
    const source = `globalThis[${hidden('URL')}]; return 1`;
    const compiled = await executor.compileScript(wrapHandler(source), 'handler.js');
    if (!compiled.ok) throw new Error(compiled.problem.message);
    const { request } = prepareRequest({}, {}, resolveRuntimeConfig({}));
    const execution = () => executor.execute({ key: 'sly', ...request }, compiled.bytecode);
    const starts = vi.spyOn(Attempt.prototype, 'start');
    try {
      const { instructionCount } = await execution();
      expect(starts).toHaveBeenCalledTimes(2);
      // The failed attempt waits until it is interrupted, which is not counted.
      for (let i = 0; i < 5; i++) expect((await execution()).instructionCount).toBe(instructionCount);
      expect(starts).toHaveBeenCalledTimes(7);
    } finally {
      starts.mockRestore();
    }
  });

  it('may be reached after much memory was used up, and after the stack was', async () => {
    const outcome = await run(`
      let hog = []; try { while (true) hog.push(new Uint8Array(1e6)) } catch {}
      hog = null;
      try { (function f() { f() })() } catch {}
      return globalThis[${hidden('structuredClone')}]({ a: 1 });
    `);
    expect(outcome.returnValue).toEqual({ a: 1 });
    expect((await run('return 1')).returnValue).toBe(1);
  });
});

describe('handlers with different features on one worker', () => {
  it('find their own image pristine, in any order', async () => {
    const sources = [
      'return typeof leaked',
      'URL.prototype.leaked = 1; globalThis.leaked = 1; return typeof URL.prototype.x',
      'return [typeof leaked, URL.prototype.leaked, new URL("http://a").host]',
      'const seen = [typeof leaked, atob.leaked]; atob.leaked = 1; globalThis.leaked = 2; delete globalThis.btoa; return seen',
      'return [typeof leaked, typeof btoa, typeof URL, typeof crypto, typeof structuredClone, typeof TextDecoder]',
      `return [typeof leaked, typeof globalThis[${hidden('btoa')}]]`,
    ];
    const expected = new Map<string, unknown>();
    for (const source of sources) {
      expected.set(source, (await runInThread(await createExecutor(), source)).returnValue);
    }
    let state = 1;
    for (let i = 0; i < 150; i++) {
      state = (state * 48_271) % 2_147_483_647;
      const source = sources[state % sources.length] as string;
      expect([source, (await run(source)).returnValue]).toEqual([source, expected.get(source)]);
    }
  });
});

describe('images', () => {
  it('are byte-identical across processes, in whatever order they are built', async () => {
    const program = fileURLToPath(await bundleSource('test/engine/hash-variants.mjs'));
    const hashesOf = async (order: string) =>
      JSON.parse((await execute(process.execPath, [program, order])).stdout) as Record<string, string>;
    const [up, down] = await Promise.all([hashesOf('up'), hashesOf('down')]);
    expect(up).toEqual(down);
    expect(new Set(Object.values(up)).size).toBe(Object.keys(up).length);
  });
});

describe('libraries', () => {
  it('libraries that name a global have it while they are initialised, and handlers have it then', async () => {
    executor = await createExecutor([
      library('links', 'const base = new URL("http://base/x/"); exports.resolve = (path) => new URL(path, base).href;'),
    ]);
    expect((await run('return $lib.links.resolve("../y")')).returnValue).toBe('http://base/y');
    expect((await run('return [typeof URL, btoa("a")]')).returnValue).toEqual(['function', 'YQ==']);
  });

  it('libraries that reach for one without naming it have it too', async () => {
    executor = await createExecutor([
      library(
        'sly',
        `const f = globalThis[${hidden('btoa')}]; exports.text = f('a'); exports.later = () => globalThis[${hidden('atob')}]('YQ==')`,
      ),
    ]);
    expect((await run('return [$lib.sly.text, $lib.sly.later()]')).returnValue).toEqual(['YQ==', 'a']);
  });

  it('libraries that need one only when a handler calls them have it then', async () => {
    executor = await createExecutor([
      library('late', `exports.id = () => globalThis[${hidden('crypto')}].randomUUID()`),
    ]);
    const ids = new Set<unknown>();
    for (let i = 0; i < 6; i++) ids.add((await run('return $lib.late.id()')).returnValue);
    expect(ids.size).toBe(6);
  });

  it('libraries that draw from crypto while they are initialised do not fix what handlers draw', async () => {
    executor = await createExecutor([
      library('ids', 'for (let i = 0; i < 20; i++) crypto.randomUUID(); exports.id = () => crypto.randomUUID()'),
    ]);
    const ids = new Set<unknown>();
    for (let i = 0; i < 6; i++) ids.add((await run('return $lib.ids.id()')).returnValue);
    expect(ids.size).toBe(6);
  });

  it('libraries that bring a global of their own keep it', async () => {
    executor = await createExecutor([
      library(
        'own',
        'globalThis.structuredClone = () => "own"; Object.defineProperty(globalThis, "crypto", { get: () => "mine", configurable: true }); exports.ok = 1',
      ),
    ]);
    expect((await run('return [structuredClone({}), crypto, atob("YQ==")]')).returnValue).toEqual(['own', 'mine', 'a']);
    expect((await run(`return [structuredClone({}), globalThis[${hidden('btoa')}]('a')]`)).returnValue).toEqual([
      'own',
      'YQ==',
    ]);
  });
});
