import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { encoded, json } from '#src/index.js';

import '#src/testing/vitest.js';
import { packMessage } from '#src/codec/message-pack.js';
import type { NexusRuntime } from '#src/runtime/nexus-runtime.js';
import { createRuntime } from '#src/runtime/runtime.js';
import { type RecordingRuntime, record, replay } from '#src/testing/index.js';
import { testRuntime } from '../runtime.js';

const capabilities = ['state:read:*', 'state:write:*', 'events:emit:*', 'ext:*'] as const;
let runtime: NexusRuntime;
let directory: string;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-recordings-'));
  return () => rm(directory, { recursive: true, force: true });
});

const files = async () => (await readdir(directory)).map((name) => join(directory, name));

/** Records executions, and returns the only resulting file. */
async function recorded(use: (runtime: RecordingRuntime) => Promise<unknown>, options = {}): Promise<string> {
  const recording = await record(runtime, { directory, ...options });
  await use(recording);
  await recording.recordingsWritten();
  const [file, ...others] = await files();
  expect(others).toEqual([]);
  return file ?? '';
}

describe('a recording', () => {
  it('replays to the same: options that change what crosses, and MessagePack', async () => {
    class Money {
      readonly #cents = 250;
      toJSON() {
        return { cents: this.#cents };
      }
    }
    const code = `
      for (let i = 0; i < 9; i++) $log('line ' + i);
      return [$args, { toJSON: () => 'left' }, /x/g, $state.n, await $ext.shop.price()]`;
    const context = { args: new Money(), stateSnapshot: encoded(packMessage({ n: 1 })), capabilities };
    const options = { toJSON: true, limits: { maxLogBytes: 20 } };
    const extensions = { shop: { price: async () => new Money() } };
    const file = await recorded((it) => it.run(code, context, { ...options, extensions }));
    const { differences, recorded: then } = await replay(file);
    expect(then.returnValue).toEqual([{ cents: 250 }, 'left', /x/g, 1, { cents: 250 }]);
    expect(then.logs.at(-1)?.omitted).toBe(6);
    expect(differences).toEqual([]);
  });

  it.each([
    'inside values',
    'as whole values',
  ])('replays to the same: JSON text %s, recorded as what it says', async (place) => {
    const text = json('{"list":[{"id":1},{"id":2}],"__proto__":3}');
    const context =
      place === 'inside values' ? { stateSnapshot: { all: text }, args: [text] } : { stateSnapshot: text, args: text };
    const file = await recorded((it) => it.run('return [{ ...$state }, $args]', { ...context, capabilities }));
    const { differences, recorded: then } = await replay(file);
    expect(JSON.stringify(then.returnValue)).toContain('{"list":[{"id":1},{"id":2}],"__proto__":3}');
    expect(differences).toEqual([]);
  });

  it('replays to the same: values of all kinds, time and chance', async () => {
    const context = {
      handlerName: 'price order',
      stateSnapshot: { at: new Date(5), tags: new Set(['a']), by: new Map([[1, -0]]), big: 10n },
      args: [undefined, Number.NaN, new Uint8Array([1, 2])],
      scope: { deep: [{}] },
      capabilities,
    };
    const code = `
      $state.seen = [$state.at.getTime(), $state.tags.size, $state.by.get(1), $args, $scope];
      $emit('done', [Math.random(), crypto.randomUUID(), Date.now()]);
      return { chance: Math.random(), now: new Date() };
    `;
    const before = Date.now();
    const file = await recorded((it) => it.executeHandler(code, context, { timeoutMs: 4_000 }));
    expect(file).toMatch(/price-order-[\w-]{22}\.nxrec$/);
    const { same, differences, notes, recorded: then, replayed, report } = await replay(file);
    expect({ same, differences, notes }).toEqual({ same: true, differences: [], notes: [] });
    expect(report).toMatch(/^.*\.nxrec, recorded \d{4}-.*Z: the same$/);
    expect(then.returnValue).toEqual(replayed.returnValue);
    expect((replayed.returnValue as { now: Date }).now.getTime()).toBeGreaterThanOrEqual(before);
    expect(replayed).toHaveMutated('seen');
    expect(replayed.state).toMatchObject({ big: 10n });
  });

  it('is of one execution: two have different chance', async () => {
    const recording = await record(runtime, { directory });
    const results = [
      await recording.executeHandler('return Math.random()'),
      await recording.executeHandler('return Math.random()'),
    ];
    expect(results[0]?.returnValue).not.toBe(results[1]?.returnValue);
    await recording.recordingsWritten();
    expect(await files()).toHaveLength(2);
  });

  it('has the answers of extensions, failures and races included', async () => {
    const code = `
      const first = await Promise.race([$ext.slow.get(), $ext.quick.get()]);
      const failed = await $ext.quick.fail().catch((error) => [error.name, error.code, error.message]);
      $emit('first', first);
      return [first, failed, await $ext.slow.get()];
    `;
    let release = () => {};
    const extensions = {
      slow: { get: () => new Promise((resolve) => (release = () => resolve('slow'))) },
      quick: {
        get: () => 'quick',
        fail: () => {
          setImmediate(release);
          throw Object.assign(new RangeError('no'), { code: 'E_NO', fn: () => {} });
        },
      },
    };
    let result: unknown;
    const file = await recorded(async (it) => {
      const running = it.run(code, { capabilities }, { extensions: { ...extensions, slow: { get: slowThenQuick() } } });
      result = (await running).returnValue;
    });
    function slowThenQuick() {
      let calls = 0;
      return () => (calls++ === 0 ? extensions.slow.get() : 'again');
    }
    expect(result).toEqual(['quick', ['RangeError', 'E_NO', 'no'], 'again']);
    const { same, report, replayed } = await replay(file);
    expect(report).toContain('the same');
    expect(same).toBe(true);
    expect(replayed).toHaveCalled('quick.fail');
  });

  it('knows when a handler reached for an extension that there was not', async () => {
    const file = await recorded((it) => it.run('return await $ext.nobody.home()', { capabilities }));
    const { same, recorded: then } = await replay(file);
    expect([same, then.error?.message]).toEqual([
      true,
      'TypeError: There is no extension method $ext.nobody.home; there are no extensions',
    ]);
  });

  it('a recording of an artifact has its source', async () => {
    const file = await recorded(async (it) => {
      const artifact = await it.precompileHandler('return $args * 2', { filename: 'double.js' });
      await it.executeCompiledHandler(artifact, { args: 4 });
    });
    expect((await replay(file)).replayed.returnValue).toBe(8);
    expect((await replay(file, { code: 'return $args * 3' })).differences).toEqual([
      { path: 'returnValue', recorded: 8, replayed: 12 },
    ]);
  });

  it('goes on when the handler is resumed, here and through another recorder of the directory', async () => {
    const code =
      'const a = Date.now(); const b = await $ext.x.y(1); $emit("b", b); const c = await $ext.x.z(2); return [b, c, a <= Date.now()]';
    const first = await record(runtime, { directory });
    const { suspension } = await first.executeHandler(code, { capabilities });
    await first.recordingsWritten();
    const [file = ''] = await files();
    expect((await replay(file)).replayed.status).toBe('suspended');

    const next = await first.resumeHandler(suspension?.suspensionId ?? '', { success: true, value: 'B' });
    await first.recordingsWritten();
    const second = await record(runtime, { directory });
    const id = next.suspension?.suspensionId ?? '';
    const [end] = await Promise.all(['C', 'D'].map((value) => second.resumeHandler(id, { success: true, value })));
    await second.recordingsWritten();
    expect(end?.returnValue).toEqual(['B', 'C', true]);
    expect(await files()).toEqual([file]);
    const { same, replayed } = await replay(pathToFileURL(file));
    expect(same).toBe(true);
    expect(replayed).toHaveEmitted('b', 'B');
    expect(replayed.calls.map(({ method }) => method)).toEqual(['y', 'z']);
  });

  it('keeps failures only, when asked to', async () => {
    const file = await recorded(
      async (it) => {
        await it.executeHandler('return 1');
        await it.executeHandler('return order.total', {}, { filename: 'rules/order.js' });
        const { suspension } = await it.executeHandler('return await $ext.x.y()', { capabilities });
        await it.resumeHandler(suspension?.suspensionId ?? '', { success: true, value: 1 });
      },
      { onlyFailures: true },
    );
    expect(file).toContain('rules-order-js-');
    const { replayed, same } = await replay(file);
    expect([same, replayed.error?.message]).toEqual([true, "ReferenceError: 'order' is not defined"]);
  });

  it('a recording of a timeout has the time, of a native loop too', async () => {
    const [file] = [await recorded((it) => it.executeHandler('while (true) {}', {}, 30))];
    expect((await replay(file)).replayed).toTimeOut();
    await rm(file);
    const native = `const a = []; a.length = 2 ** 32 - 1; return a.indexOf(1)`;
    const killed = await recorded((it) => it.executeHandler(native, {}, 30));
    const { replayed, same } = await replay(killed);
    expect(replayed.error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'watchdog' } });
    expect(same).toBe(true);
  });

  it('a recording that was called off is compared up to there', async () => {
    const extensions = { x: { wait: () => new Promise(() => {}) } };
    const file = await recorded((it) =>
      it.run('$emit("a"); await $ext.x.wait()', { capabilities }, { extensions, deadlineMs: 2_000 }),
    );
    const { same, notes, recorded: then } = await replay(file);
    expect(then.error?.code).toBe('TIMEOUT');
    expect([same, notes]).toEqual([
      true,
      [expect.stringMatching(/^It was ended from outside .*which is not repeated\.$/)],
    ]);
  });

  it('is readable by its owner only, and whole', async () => {
    const file = await recorded((it) => it.executeHandler('return 1'), {});
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('goes to one file, the latest', async () => {
    const file = join(directory, 'sub', 'last.nxrec');
    const recording = await record(runtime, { file });
    for (const code of ['return 1', 'return 2']) await recording.executeHandler(code);
    await recording.recordingsWritten();
    expect((await replay(file)).replayed.returnValue).toBe(2);
  });

  it('is of what a test runtime did, under its clock', async () => {
    const tests = await testRuntime({ now: 77 });
    const file = join(directory, 'test.nxrec');
    const recording = await record(tests, { file });
    await recording.run(
      'return [Date.now(), await $ext.x.y()]',
      { capabilities },
      { extensions: { x: { y: () => 1 } } },
    );
    await recording.recordingsWritten();
    expect((await replay(file, { runtime: tests })).replayed.returnValue).toEqual([77, 1]);
  });

  it('is none of what the runtime refuses', async () => {
    const recording = await record(runtime, { directory });
    await expect(recording.executeHandler('return 1', { args: () => {} })).rejects.toMatchObject({
      code: 'SERIALIZATION_ERROR',
    });
    await expect(recording.executeHandler('return 1', {}, { timeoutMs: -1 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await recording.recordingsWritten();
    expect(await files()).toEqual([]);
  });

  it('a recording that cannot be written is a warning, and costs no result', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const recording = await record(runtime, { directory });
    await rm(directory, { recursive: true });
    expect((await recording.executeHandler('return 1')).returnValue).toBe(1);
    await recording.recordingsWritten();
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('An execution was not recorded: ENOENT'), {
      type: 'NexusWarning',
      code: 'NEXUS_RECORDING',
    });
    warned.mockRestore();
  });
});

describe('a recording runtime', () => {
  it('is a runtime in all else, and has written everything when it is shut down', async () => {
    await using own = await record(await createRuntime({ cacheDir: false, maxInstances: 1 }), { directory });
    await own.executeHandler('return 1');
    expect(own.getStats().totalExecutions).toBe(1);
    expect(own.inferCapabilities('$emit("x")')).toEqual(['events:emit:x']);
    await own.shutdown();
    expect(await files()).toHaveLength(1);
    await expect(own.executeHandler('return 1')).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' });
  });

  it('is told where to write, once', async () => {
    await expect(record(runtime, {} as never)).rejects.toThrow('either file or directory');
    await expect(record(runtime, { file: 'a', directory: 'b' })).rejects.toThrow('either file or directory');
    await expect(record(runtime, { directory, onlyFailure: true } as never)).rejects.toThrow(
      'Did you mean options.onlyFailures?',
    );
    await expect(record({} as never, { directory })).rejects.toThrow('a runtime of createRuntime');
  });
});

describe('a replay', () => {
  const code = `
    $state.total = $args.price * $args.count;
    $emit('priced', { total: $state.total });
    const rate = await $ext.rates.get('EUR');
    $log('done');
    return $state.total * rate;
  `;
  const run = (it: RecordingRuntime) =>
    it.run(code, { args: { price: 5, count: 2 }, capabilities }, { extensions: { rates: { get: () => 3 } } });

  it('a replay on changed code lists the differences by their paths', async () => {
    const file = await recorded(run);
    const changed = code.replace('price * $args.count', 'price + $args.count').replace("$log('done');", '');
    const { differences, same, report, replayed } = await replay(file, { code: changed });
    expect(same).toBe(false);
    expect(differences).toEqual([
      { path: 'returnValue', recorded: 30, replayed: 21 },
      { path: 'stateMutations[0].value', recorded: 10, replayed: 7 },
      { path: 'events[0].payload.total', recorded: 10, replayed: 7 },
      { path: 'logs[0]', recorded: { level: 'info', message: 'done' }, replayed: undefined },
    ]);
    expect(report).toContain(': 4 differences\n  returnValue: recorded 30, replayed 21\n');
    expect(replayed.returnValue).toBe(21);
  });

  it('takes the handler from a file', async () => {
    const file = await recorded(run);
    const handler = join(directory, 'fixed.js');
    await writeFile(handler, code);
    expect((await replay(file, { code: handler })).same).toBe(true);
    await writeFile(handler, 'return (');
    await expect(replay(file, { code: handler })).rejects.toMatchObject({ code: 'COMPILATION_ERROR' });
  });

  it('gives answers to the calls that are like those recorded, and says which are none of them', async () => {
    const file = await recorded(run);
    const other = await replay(file, { code: `await $ext.log.note(); return await $ext.rates.get('USD')` });
    expect(other.replayed.status).toBe('suspended');
    expect(other.notes).toEqual([
      'The handler waits for $ext.log.note(), and no answer to it was recorded.',
      "The answer that was recorded for $ext.rates.get('EUR') was not asked for.",
    ]);
    const alike = await replay(file, { code: `return await $ext.rates.get('USD')` });
    expect(alike.replayed.returnValue).toBe(3);
    expect(alike.differences).toContainEqual({ path: 'calls[0].args[0]', recorded: 'EUR', replayed: 'USD' });
  });

  it('needs the libraries that the handler had', async () => {
    const libraries = { twice: { source: 'module.exports = (n) => n * 2' } };
    const own = await createRuntime({ cacheDir: false, maxInstances: 1, libraries });
    const recording = await record(own, { directory });
    await recording.executeHandler('return $lib.twice(2)');
    await recording.shutdown();
    const [file = ''] = await files();
    await expect(replay(file)).rejects.toThrow('was made with the libraries twice: pass them as options.libraries');
    expect((await replay(file, { libraries })).replayed.returnValue).toBe(4);
    expect((await replay(file, { runtime: await testRuntime({ libraries }) })).same).toBe(true);
  });

  it('holds the handler to the limits that it had', async () => {
    const own = await createRuntime({
      cacheDir: false,
      maxInstances: 1,
      maxEvents: 2,
      memoryLimitBytes: 16 * 1024 * 1024,
    });
    const recording = await record(own, { directory });
    await recording.executeHandler('$emit("a"); $emit("b"); $emit("c")', { capabilities });
    await recording.executeHandler('return new Array(4e6).fill(0).length', {}, { limits: { maxEvents: 1 } });
    await recording.shutdown();
    const outcomes = await Promise.all((await files()).map((file) => replay(file)));
    expect(outcomes.map(({ same }) => same)).toEqual([true, true]);
    expect(outcomes.map(({ replayed }) => replayed.error?.code).sort()).toEqual(['MEMORY_LIMIT', 'RESOURCE_LIMIT']);
  });

  it.each([
    ['of something else', () => Buffer.from('x'.repeat(200)), 'magic', 'it is none'],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, 20), 'length', 'it has only 20 bytes'],
    ['cut at its end', (bytes: Buffer) => bytes.subarray(0, -1), 'digest', 'it is damaged'],
    ['with one bit flipped', (bytes: Buffer) => flip(bytes, 60), 'digest', 'it is damaged'],
    [
      'of another format',
      (bytes: Buffer) => flip(bytes, 5),
      'version',
      'it has format 0, this library reads 1: replay it with',
    ],
  ])('refuses a file %s', async (_title, damage, problem, words) => {
    const file = await recorded(run);
    await writeFile(file, damage(await readFile(file)));
    await expect(replay(file)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { problem },
      message: expect.stringContaining(words),
    });
  });

  it.each([
    ['3 GB', async (file: string) => truncate(file, 3 * 1024 ** 3), 'more than the 268435456'],
    ['a pipe', async (file: string) => rm(file).then(() => execFileSync('mkfifo', [file])), 'not a regular file'],
    ['a directory', async (file: string) => rm(file).then(() => mkdir(file)), 'not a regular file'],
    [
      'a link to /dev/zero',
      async (file: string) => rm(file).then(() => symlink('/dev/zero', file)),
      'not a regular file',
    ],
  ])('refuses %s in place of a file', async (_title, plant, words) => {
    const file = await recorded(run);
    await plant(file);
    await expect(replay(file)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(words),
    });
  });

  it('names a file that does not exist', async () => {
    await expect(replay('nowhere.nxrec')).rejects.toThrow('The recording nowhere.nxrec cannot be read: there is none.');
    await expect(replay(5 as never)).rejects.toThrow('file is 5; it must be the path of a recording');
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ 1;
  return flipped;
}
