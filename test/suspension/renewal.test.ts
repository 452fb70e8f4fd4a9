import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, type NexusRuntime, type ResumeOptions, type WasmContext } from '#src/index.js';
import { answer, rejection, suspensionOf } from './resume-helpers.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
});
afterAll(() => runtime.shutdown());

const CAPABILITIES = ['ext:*', 'state:read:*', 'state:write:*', 'events:emit:*', 'timer', 'view:update:*'];

/** Suspends a handler, resumes it with what is given anew, and gives its result. */
async function renew(code: string, context: WasmContext, options: ResumeOptions, value: unknown = 1) {
  const begun = await runtime.executeHandler(code, { capabilities: CAPABILITIES, ...context });
  return runtime.resumeHandler(suspensionOf(begun).suspensionId, answer(value), options);
}

describe('a fresh state', () => {
  const stateSnapshot = { count: 1, list: ['old'], gone: 1, nested: { a: 1 } };

  it('replaces what the handler has not touched, and what is no longer there is gone', async () => {
    const code = `
      await $ext.a.b();
      return { ...$state, has: 'gone' in $state, keys: Object.keys($state).sort() };
    `;
    const fresh = { count: 2, list: ['new', new Map([['k', 1n]])], added: new Date(7), nested: { a: 2 } };
    const { returnValue, stateMutations } = await renew(code, { stateSnapshot }, { stateSnapshot: fresh });
    expect(returnValue).toEqual({ ...fresh, has: false, keys: ['added', 'count', 'list', 'nested'] });
    expect(stateMutations).toEqual([]);
  });

  it('leaves what the handler has set, deleted or holds, in whichever segment', async () => {
    const code = `
      const held = $state.nested;
      $state.count = 10;
      delete $state.gone;
      $state.mine = 1;
      await $ext.a.b();
      await $ext.a.c();
      held.b = 2;
      return [$state.count, 'gone' in $state, $state.mine, $state.nested === held, $state.list[0], $state.other];
    `;
    const begun = await runtime.executeHandler(code, { capabilities: CAPABILITIES, stateSnapshot });
    const second = await runtime.resumeHandler(suspensionOf(begun).suspensionId, answer(1));
    const fresh = { count: 2, gone: 2, mine: 2, nested: { a: 9 }, list: ['new'], other: 3 };
    const { suspensionId } = suspensionOf(second);
    const result = await runtime.resumeHandler(suspensionId, answer(1), { stateSnapshot: fresh });
    expect(result.returnValue).toEqual([10, false, 1, true, 'new', 3]);
    expect(result.stateMutations).toEqual([{ operation: 'set', key: 'nested', value: { a: 1, b: 2 } }]);
  });

  it('is what changes inside are compared with from then on', async () => {
    const code = 'await $ext.a.b(); $state.list.push(3); $state.same.x; return 1';
    const fresh = { list: [1, 2], same: { x: 1 } };
    const { stateMutations } = await renew(code, { stateSnapshot }, { stateSnapshot: fresh });
    expect(stateMutations).toEqual([{ operation: 'set', key: 'list', value: [1, 2, 3] }]);
  });

  it('with one object in two places tells of changes in both', async () => {
    const code = 'await $ext.a.b(); $state.one.x = 2; return $state.one === $state.two';
    const shared = { x: 1 };
    const { returnValue, stateMutations } = await renew(code, {}, { stateSnapshot: { one: shared, two: shared } });
    expect(returnValue).toBe(true);
    expect(stateMutations.map(({ key }) => key).sort()).toEqual(['one', 'two']);
  });

  it('takes the place of values that were left out', async () => {
    const many = (of: string) => Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, { of, i }]));
    const code = 'const key = await $ext.a.b(); return [$state[key].of, $state.k7.of, Object.keys($state).length]';
    const options = { stateSnapshot: { ...many('new'), k300: { of: 'new' } } };
    const { returnValue } = await renew(code, { stateSnapshot: many('old') }, options, 'k250');
    expect(returnValue).toEqual(['new', 'new', 301]);
  });

  it('has only what may be read', async () => {
    const capabilities = ['ext:*', 'state:read:a'];
    const code = 'await $ext.a.b(); try { return $state.b } catch (error) { return [error.code, $state.a] }';
    const { returnValue } = await renew(
      code,
      { capabilities, stateSnapshot: { a: 1 } },
      { stateSnapshot: { a: 2, b: 2 } },
    );
    expect(returnValue).toEqual(['PERMISSION_DENIED', 2]);
  });

  it.each([
    ['a list', []],
    ['a text', 'state'],
    ['null', null],
    ['what cannot be passed', { f: () => 1 }],
  ])('that is %s is refused, and the handler waits on', async (_, given) => {
    const begun = await runtime.executeHandler('return await $ext.a.b()', { capabilities: CAPABILITIES });
    const { suspensionId } = suspensionOf(begun);
    const error = await rejection(
      runtime.resumeHandler(suspensionId, answer(1), { stateSnapshot: given as unknown as object }),
    );
    expect(error.message).toContain('options.stateSnapshot');
    expect((await runtime.resumeHandler(suspensionId, answer(1))).returnValue).toBe(1);
  });
});

