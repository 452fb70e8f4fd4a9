import { type AuditEvent, createRuntime, type NexusRuntime } from 'nexus-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

let runtime: NexusRuntime;
let events: AuditEvent[] = [];
let fails = false;

beforeAll(async () => {
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    observer: {
      onAudit: (event) => {
        if (fails) throw new Error('listener');
        events.push(event);
      },
    },
  });
});
beforeEach(() => {
  events = [];
  fails = false;
});
afterAll(() => runtime.shutdown());

describe('an audit', () => {
  it('tells every capability that was used, and how often', async () => {
    const source = `
      $state.a + $state.a; $state.b.c; $state.w = 1; $state.w = 2; $state.b.c = 3;
      $emit('e'); $emit('e'); $view.focus('v'); await $ext.http.get();
    `;
    await runtime.executeHandler(source, {
      stateSnapshot: { a: 1, b: { c: 2 } },
      capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'],
      handlerName: 'h',
      panelId: 'p',
    });
    const seen = events.map(({ capability, allowed, uses }) => [capability, allowed, uses]);
    expect(seen.sort()).toEqual([
      ['events:emit:e', true, 2],
      ['ext:http.get', true, 1],
      ['state:read:a', true, 1],
      ['state:read:b', true, 1],
      ['state:write:b', true, 1],
      ['state:write:w', true, 2],
      ['view:update:v', true, 1],
    ]);
    expect(events.every(({ handlerName, panelId }) => handlerName === 'h' && panelId === 'p')).toBe(true);
  });

  it('tells what was denied, also when the handler caught the error', async () => {
    const source = `
      for (const attempt of [() => $emit('x'), () => $emit('x'), () => { $state.s = 1 }, () => $state.r, () => $ext.a.b()]) {
        try { attempt() } catch {}
      }
      return 'done';
    `;
    expect((await runtime.executeHandler(source)).returnValue).toBe('done');
    expect(events).toEqual([
      { capability: 'events:emit:x', allowed: false, uses: 2 },
      { capability: 'state:write:s', allowed: false, uses: 1 },
      { capability: 'state:read:r', allowed: false, uses: 1 },
      { capability: 'ext:a.b', allowed: false, uses: 1 },
    ]);
  });

  it('by a listener that throws changes nothing', async () => {
    fails = true;
    const result = await runtime.executeHandler('$emit("e"); return 1', { capabilities: ['events:emit:e'] });
    expect(result).toMatchObject({ status: 'success', returnValue: 1 });
  });
});
