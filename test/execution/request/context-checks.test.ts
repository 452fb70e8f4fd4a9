import { pack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, encoded, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

describe('a context', () => {
  it.each([
    ['context', 5, 'an object'],
    ['context', null, 'an object'],
    ['context', [], 'an object'],
    ['context.panelId', { panelId: 5 }, 'a string'],
    ['context.handlerName', { handlerName: {} }, 'a string'],
    ['context.stateSnapshot', { stateSnapshot: 'x' }, 'a plain object'],
    ['context.stateSnapshot', { stateSnapshot: null }, 'a plain object'],
    ['context.stateSnapshot', { stateSnapshot: [1] }, 'a plain object'],
    ['context.stateSnapshot', { stateSnapshot: new Map() }, 'a plain object'],
    ['context.stateSnapshot', { stateSnapshot: new Date() }, 'a plain object'],
    ['context.stateSnapshot', { stateSnapshot: new Float64Array(2) }, 'a plain object'],
    ['context.capabilities', { capabilities: 'state:read:*' }, 'an array'],
    ['context.capabilities[1]', { capabilities: ['state:read:a', 'state:reed:a'] }, 'state:read'],
    ['context.capabilities[0]', { capabilities: ['state:read:'] }, 'state:read'],
    ['context.capabilities[0]', { capabilities: ['events:emit:a*b'] }, 'may end in'],
    ['context.capabilities[0]', { capabilities: [5] }, 'may end in'],
    ['context.extensionRegistry', { extensionRegistry: ['http'] }, 'an object'],
    ['context.extensionRegistry.http', { extensionRegistry: { http: 5 } }, 'method names'],
    ['context.extensionRegistry', { extensionRegistry: { 'http.admin': ['get'] } }, 'without dots'],
    ['context.extensionRegistry', { extensionRegistry: { '': ['get'] } }, 'without dots'],
    ['context.capabilities[0]', { capabilities: ['ext:.get'] }, 'may end in'],
    ['context.extensionRegistry.http', { extensionRegistry: { http: [5] } }, 'a string'],
  ])('a context with a wrong %s is INVALID_ARGUMENT: %j', async (field, context, allowed) => {
    const rejection = runtime.executeHandler('return 1', context as never);
    await expect(rejection).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', context: { field } });
    await expect(rejection).rejects.toThrow(allowed);
  });

  it('a context with an unknown field names the nearest', async () => {
    const rejection = runtime.executeHandler('return 1', { stateSnapshots: {} } as never);
    await expect(rejection).rejects.toThrow('Did you mean context.stateSnapshot?');
  });

  it.each([
    ['that ends early', pack({ a: [1, 2, 3] }).subarray(0, 4)],
    ['with a byte left over', Buffer.concat([pack({ a: 1 }), Buffer.from([1])])],
    ['of an unknown type', Buffer.from([0xc1])],
    ['of nothing', new Uint8Array(0)],
  ])('a context of MessagePack %s is INVALID_ARGUMENT naming the field', async (_title, bytes) => {
    for (const field of ['stateSnapshot', 'args', 'scope']) {
      await expect(runtime.executeHandler('return 1', { [field]: encoded(bytes) })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { field: `context.${field}` },
      });
    }
    expect((await runtime.executeHandler('return "goes on"')).returnValue).toBe('goes on');
  });

  it('a context whose state is MessagePack of something else than a map is INVALID_ARGUMENT', async () => {
    for (const bytes of [pack([1]), pack(5), pack(null)]) {
      await expect(runtime.executeHandler('return 1', { stateSnapshot: encoded(bytes) })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { field: 'context.stateSnapshot' },
      });
    }
  });
});
