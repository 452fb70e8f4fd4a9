import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

let directory: string;
let runtime: NexusRuntime;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-artifacts-'));
  runtime = await createRuntime({ cacheDir: directory });
});
afterEach(async () => {
  await runtime.shutdown();
  await rm(directory, { recursive: true, force: true });
});

describe('data of an application', () => {
  const tree = { tag: 'panel', children: [{ tag: 'row', width: -0 }], parsedAt: new Date(0), raw: new Uint8Array([1]) };

  it('is made once, then found in memory, then on disk by the next process', async () => {
    let made = 0;
    const create = () => {
      made++;
      return tree;
    };
    expect(await runtime.artifacts('ast').getOrCreate('doc-1', create)).toStrictEqual(tree);
    expect(await runtime.artifacts('ast').getOrCreate('doc-1', create)).toStrictEqual(tree);
    await runtime.shutdown();
    runtime = await createRuntime({ cacheDir: directory });
    expect(await runtime.artifacts('ast').getOrCreate('doc-1', create)).toStrictEqual(tree);
    expect(made).toBe(1);
    expect(runtime.getStats().cache).toMatchObject({ disk: { hits: 1 } });
  });

  it('asked for by many at once is made once', async () => {
    let made = 0;
    const create = async () => {
      await new Promise(setImmediate);
      return ++made;
    };
    expect(
      new Set(await Promise.all(Array.from({ length: 50 }, () => runtime.artifacts('ast').getOrCreate('k', create)))),
    ).toEqual(new Set([1]));
  });

  it('is a copy for everybody who gets it', async () => {
    const artifacts = runtime.artifacts('ast');
    const first = await artifacts.getOrCreate('k', () => ({ list: [1] }));
    first.list.push(2);
    expect(await artifacts.get('k')).toEqual({ list: [1] });
  });

  it('data of an application of one namespace is not seen in another, nor taken for a handler', async () => {
    await runtime.artifacts('a').getOrCreate('k', () => 1);
    expect(await runtime.artifacts('b').get('k')).toBeUndefined();
    await runtime.artifacts('a').delete('k');
    expect(await runtime.artifacts('a').get('k')).toBeUndefined();
  });

  it('data of an application that is not made is not kept: the error is the caller’s, the next call makes it again', async () => {
    const artifacts = runtime.artifacts('a');
    await expect(artifacts.getOrCreate('k', () => Promise.reject(new Error('parse error')))).rejects.toThrow(
      'parse error',
    );
    expect(await artifacts.getOrCreate('k', () => 'made')).toBe('made');
  });

  it('data of an application that cannot be kept is a SERIALIZATION_ERROR with its path', async () => {
    await expect(runtime.artifacts('a').getOrCreate('k', () => ({ a: { b() {} } }))).rejects.toMatchObject({
      code: 'SERIALIZATION_ERROR',
      context: { path: 'value.a.b' },
    });
  });

  it.each(['', 'a b', '../x', 'x'.repeat(65), 5])('needs a namespace that is a name, unlike %j', (namespace) => {
    expect(() => runtime.artifacts(namespace as string)).toThrow(/namespace/);
  });
});

describe('warming a deployment', () => {
  it('compiles what is not there, reports what cannot be, and tells how far it is', async () => {
    async function* units() {
      for (let i = 0; i < 20; i++) yield `return ${i}`;
      yield { code: 'return (', filename: 'broken.js' };
      yield { code: 'return 1', filename: 'named.js' };
    }
    const progress: number[] = [];
    const report = await runtime.precompileAll(units(), {
      concurrency: 3,
      onProgress: ({ done }) => progress.push(done),
    });
    expect(report).toMatchObject({ done: 22, compiled: 21, cached: 0, failed: 1 });
    expect(report.failures).toMatchObject([{ index: 20, filename: 'broken.js', error: { code: 'COMPILATION_ERROR' } }]);
    expect(progress).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
    expect(await runtime.precompileAll(['return 1', 'return 2'])).toMatchObject({ compiled: 0, cached: 2 });
    expect(await runtime.verifyCache()).toEqual({ checked: 21, valid: 21, removed: [] });
    expect(runtime.inspectCache({ limit: 2 })).toHaveLength(2);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const units = (function* () {
      for (let i = 0; ; i++) yield `return ${i}`;
    })();
    const onProgress = ({ done }: { done: number }) => done === 5 && controller.abort(new Error('enough'));
    await expect(runtime.precompileAll(units, { onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
      cause: expect.objectContaining({ message: 'enough' }),
    });
  });
});