describe('fewer capabilities', () => {
  it('count from then on, at the place of the next use, also after further waits', async () => {
    const code = `
      $emit('early');
      await $ext.a.b();
      const denied = [];
      for (const use of [() => $emit('late'), () => $ext.x.y(), () => { $state.k = 1 }, () => setTimeout(() => {}, 1)]) {
        try { use(); } catch (error) { denied.push(/"(.*)"/.exec(error.message)?.[1]); }
      }
      await $ext.a.c();
      try { $emit('later'); } catch (error) { denied.push(error.code); }
      return denied;
    `;
    const begun = await runtime.executeHandler(code, { capabilities: CAPABILITIES });
    const capabilities = ['ext:a.*', 'view:update:*'];
    const second = await runtime.resumeHandler(suspensionOf(begun).suspensionId, answer(1), { capabilities });
    expect(second.events).toEqual([]);
    const third = await runtime.resumeHandler(suspensionOf(second).suspensionId, answer(1));
    expect(third.returnValue).toEqual([
      'events:emit:late',
      'ext:x.y',
      'state:write:k',
      'timer:sleep',
      'PERMISSION_DENIED',
    ]);
    // It gets none of them back.
    const again = await runtime.executeHandler(code, { capabilities: CAPABILITIES });
    const narrowed = await runtime.resumeHandler(suspensionOf(again).suspensionId, answer(1), { capabilities });
    const widened = runtime.resumeHandler(suspensionOf(narrowed).suspensionId, answer(1), {
      capabilities: ['events:emit:*'],
    });
    expect(await rejection(widened)).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('options.capabilities[0]'),
    });
  });

  it('leave calls that were made before as they are', async () => {
    const code = `
      const slow = $ext.old.call('x');
      const timer = new Promise((done) => setTimeout(done, 86_400_000));
      await $ext.a.b();
      return Promise.race([slow, timer]);
    `;
    const begun = await runtime.executeHandler(code, { capabilities: CAPABILITIES });
    const { suspensionId, calls } = suspensionOf(begun);
    const [old, first] = calls;
    const second = await runtime.resumeHandler(suspensionId, [{ callId: first?.callId as string, ...answer(1) }], {
      capabilities: ['ext:a.b'],
    });
    expect(suspensionOf(second).calls.map(({ extensionName }) => extensionName)).toEqual(['old']);
    const third = await runtime.resumeHandler(suspensionOf(second).suspensionId, [
      { callId: old?.callId as string, ...answer('late') },
    ]);
    expect(third.returnValue).toBe('late');
  });

  it('take what may no longer be read out of the state, unless the handler has it', async () => {
    const code = `
      const held = $state.held;
      await $ext.a.b();
      const found = {};
      for (const key of ['kept', 'secret', 'held']) {
        try { found[key] = $state[key]; } catch (error) { found[key] = error.code; }
      }
      return [found, Object.keys($state).sort()];
    `;
    const context = { stateSnapshot: { kept: 1, secret: 2, held: { x: 1 } } };
    const { returnValue } = await renew(code, context, { capabilities: ['ext:a.b', 'state:read:kept'] });
    expect(returnValue).toEqual([{ kept: 1, secret: 'PERMISSION_DENIED', held: { x: 1 } }, ['held', 'kept']]);
  });

  it('and none at all, with a fresh state', async () => {
    const code = 'await $ext.a.b(); return Object.keys($state)';
    const options = { capabilities: [], stateSnapshot: { a: 1 } };
    expect((await renew(code, { stateSnapshot: { a: 0 } }, options)).returnValue).toEqual([]);
  });

  it.each([
    ['more than it had', ['net:GET:example.com']],
    ['no capability', ['nonsense']],
    ['no text', [5]],
    ['no list', 'ext:*'],
  ])('that are %s are refused, and the handler waits on', async (_, given) => {
    const begun = await runtime.executeHandler('return await $ext.a.b()', { capabilities: ['ext:a.b'] });
    const { suspensionId } = suspensionOf(begun);
    const error = await rejection(
      runtime.resumeHandler(suspensionId, answer(1), { capabilities: given as unknown as string[] }),
    );
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect((await runtime.resumeHandler(suspensionId, answer(1))).returnValue).toBe(1);
  });
});

describe('runs', () => {
  it('get both from the option renew of work, and wait if it throws', async () => {
    const seen: unknown[] = [];
    let mustThrow = true;
    const code = `
      const before = $state.price;
      await $ext.later.ask();
      try { $emit('x'); return 'emitted'; } catch (error) { return [error.code, before, $state.price]; }
    `;
    const context = { capabilities: CAPABILITIES, stateSnapshot: { price: 1 }, handlerName: 'shop' };
    const run = await runtime.start(code, context, { runId: 'renewed', tenant: 'acme' });
    await using _worker = await runtime.work({
      renew: (info) => {
        seen.push(info);
        if (mustThrow) {
          mustThrow = false;
          throw new Error('not now');
        }
        return { stateSnapshot: { price: 2 }, capabilities: info.capabilities.filter((one) => !/^events/.test(one)) };
      },
    });
    await expect.poll(async () => (await run.describe()).calls.length).toBe(1);
    const [call] = (await run.describe()).calls;
    await runtime.completeCall(`renewed:${call?.callId}`, answer(1));
    expect((await run.result({ timeoutMs: 30_000 })).returnValue).toEqual(['PERMISSION_DENIED', 1, 2]);
    const info = { runId: 'renewed', tenant: 'acme', handlerName: 'shop', capabilities: CAPABILITIES };
    expect(seen).toEqual([info, info]);
  });
});
