import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Packr, pack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, encoded, type NexusRuntime } from '#src/index.js';

import { inSlices } from '#src/support/slices.js';
import { bundleSource } from '../../support/sources/bundle-source.js';

const granted = { capabilities: ['state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'] } as const;
const FOLDED = 'let a = []; for (let i = 0; i < 40; i++) a = [a, a];';
const COLLIDING = 'const a = new Set(Array.from({ length: 3_000 }, (_, i) => BigInt(i) << 64n));';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

const places: [string, string, string][] = [
  ['returned', 'return { found: a }', 'returnValue.found'],
  ['emitted', "$emit('e', [a]); return 1", 'events[0].payload[0]'],
  ['assigned to state', '$state.key = [a]; return 1', 'stateMutations[0].value[0]'],
  ['given to a component', "$view.focus('c', a); return 1", 'viewCommands[0].args[0]'],
  ['passed to an extension', 'await $ext.a.b(a)', 'calls[0].args[0]'],
  ['the cause of an error that is returned', "return new Error('x', { cause: a })", 'returnValue'],
  ['thrown', 'throw a', 'returnValue'],
];

describe.each(places)('what is %s', (_title, rest, path) => {
  it('is RESOURCE_LIMIT naming maxResultPaths and the place when an object occurs in it 2^40 times', async () => {
    const { error, status } = await runtime.executeHandler(`${FOLDED} ${rest}`, granted);
    expect(status).toBe('error');
    expect(error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxResultPaths', value: 1_000_000 } });
    expect(error?.message).toContain('maxResultPaths');
    expect(String(error?.context?.['path'])).toContain(path);
  });

  it('is SERIALIZATION_ERROR with the place and what to do when its keys collide', async () => {
    const { error } = await runtime.executeHandler(`${COLLIDING} ${rest}`, granted);
    expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    expect(error?.message).toContain('return arrays in their place');
    expect(String(error?.context?.['path'])).toContain(path);
  });
});

describe('a result with shared objects', () => {
  const source = 'let a = []; for (let i = 0; i < 10; i++) a = [a, a]; return a';

  it('comes back within maxResultPaths, and an execution can lower or be given more of it', async () => {
    expect((await runtime.executeHandler(source)).status).toBe('success');
    const { error } = await runtime.executeHandler(source, {}, { limits: { maxResultPaths: 100 } });
    expect(error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxResultPaths', value: 100 } });
  });

  it('a result that is a tree has no paths to count', async () => {
    const tree = 'return Array.from({ length: 1_000 }, (_, i) => [i])';
    expect((await runtime.executeHandler(tree, {}, { limits: { maxResultPaths: 0 } })).status).toBe('success');
  });
});

describe('a large result', () => {
  it('comes back whole after slices, while small ones come back beside it', async () => {
    const large = runtime.executeHandler('return Array.from({ length: 60_000 }, (_, i) => ({ i, t: "t" + i }))');
    const small = await Promise.all(Array.from({ length: 5 }, () => runtime.executeHandler('return [1]')));
    expect(small.map(({ returnValue }) => returnValue)).toEqual(Array(5).fill([1]));
    const { returnValue } = await large;
    expect((returnValue as { i: number }[]).map(({ i }) => i)).toEqual(Array.from({ length: 60_000 }, (_, i) => i));
  });

  it('a large result of 100,000 distinct BigInts and texts in Sets comes back', async () => {
    for (const [make, type] of [
      ['BigInt(i) * 3n', 'bigint'],
      ['"key " + i', 'string'],
    ]) {
      const source = `return new Set(Array.from({ length: 100_000 }, (_, i) => ${make}))`;
      const { returnValue } = await runtime.executeHandler(source, {}, { timeoutMs: 30_000 });
      expect((returnValue as Set<unknown>).size).toBe(100_000);
      expect(typeof [...(returnValue as Set<unknown>)][7]).toBe(type);
    }
  });
});

describe('what was recorded of a handler that was resumed', () => {
  it('is given again with its Maps, at any place, and however large', async () => {
    for (const value of ['new Map([[1, new Set([2])]])', 'new Array(20_000).fill(0).map((_, i) => new Set([i]))']) {
      const waiting = await runtime.executeHandler(`await $ext.a.b(); return ${value}`, granted);
      const id = waiting.suspension?.suspensionId ?? '';
      const first = await runtime.resumeHandler(id, { success: true, value: 1 });
      const again = await runtime.resumeHandler(id, { success: true, value: 1 });
      expect(first.status).toBe('success');
      expect(again.returnValue).toEqual(first.returnValue);
    }
  });
});

describe('context that is MessagePack', () => {
  it('context that is MessagePack and longer than maxContextBytes is refused before it is read', async () => {
    const rejection = runtime.executeHandler('return 1', { args: encoded(Buffer.alloc(8 * 2 ** 20 + 1, 0xc1)) });
    await expect(rejection).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { limit: 'maxContextBytes', value: 8 * 2 ** 20, bytes: 8 * 2 ** 20 + 1 },
    });
  });

  it('context that is MessagePack with more values than its bytes may hold is refused with the limit', async () => {
    const bytes = Buffer.alloc(5 + 4_000_000, 0x80);
    bytes[0] = 0xdd;
    bytes.writeUInt32BE(4_000_000, 1);
    const rejection = runtime.executeHandler('return 1', { args: encoded(bytes) });
    await expect(rejection).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { limit: 'maxContextBytes', value: 8 * 2 ** 20 },
    });
  });

  it('holds dates, and no other extension', async () => {
    const { returnValue } = await runtime.executeHandler('return $args', { args: encoded(pack(new Date(1_234))) });
    expect(returnValue).toEqual(new Date(1_234));
    await expect(
      runtime.executeHandler('return 1', { args: encoded(new Packr({ moreTypes: true }).pack(new Set([1]))) }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { field: 'context.args' },
    });
  });

  it('ends no process with a small heap', async () => {
    const script = `
      import { createRuntime, encoded } from '${await bundleSource('src/index.ts')}';
      const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
      const codes = [];
      for (const [byte, length] of [[0x80, 8_000_000], [0x80, 4_000_000], [0x90, 500_000], [0x01, 8_000_000]]) {
        const bytes = Buffer.alloc(5 + length, byte);
        bytes[0] = 0xdd;
        bytes.writeUInt32BE(length, 1);
        codes.push(await runtime.executeHandler('return 1', { args: encoded(bytes) }).then((r) => r.status, (e) => e.code));
      }
      console.log(JSON.stringify([codes, (await runtime.executeHandler('return 7')).returnValue]));
      await runtime.shutdown();`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--max-old-space-size=96', '--input-type=module', '-e', script],
      { cwd: fileURLToPath(new URL('../../../', import.meta.url)) },
    );
    const [codes, value] = JSON.parse(stdout) as [string[], number];
    expect(value).toBe(7);
    expect(codes.slice(0, 2)).toEqual(['INVALID_ARGUMENT', 'INVALID_ARGUMENT']);
  });
});

describe('work in slices', () => {
  it('is done at once as far as there is time, and in turn with other work after that', async () => {
    const order: string[] = [];
    const work = (name: string, steps: number) => {
      let left = steps;
      return inSlices(() => {
        order.push(name);
        return --left === 0 ? { done: name } : undefined;
      });
    };
    expect(work('quick', 1)).toBe('quick');
    const [long, other] = [work('long', 3), work('other', 2)];
    expect(await Promise.all([long, other])).toEqual(['long', 'other']);
    expect(order).toEqual(['quick', 'long', 'long', 'other', 'long', 'other']);
  });

  it('rejects with what a step throws, and other work goes on', async () => {
    let calls = 0;
    const failing = inSlices<never>(() => {
      if (calls++ > 0) throw new RangeError('on the way');
      return undefined;
    });
    let left = 3;
    const other = inSlices(() => (--left === 0 ? { done: 'done' } : undefined));
    await expect(failing).rejects.toThrow('on the way');
    expect(await other).toBe('done');
  });
});
