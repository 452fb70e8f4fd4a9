import { describe, expect, it } from 'vitest';

import { memoryQuota, type Quota, type QuotaRequest, type UsageCounts } from '#src/index.js';
import { rejection, withRuntime } from '../../support/runtime-helpers.js';

const WAITS = { capabilities: ['ext:*'] as const, extensionRegistry: { host: ['next'] } };
const CODE = 'for (let i = 0; i < 2; i++) await $ext.host.next(); return 1';
const extensions = { host: { next: async () => 1 } };

/** A quota that records what it is asked and told. */
function recorder(refuses: (request: QuotaRequest) => boolean = () => false) {
  const begun: QuotaRequest[] = [];
  const ended: { readonly request: QuotaRequest; readonly usage: UsageCounts }[] = [];
  const quota: Quota = {
    begin(request) {
      begun.push(request);
      if (!refuses(request)) return undefined;
      return { quota: 'plan', reason: 'the plan has ended', value: 1, used: 2, retryAfterMs: 3 };
    },
    end: (request, usage) => void ended.push({ request, usage: { ...usage } }),
  };
  return { quota, begun, ended };
}

describe('a quota', () => {
  it('that does not answer holds no call beyond its deadline or its signal, and no suspended handler', async () => {
    let answers = true;
    const ended: QuotaRequest[] = [];
    const late: (() => void)[] = [];
    const quota: Quota = {
      begin: () => (answers ? undefined : new Promise((resolve) => late.push(() => resolve(undefined)))),
      end: (request) => void ended.push(request),
    };
    await withRuntime({ maxInstances: 1, quota }, async (runtime) => {
      const { suspension } = await runtime.executeHandler(CODE, WAITS);
      const { suspensionId = '' } = suspension ?? {};
      answers = false;
      const stop = new AbortController();
      const results = [
        runtime.executeHandler('return 1', {}, { deadlineMs: 20 }),
        runtime.run('return 1', {}, { deadlineMs: 20 }),
        runtime.resumeHandler(suspensionId, { success: true, value: 1 }, { deadlineMs: 20 }),
        runtime.executeHandler('return 1', {}, { signal: stop.signal }),
      ];
      setTimeout(() => stop.abort(), 20);
      const codes = (await Promise.all(results)).map(({ error }) => error?.code);
      expect(codes).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT', 'CANCELLED']);
      // Those that are admitted when it is too late are over at once.
      const before = ended.length;
      for (const admit of late) admit();
      await Promise.resolve();
      answers = true;
      expect((await runtime.resumeHandler(suspensionId, { success: true, value: 1 })).status).toBe('suspended');
      expect(ended.length - before).toBe(late.length + 1);
    });
  });

  it('is asked before each call and told after it what all its segments used', async () => {
    const { quota, begun, ended } = recorder();
    await withRuntime({ maxInstances: 1, quota }, async (runtime) => {
      const options = { tenant: 'acme' };
      const context = { ...WAITS, handlerName: 'pay' };
      const first = await runtime.executeHandler(CODE, context, options);
      const { suspensionId = '' } = first.suspension ?? {};
      await runtime.resumeHandler(suspensionId, { success: true, value: 1 });
      const run = await runtime.run(CODE, context, { extensions, ...options });
      const origin = { tenant: 'acme', handlerName: 'pay' };
      expect(begun).toEqual([
        { ...origin, call: 'execute' },
        { ...origin, call: 'resume' },
        { ...origin, call: 'run' },
      ]);
      expect(ended.map(({ request }) => request)).toEqual(begun);
      expect(ended.map(({ usage }) => [usage.executions, usage.segments, usage.calls])).toEqual([
        [1, 1, 1],
        [0, 1, 1],
        [1, 3, 2],
      ]);
      expect(ended[2]?.usage.instructions).toBe(run.metrics.instructionCount);
    });
  });

  it('can refuse a call, which has a result that says why and uses nothing', async () => {
    const { quota, ended } = recorder(() => true);
    await withRuntime({ maxInstances: 1, quota }, async (runtime) => {
      const [context, options] = [{ handlerName: 'pay' }, { tenant: 'acme' }];
      for (const result of [
        await runtime.executeHandler('return 1', context, options),
        await runtime.run('return 1', context, options),
      ]) {
        expect(result).toMatchObject({
          status: 'error',
          error: {
            code: 'RESOURCE_LIMIT',
            message: 'The quota refuses the execution: the plan has ended.',
            context: {
              limit: 'quota',
              quota: 'plan',
              value: 1,
              used: 2,
              retryAfterMs: 3,
              tenant: 'acme',
              handlerName: 'pay',
            },
          },
        });
      }
      expect(ended).toEqual([]);
      expect(runtime.getUsage('acme')).toMatchObject({ executions: 0, segments: 0 });
      expect(runtime.getStats().errors).toMatchObject({ RESOURCE_LIMIT: 2 });
    });
  });

  it('that refuses to resume leaves the handler suspended', async () => {
    let isOpen = true;
    const { quota } = recorder(() => !isOpen);
    await withRuntime({ maxInstances: 1, quota }, async (runtime) => {
      const { suspension } = await runtime.executeHandler('return await $ext.host.next()', WAITS);
      const resume = () => runtime.resumeHandler(suspension?.suspensionId ?? '', { success: true, value: 7 });
      isOpen = false;
      expect((await resume()).error?.context).toMatchObject({ limit: 'quota', quota: 'plan' });
      isOpen = true;
      expect(await resume()).toMatchObject({ status: 'success', returnValue: 7 });
    });
  });

  it('that throws lets nothing begin, and a handler that waits stays so', async () => {
    let fails = false;
    const quota: Quota = {
      begin: async () => {
        if (fails) throw new Error('the database is gone');
        return undefined;
      },
      end() {},
    };
    await withRuntime({ maxInstances: 1, quota }, async (runtime) => {
      const { suspension } = await runtime.executeHandler('return await $ext.host.next()', WAITS);
      const resume = () => runtime.resumeHandler(suspension?.suspensionId ?? '', { success: true, value: 7 });
      fails = true;
      for (const call of [() => runtime.executeHandler('return 1'), resume]) {
        expect(await rejection(call())).toMatchObject({
          code: 'INTERNAL_ERROR',
          message: expect.stringContaining('the database is gone'),
        });
      }
      fails = false;
      expect(await resume()).toMatchObject({ returnValue: 7 });
    });
  });

  it('is told of calls that reject, or whose end it cannot be told', async () => {
    const { quota, ended } = recorder();
    const end = (request: QuotaRequest, usage: UsageCounts) => {
      quota.end(request, usage);
      throw new Error('not now');
    };
    await withRuntime({ maxInstances: 1, quota: { begin: quota.begin, end } }, async (runtime) => {
      await rejection(runtime.executeHandler('return 1', { capabilities: ['all'] as never }));
      expect(await runtime.executeHandler('return 1')).toMatchObject({ returnValue: 1 });
      expect(ended.map(({ usage }) => usage.executions)).toEqual([0, 1]);
    });
  });

  it.each([[{}], [{ begin() {} }], ['memory'], [null]])('is checked: %j', async (quota) => {
    await expect(withRuntime({ quota } as never, async () => {})).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      context: { option: 'quota' },
    });
  });
});

