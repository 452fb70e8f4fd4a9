import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type ExecutionLimits, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;
const capabilities = ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'] as const;
const MIB = 1024 * 1024;

beforeAll(async () => {
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    memoryLimitBytes: 64 * MIB,
    limitCeilings: { maxEvents: 200, timeoutMs: 10_000 },
  });
});
afterAll(() => runtime.shutdown());

const execute = (source: string, args: unknown, limits: Partial<ExecutionLimits>) =>
  runtime.executeHandler(source, { args, capabilities }, { limits });

describe('a limit', () => {
  it('of time is no member of limits, and the error says where it is', async () => {
    const call = runtime.executeHandler('return 1', {}, { limits: { timeoutMs: 5 } as never });
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'Unknown option limits.timeoutMs: it is an option of the call itself, beside limits.',
    });
  });

  it.each([
    ['maxEvents', 6, 'for (let i = 0; i < $args; i++) $emit("e")'],
    ['maxStateMutations', 6, 'for (let i = 0; i < $args; i++) $state["k" + i] = i'],
    ['maxViewCommands', 6, 'for (let i = 0; i < $args; i++) $view.focus("c")'],
    [
      'maxHostCalls',
      6,
      'for (let i = 0; i < $args; i++) [() => $emit("e"), () => $log("l"), () => $ext.a.b()][i % 3]()',
    ],
  ] as const)('%s lets %i through and not one more, and says so', async (limit, value, source) => {
    expect((await execute(source, value, { [limit]: value })).error).toBeUndefined();
    const { status, partial, error } = await execute(source, value + 1, { [limit]: value });
    expect({ status, partial }).toEqual({ status: 'error', partial: true });
    expect(error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit, value }, location: { line: 1 } });
    expect(error?.message).toContain(`${limit} (${value})`);
    expect(error?.context?.['remedy']).toContain(`raise ${limit}`);
  });

  it('maxResultBytes lets an outcome of its size through and not one of a byte more', async () => {
    const sizeOf = async (length: number) => {
      const { error } = await execute('return "x".repeat($args)', length, { maxResultBytes: 1 });
      return error?.context?.['bytes'] as number;
    };
    const bytes = await sizeOf(1000);
    expect((await execute('return "x".repeat($args)', 1000, { maxResultBytes: bytes })).status).toBe('success');
    const { error } = await execute('return "x".repeat($args)', 1001, { maxResultBytes: bytes });
    expect(error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxResultBytes', value: bytes, bytes: bytes + 1 },
    });
    expect(error?.context?.['remedy']).toContain('raise maxResultBytes');
  });

  it('maxContextBytes lets a context of its size through and rejects one of a byte more', async () => {
    const refused = await execute('return 1', 'x'.repeat(1000), { maxContextBytes: 1 }).catch((error) => error);
    const bytes = refused.context.bytes as number;
    expect((await execute('return 1', 'x'.repeat(1000), { maxContextBytes: bytes })).status).toBe('success');
    await expect(execute('return 1', 'x'.repeat(1001), { maxContextBytes: bytes })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { limit: 'maxContextBytes', value: bytes, bytes: bytes + 1 },
    });
  });

  it('timeoutMs ends a loop and names its layer', async () => {
    const { error } = await runtime.executeHandler('while (true);', {}, 50);
    expect(error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'timeoutMs', value: 50, layer: 'interrupt' } });
    expect(error?.context?.['remedy']).toContain('raise timeoutMs');
  });

  it('memoryLimitBytes can be lowered for one execution, and the next has all of it again', async () => {
    const source =
      'const hog = []; for (let i = 0; i < $args; i++) hog.push(new Uint8Array(1024 * 1024)); return hog.length';
    expect((await execute(source, 30, {})).returnValue).toBe(30);
    // More than fits, whatever the steps in which memory grows.
    const { error } = await execute(source, 32, { memoryLimitBytes: 32 * MIB });
    expect(error).toMatchObject({ code: 'MEMORY_LIMIT', context: { limit: 'memoryLimitBytes', value: 32 * MIB } });
    expect(error?.context?.['remedy']).toContain('raise memoryLimitBytes');
    expect((await execute(source, 5, { memoryLimitBytes: 32 * MIB })).returnValue).toBe(5);
    expect((await execute(source, 30, {})).returnValue).toBe(30);
    expect((await execute(source, 80, {})).error).toMatchObject({ code: 'MEMORY_LIMIT', context: { value: 64 * MIB } });
  });

  it('memoryLimitBytes ends a result that only says that it is large, at once', async () => {
    const { error } = await execute('const a = []; a.length = 4e9; return a', 0, {});
    expect(error).toMatchObject({ code: 'MEMORY_LIMIT', context: { limit: 'memoryLimitBytes', value: 64 * MIB } });
    expect((await execute('return 1', 0, {})).returnValue).toBe(1);
  });

  it('stackSizeBytes can be lowered for one execution, and recursion is an error that the guest can catch', async () => {
    const source = `
      let depth = 0;
      const dig = () => { depth++; dig(); };
      try { dig() } catch (error) { return [depth, error.name + ': ' + error.message] }
    `;
    const depthWith = async (limits: Partial<ExecutionLimits>) => {
      const { returnValue } = await execute(source, 0, limits);
      return returnValue as [number, string];
    };
    const [full, message] = await depthWith({});
    expect(message).toContain('stack');
    const [quarter] = await depthWith({ stackSizeBytes: 128 * 1024 });
    expect(quarter).toBeGreaterThan(100);
    expect(quarter).toBeLessThan(full / 2);
    expect((await depthWith({}))[0]).toBe(full);
    const { error } = await execute('const dig = () => dig(); dig()', 0, { stackSizeBytes: 128 * 1024 });
    expect(error).toMatchObject({ code: 'STACK_OVERFLOW', context: { limit: 'stackSizeBytes', value: 128 * 1024 } });
    expect(error?.context?.['remedy']).toContain('raise stackSizeBytes');
  });
});

