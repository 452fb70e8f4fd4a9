import { describe, expect, it } from 'vitest';
import { createRuntime } from '#src/index.js';

const ALL = ['state:read:*', 'ext:*'] as const;

describe('a value that executes a handler while it is read', () => {
  it('a value that executes a handler while it is read as context leaves both contexts as they are', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const echo = 'return { ...$state, args: $args }';
    const inner: Promise<unknown>[] = [];
    const lazy = {
      get secret() {
        inner.push(
          runtime.executeHandler(echo, { stateSnapshot: { of: 'inner' }, args: 'inner', capabilities: [...ALL] }),
        );
        return 'outer';
      },
    };
    const context = { stateSnapshot: { of: 'outer', lazy }, args: 'outer', capabilities: [...ALL] };
    const outer = await runtime.executeHandler(echo, context);
    expect(outer.returnValue).toEqual({ of: 'outer', lazy: { secret: 'outer' }, args: 'outer' });
    expect(inner.length).toBeGreaterThan(0);
    for (const result of await Promise.all(inner)) {
      expect(result).toMatchObject({ returnValue: { of: 'inner', args: 'inner' } });
    }
  });

  it('a value that executes a handler while it is read as an answer, or as something to be kept, leaves both as they are', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const artifacts = runtime.artifacts('documents');
    const kept = await artifacts.getOrCreate('outer', () => ({
      get inner() {
        void artifacts.getOrCreate('inner', () => ({ of: 'inner' }));
        return 'outer';
      },
      of: 'outer',
    }));
    expect(kept).toEqual({ inner: 'outer', of: 'outer' });
    expect(await artifacts.getOrCreate('inner', () => ({ of: 'never' }))).toEqual({ of: 'inner' });

    const other: Promise<unknown>[] = [];
    const extensions = {
      a: {
        b: () => ({
          get lazy() {
            other.push(runtime.executeHandler('return $args', { args: 'inner' }));
            return 'outer';
          },
        }),
      },
    };
    const { returnValue } = await runtime.run('return await $ext.a.b()', { capabilities: [...ALL] }, { extensions });
    expect(returnValue).toEqual({ lazy: 'outer' });
    for (const result of await Promise.all(other)) expect(result).toMatchObject({ returnValue: 'inner' });
  });
});
