import { beforeAll, describe, expect, it } from 'vitest';

import type { WasmContext } from '#src/api/context.js';
import type { ExecuteOptions } from '#src/execution/request/execute-options.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../support/executor.js';

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

const run = (source: string, context: WasmContext = { capabilities: ['ext:*'] }, options: ExecuteOptions = {}) =>
  runInThread(executor, source, context, options);

describe('a call of an extension', () => {
  it('suspends the handler with what it waits for and all effects so far', async () => {
    const outcome = await run(
      '$log("before"); const user = await $ext.http.get("/user", { retries: 2 }); $log("after"); return user',
    );
    expect(outcome).toMatchObject({
      status: 'suspended',
      logs: [{ level: 'info', message: 'before' }],
      calls: [{ callId: 'c1', extensionName: 'http', method: 'get', args: ['/user', { retries: 2 }] }],
    });
    expect(outcome.error).toBeUndefined();
  });

  it('suspends once with all calls that wait at the same time', async () => {
    const outcome = await run('await Promise.all([$ext.http.get(1), $ext.db.find(2), $ext.http.get(3)])');
    expect(outcome.calls.map(({ callId, extensionName, args }) => [callId, extensionName, args])).toEqual([
      ['c1', 'http', [1]],
      ['c2', 'db', [2]],
      ['c3', 'http', [3]],
    ]);
  });

  it('holds its arguments as they were', async () => {
    const outcome = await run('const o = { n: 1, m: new Map([[1, 2]]) }; const p = $ext.x.y(o); o.n = 2; await p');
    expect(outcome.calls[0]?.args).toEqual([{ n: 1, m: new Map([[1, 2]]) }]);
  });

  it('a call of an extension without the capability is denied at its line, and can be caught', async () => {
    const context: WasmContext = { capabilities: ['ext:http.get'] };
    const denied = await run('await $ext.http.get();\nawait $ext.http.post()', { capabilities: [] });
    expect(denied.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      context: { capability: 'ext:http.get' },
      location: { line: 1 },
    });
    const caught = await run('try { $ext.http.post() } catch (error) { return error.code }', context);
    expect(caught.returnValue).toBe('PERMISSION_DENIED');
    expect((await run('await $ext.http.get()', context)).status).toBe('suspended');
  });

  it.each([
    ['ext:http', true],
    ['ext:http.*', true],
    ['ext:*', true],
    ['ext:http.get', true],
    ['ext:http.g*', true],
    ['ext:https', false],
    ['ext:httpx.*', false],
    ['ext:http.post', false],
  ] as const)('is covered by %s: %s', async (capability, covered) => {
    const { status } = await run('await $ext.http.get()', { capabilities: [capability] });
    expect(status).toBe(covered ? 'suspended' : 'error');
  });

  it('a call of an extension that no extension has is an error at its line when the host says which there are', async () => {
    const context: WasmContext = {
      capabilities: ['ext:*'],
      extensionRegistry: { http: ['get'], db: { find: () => {}, size: 5 } },
    };
    expect((await run('await Promise.all([$ext.http.get(), $ext.db.find()])', context)).status).toBe('suspended');
    for (const call of ['$ext.http.put()', '$ext.db.size()', '$ext.ftp.get()', '$ext.constructor.name()']) {
      const { error } = await run(`\nawait ${call}`, context);
      expect(error?.message).toContain('There is no extension method');
      expect(error?.location?.line).toBe(2);
    }
  });

  it('counts as a host call', async () => {
    const source = 'for (let i = 0; i < $args; i++) $ext.a.b(); await new Promise(() => {})';
    const limited = (args: number) => run(source, { args, capabilities: ['ext:*'] }, { limits: { maxHostCalls: 3 } });
    expect((await limited(3)).calls).toHaveLength(3);
    expect((await limited(4)).error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxHostCalls', value: 3 },
    });
  });

  it('a call of an extension that a handler has not awaited when it ends is still waited for', async () => {
    const result = await run('$ext.audit.note("x"); return 1');
    expect(result.status).toBe('suspended');
    expect(result.returnValue).toBeUndefined();
  });

  it('a call of an extension with an argument that cannot leave is an error with its path', async () => {
    const { error } = await run('await $ext.http.get({ then: [() => {}] })');
    expect(error).toMatchObject({
      code: 'SERIALIZATION_ERROR',
      context: { path: '$ext.http.get arguments[0].then[0]' },
    });
  });
});

describe('$ext', () => {
  it('is no thenable, nor is an extension', async () => {
    expect((await run('await $ext; await $ext.http; return typeof $ext.http.then')).returnValue).toBe('undefined');
  });

  it('cannot be changed', async () => {
    const source =
      '"use strict"; const tried = []; for (const change of [() => { $ext.http = 1 }, () => { $ext.http.get = 1 }]) try { change() } catch (e) { tried.push(e.name) } return [tried, typeof $ext.http.get]';
    expect((await run(source)).returnValue).toEqual([['TypeError', 'TypeError'], 'function']);
  });

  it('waiting for nothing that can come is a DEADLOCK', async () => {
    expect((await run('await new Promise(() => {})')).error?.code).toBe('DEADLOCK');
  });
});