describe('memoryQuota', () => {
  const REQUEST: QuotaRequest = { call: 'execute', tenant: 'acme' };
  const NOTHING: UsageCounts = {
    executions: 1,
    segments: 1,
    errors: 0,
    instructions: 0,
    cpuUs: 0,
    bytesIn: 0,
    bytesOut: 0,
    calls: 0,
    storedByteHours: 0,
  };

  it('lets so many calls begin in a time, at once or spread, and says when to try again', () => {
    let time = 0;
    const quota = memoryQuota({ rate: { executions: 4, perMs: 1_000 }, now: () => time });
    const begin = (tenant = 'acme') => quota.begin({ ...REQUEST, tenant });
    expect([1, 2, 3, 4].map(() => begin())).toEqual([undefined, undefined, undefined, undefined]);
    expect(begin()).toEqual({
      quota: 'rate',
      reason: '4 calls may begin in 1000 ms',
      value: 4,
      retryAfterMs: 250,
    });
    // Each tenant has its own, and who is resumed has begun.
    expect(begin('other')).toBeUndefined();
    expect(quota.begin({ ...REQUEST, call: 'resume' })).toBeUndefined();
    time = 250;
    expect([begin(), begin()]).toMatchObject([undefined, { quota: 'rate' }]);
    time = 1_000_000;
    expect([1, 2, 3, 4, 5].map(() => begin() === undefined)).toEqual([true, true, true, true, false]);
    // A clock that is set back neither saves nor takes.
    time = 0;
    expect(begin()).toMatchObject({ quota: 'rate' });
    time = 250;
    expect(begin()).toBeUndefined();
  });

  it('lets so many calls run at the same time', async () => {
    const quota = memoryQuota({ concurrency: 2 });
    await withRuntime({ maxInstances: 1, quota }, async (runtime) => {
      const call = (tenant: string) => runtime.executeHandler('return 1', {}, { tenant });
      const results = await Promise.all(['a', 'a', 'a', 'b', 'b', 'b'].map(call));
      const isRefused = results.map(({ error }) => error?.context?.['quota'] === 'concurrency');
      expect(isRefused).toEqual([false, false, true, false, false, true]);
      expect((await call('a')).status).toBe('success');
    });
  });

  it('has a budget for each period and each measure', () => {
    const measures = {
      executions: { executions: 2 },
      instructions: { instructions: 10 },
      cpuMs: { cpuUs: 10_000 },
      bytesIn: { bytesIn: 10 },
      bytesOut: { bytesOut: 10 },
      calls: { calls: 10 },
    } satisfies Record<string, Partial<UsageCounts>>;
    for (const [measure, used] of Object.entries(measures)) {
      let time = 5_000;
      const value = measure === 'executions' ? 2 : 10;
      const quota = memoryQuota({ budget: { periodMs: 1_000, [measure]: value }, now: () => time });
      expect(quota.begin(REQUEST)).toBeUndefined();
      quota.end(REQUEST, { ...NOTHING, ...used });
      time = 5_400;
      expect(quota.begin(REQUEST)).toMatchObject({ quota: measure, value, used: value, retryAfterMs: 600 });
      // Also what is resumed.
      expect(quota.begin({ ...REQUEST, call: 'resume' })).toMatchObject({ quota: measure });
      expect(quota.begin({ ...REQUEST, tenant: 'other' })).toBeUndefined();
      time = 6_000;
      expect(quota.begin(REQUEST)).toBeUndefined();
    }
  });

  it('has other quotas for some tenants', () => {
    const quota = memoryQuota({ concurrency: 0, tenants: { paying: { concurrency: 1 }, free: {} } });
    const begin = (tenant?: string) => quota.begin({ call: 'run', ...(tenant && { tenant }) });
    expect([begin(), begin('any'), begin('constructor')]).toMatchObject(Array(3).fill({ quota: 'concurrency' }));
    expect([begin('paying'), begin('paying')]).toMatchObject([undefined, { value: 1 }]);
    expect([begin('free'), begin('free')]).toEqual([undefined, undefined]);
  });

  it('remembers so many tenants, and forgets only those with nothing to remember', () => {
    let time = 0;
    const quota = memoryQuota({ rate: { executions: 2, perMs: 100 }, maxTenants: 2, now: () => time });
    const begin = (tenant: string) => quota.begin({ call: 'run', tenant });
    const end = (tenant: string) => quota.end({ call: 'run', tenant }, NOTHING);
    expect([begin('a'), begin('b')]).toEqual([undefined, undefined]);
    end('a');
    // It has not saved up its calls again.
    expect(begin('c')).toMatchObject({ quota: 'tenants', value: 2 });
    time = 100;
    expect(begin('c')).toBeUndefined();
    // This one still runs.
    expect(begin('d')).toMatchObject({ quota: 'tenants' });
    end('b');
    expect(begin('d')).toBeUndefined();
  });

  it.each([
    [{ budget: { periodMs: 1_000, instructions: -1 } }, 'quota.budget.instructions'],
    [{ budget: { instructions: 1 } }, 'quota.budget.periodMs'],
    [{ budget: { periodMs: 0 } }, 'quota.budget.periodMs'],
    [{ budget: { periodMs: 1, cpuMs: Number.NaN } }, 'quota.budget.cpuMs'],
    [{ budget: { periodMs: 1, cpu: 1 } }, 'quota.budget.cpu'],
    [{ rate: { executions: 0, perMs: 1 } }, 'quota.rate.executions'],
    [{ rate: { executions: 1 } }, 'quota.rate.perMs'],
    [{ concurrency: -1 }, 'quota.concurrency'],
    [{ concurrency: '1' }, 'quota.concurrency'],
    [{ tenants: { a: { concurrency: -1 } } }, 'quota.tenants.a.concurrency'],
    [{ maxTenants: 0 }, 'quota.maxTenants'],
    [{ now: 1 }, 'quota.now'],
    [{ concurency: 1 }, 'quota.concurency'],
    [null, 'quota'],
  ])('is checked: %j', (options, option) => {
    expect(() => memoryQuota(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', context: expect.objectContaining({ option }) }),
    );
  });
});
