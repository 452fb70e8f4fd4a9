import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { looksLikePackedMap } from '#src/execution/request/packed-bytes-warning.js';
import { createRuntime, encoded, type NexusRuntime } from '#src/index.js';
import { bundleSource } from '../support/sources/bundle-source.js';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
});
afterAll(() => runtime.shutdown());

describe('bytes as context', () => {
  it('are what the handler gets, although they are MessagePack', async () => {
    const bytes = pack({ a: 1 });
    const { returnValue } = await runtime.executeHandler('return [$args, $scope]', { args: bytes, scope: bytes });
    expect(returnValue).toEqual([Uint8Array.from(bytes), Uint8Array.from(bytes)]);
  });

  it.each([
    ['a Uint8Array', Uint8Array.from(pack({ a: 1 }))],
    ['a Buffer', pack({ a: 1 })],
    ['an ArrayBuffer', Uint8Array.from(pack({ a: 1 })).buffer],
  ])('as the state are INVALID_ARGUMENT that names encoded: %s', async (_title, stateSnapshot) => {
    const rejection = runtime.executeHandler('return 1', { stateSnapshot: stateSnapshot as never });
    await expect(rejection).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { field: 'context.stateSnapshot' },
    });
    await expect(rejection).rejects.toThrow('encoded(bytes)');
  });
});

describe('encoded', () => {
  it('says that bytes are MessagePack, in each field by itself', async () => {
    const result = await runtime.executeHandler('return [{ ...$state }, $args, $scope]', {
      stateSnapshot: encoded(pack({ open: 1, secret: 2 })),
      args: encoded(pack(new Uint8Array([7]))),
      scope: new Uint8Array([8]),
      capabilities: ['state:read:open'],
    });
    expect(result.returnValue).toEqual([{ open: 1 }, new Uint8Array([7]), new Uint8Array([8])]);
  });

  it.each([
    ['a text', 'x'],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['nothing', undefined],
    ['null', null],
  ])('of %s is INVALID_ARGUMENT', (_title, value) => {
    expect(() => encoded(value as never)).toThrow(/encoded\(\) takes a Uint8Array of MessagePack/);
  });

  it('inside a value, or as an answer, is no value', async () => {
    await expect(runtime.executeHandler('return 1', { args: { a: encoded(pack(1)) } })).rejects.toMatchObject({
      code: 'SERIALIZATION_ERROR',
      context: { path: 'args.a' },
    });
    const extensions = { a: { b: async () => encoded(pack(1)) } };
    const { error } = await runtime.run('return await $ext.a.b()', { capabilities: ['ext:*'] }, { extensions });
    expect(error?.message).toContain('cannot enter the VM');
  });

  it('cannot be forged by JSON', async () => {
    const args = JSON.parse('{"Symbol(nexus-runtime.encoded)":[1],"bytes":[1]}') as unknown;
    expect((await runtime.executeHandler('return $args', { args })).returnValue).toEqual(args);
  });
});

describe('bytes that look like a MessagePack map', () => {
  it.each([
    [true, { a: 1 }],
    [true, { ['k'.repeat(100)]: 1 }],
    [true, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, i]))],
    [false, {}],
    [false, []],
    [false, [{ a: 1 }]],
    [false, 'text'],
    [false, new Uint8Array([1])],
  ])('are told by how they begin: %j, %j', (looks, value) => {
    expect(looksLikePackedMap(pack(value))).toBe(looks);
  });

  it('are not images, archives or texts', () => {
    for (const begin of [
      '89504e470d0a1a0a',
      'ffd8ffe000104a46',
      '504b0304',
      '1f8b08',
      '7b2261223a317d',
      '',
      '81',
      'de',
      '81a5',
    ]) {
      expect(looksLikePackedMap(Buffer.from(begin, 'hex'))).toBe(false);
    }
  });

  it('are warned of once in a process', async () => {
    const script = `
      import { createRuntime } from '${await bundleSource('src/index.ts')}';
      const warnings = [];
      process.on('warning', ({ code, message }) => warnings.push([code, message]));
      const runtime = await createRuntime({ cacheDir: false, metrics: false });
      const bytes = new Uint8Array([0x81, 0xa1, 0x61, 0x01]);
      for (const args of [new Uint8Array([1]), bytes, bytes]) await runtime.executeHandler('return 1', { args, scope: args });
      await runtime.shutdown();
      console.log(JSON.stringify(warnings));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
    });
    const warnings = JSON.parse(stdout) as [string, string][];
    expect(warnings.map(([code]) => code)).toEqual(['NEXUS_PACKED_BYTES']);
    expect(warnings[0]?.[1]).toMatch(/context\.args .*encoded\(bytes\)/);
  });
});