describe('an override', () => {
  it('may raise a limit as far as limitCeilings says', async () => {
    const source = 'for (let i = 0; i < $args; i++) $emit("e"); return "emitted"';
    expect((await execute(source, 150, {})).error).toMatchObject({ context: { limit: 'maxEvents', value: 100 } });
    expect((await execute(source, 150, { maxEvents: 200 })).returnValue).toBe('emitted');
  });

  it.each([
    ['limits.maxEvents', { limits: { maxEvents: 201 } }, 'limitCeilings.maxEvents'],
    ['limits.maxStateMutations', { limits: { maxStateMutations: 1_001 } }, '1000'],
    ['limits.memoryLimitBytes', { limits: { memoryLimitBytes: 128 * MIB } }, 'memoryLimitBytes'],
    ['limits.memoryLimitBytes', { limits: { memoryLimitBytes: 20 * MIB + 1 } }, 'multiple of 65536'],
    ['limits.memoryLimitBytes', { limits: { memoryLimitBytes: MIB } }, '2097152'],
    ['limits.stackSizeBytes', { limits: { stackSizeBytes: 1024 } }, '65536'],
    ['limits.maxLogBytes', { limits: { maxLogBytes: -1 } }, 'from 0'],
    ['limits.maxHostCalls', { limits: { maxHostCalls: 1.5 } }, 'whole number'],
    ['limits.maxHostCalls', { limits: { maxHostCalls: '5' } }, 'whole number'],
    ['limits.maxHostCalls', { limits: { maxHostCalls: Number.NaN } }, 'whole number'],
    ['timeoutMs', { timeoutMs: 10_001 }, 'limitCeilings.timeoutMs'],
    ['timeoutMs', { timeoutMs: 0 }, 'from 1'],
    ['seed', { seed: Number.POSITIVE_INFINITY }, 'finite'],
    ['now', { now: 'today' }, 'finite'],
    ['limits', { limits: [] }, 'an object'],
    ['signal', { signal: {} }, 'AbortSignal'],
  ])('an override of %s beyond what is allowed is INVALID_ARGUMENT: %j', async (field, options, allowed) => {
    const rejection = runtime.executeHandler('return 1', {}, options as never);
    await expect(rejection).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', context: { field } });
    await expect(rejection).rejects.toThrow(allowed);
  });

  it.each([
    [{ maxEvents: 99 }, 'limitCeilings.maxEvents'],
    [{ maxEvents: 1.5 }, 'limitCeilings.maxEvents'],
    [{ memoryLimitBytes: 64 * MIB }, 'limitCeilings.memoryLimitBytes'],
    [{ maxEvent: 200 }, 'limitCeilings.maxEvents'],
    [5, 'limitCeilings'],
  ])('an override of the ceilings that makes no sense is INVALID_CONFIG: %j', async (limitCeilings, named) => {
    const creation = createRuntime({ cacheDir: false, limitCeilings: limitCeilings as never });
    await expect(creation).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    await expect(creation).rejects.toThrow(named);
  });
});
