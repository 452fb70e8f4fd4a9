import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRuntime } from '#src/index.js';
import { runCase } from '#src/playground/case/run-case.js';
import { testCode } from '#src/playground/case/test-code.js';
import { toSource } from '#src/playground/case/to-source.js';
import * as kit from '#src/testing/index.js';
import type { Recording } from '#src/testing/recording/recording.js';

describe('a value as code', () => {
  it.each([
    [-0, Number.NaN, 10n ** 40n, undefined, null, true],
    ["it's", '"both" \'quotes\'', '\u2028 ${x} `', '</script>'],
    [{ a: { 'b-c': [1, undefined, 3] }, ['__proto__']: 1 }, Object.assign(new Array(3), { 1: 'between holes' })],
    [new Map([[{ k: 1 }, new Set([1n])]]), new Date(5), new Date(Number.NaN), /a\/b/gi],
    [new Uint8Array([1, 255]), new Float64Array([0.5, -0]), new BigInt64Array([-1n])],
    [Object.assign(new Error('no'), { name: 'Refused', code: 7 })],
  ])('makes an equal one: %#', (...values) => {
    for (const value of values) {
      const source = toSource(value) as string;
      expect(new Function(`return (${source});`)()).toEqual(value);
    }
  });

  it('is not made of what no expression makes', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(toSource(loop)).toBeUndefined();
    expect(toSource({ f: () => 1 })).toBeUndefined();
  });
});

const CODE = `const user = await $ext.users.find($args.id);
try { await $ext.mail.send(user.name, { at: new Date(0) }); } catch (error) { $log.warn(error.message); }
$state.seen = new Set([user.name]);
$emit('user.seen', { name: user.name, chance: Math.random() });
$view.focus('list', 1);
return { again: await $ext.users.find(2), time: Date.now() };`;

/** Executes the code of a test, with the imports that it has. */
async function execute(code: string, frameworks: Readonly<Record<string, unknown>>): Promise<void> {
  const scope: Record<string, unknown> = { ...frameworks, ...kit };
  let tested: (() => Promise<void>) | undefined;
  scope['test'] = (_: string, body: () => Promise<void>) => {
    tested = body;
  };
  const body = code.replaceAll(/^import .*;$/gm, '');
  new Function(...Object.keys(scope), body)(...Object.values(scope));
  await tested?.();
}

describe('the test of a run', () => {
  it('passes, fails when the handler does something else, and refuses what it cannot say', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
    const folder = await mkdtemp(join(tmpdir(), 'nexus-test-code-'));
    try {
      const given = {
        code: CODE,
        filename: 'users.js',
        context: {
          args: { id: 1 },
          stateSnapshot: { old: 1 },
          capabilities: runtime.inferCapabilities(CODE),
        },
        seed: 7,
        given: [],
        isLive: true,
      };
      const extensions = {
        users: { find: async (id: number) => ({ id, name: `user ${id}` }) },
        mail: { send: () => Promise.reject(new TypeError('no mail')) },
      };
      const options = { extensions, signal: new AbortController().signal, onStep: () => {} };
      const { recording, result } = await runCase(runtime, given, options);
      expect(result).toMatchObject({ status: 'success', logs: [{ message: 'no mail' }] });
      const assert = (await import('node:assert/strict')).default;
      const own = testCode(recording as Recording, { framework: 'node' });
      expect(own).toContain("import { test } from 'node:test';");
      await execute(own, { assert });
      await execute(testCode(recording as Recording, { framework: 'vitest' }), { expect });
      // Of a file, by its name.
      const file = join(folder, 'users.js');
      await writeFile(file, CODE);
      const ofFile = testCode(recording as Recording, { framework: 'node', file });
      expect(ofFile).not.toContain('Math.random');
      await execute(ofFile, { assert });
      await writeFile(file, CODE.replace("'list', 1", "'list', 2"));
      await expect(execute(ofFile, { assert })).rejects.toThrow(/args/);
      const waiting = { ...given, code: 'await $ext.nobody.is()', context: { capabilities: ['ext:nobody.is'] } };
      const { recording: suspended } = await runCase(runtime, waiting, options);
      expect(() => testCode(suspended as Recording, { framework: 'node' })).toThrow(/still waits/);
    } finally {
      await runtime.shutdown();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
