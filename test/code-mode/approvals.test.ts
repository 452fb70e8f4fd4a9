import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type CodeMode, createCodeMode } from '#src/code-mode/index.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { Made, OPTIONS, payMode, payTools } from './support.js';

let runtime: NexusRuntime;
let codeMode: CodeMode;
let made: Made;
beforeAll(async () => {
  ({ runtime, codeMode, made } = await payMode());
});
afterAll(async () => {
  await runtime.shutdown();
});

const TWO = `
const before = await tools.pay.balance({ of: 'me' });
const sent = await Promise.all(['ada', 'bob'].map((to) => tools.pay.send({ to, amount: 5 }).then(({ id }) => id, ({ name, message }) => name + ': ' + message)));
return { before, sent };`;

async function keysOf(runId: string): Promise<string[]> {
  return (await codeMode.pending({ runId })).map(({ callId }) => callId);
}

describe('approvals', () => {
  it('suspend a program at several calls, of which each is decided alone', async () => {
    const { status, runId, pending, text } = await codeMode.run(TWO);
    expect(status).toBe('suspended');
    expect(pending.map(({ tool, input }) => [tool, input])).toEqual([
      ['pay.send', { to: 'ada', amount: 5 }],
      ['pay.send', { to: 'bob', amount: 5 }],
    ]);
    expect(text).toContain('tools.pay.send({"to":"ada","amount":5})');
    expect(text).not.toContain(runId);
    const [ada = '', bob = ''] = await keysOf(runId);
    await codeMode.reject(ada, 'not him');
    const half = await codeMode.resume(runId);
    expect(half.status).toBe('suspended');
    expect(half.calls.map((call) => call.status)).toEqual(['done', 'rejected', 'pending']);
    expect(half.text).not.toContain('ada');
    await codeMode.approve(bob);
    // Nothing is made before the run goes on.
    expect(made.keys.has(bob)).toBe(false);
    const ended = await codeMode.resume(runId);
    expect(ended.result).toEqual({
      before: 100,
      sent: ['ApprovalRejectedError: The call was rejected: not him', 'p-bob'],
    });
    expect(made.keys.has(ada)).toBe(false);
    expect(made.keys.get(bob)).toBe(1);
    expect(ended.calls.map((call) => [call.status, call.isApproved])).toEqual([
      ['done', undefined],
      ['rejected', undefined],
      ['done', true],
    ]);
  });

  it('can be given twice, and the outcome asked for again', async () => {
    const { runId } = await codeMode.run(TWO);
    const [ada = '', bob = ''] = await keysOf(runId);
    expect(await Promise.all([codeMode.approve(ada), codeMode.approve(ada)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    expect(await codeMode.reject(bob)).toBe(true);
    expect(await codeMode.reject(bob)).toBe(false);
    await expect(codeMode.reject(ada)).rejects.toMatchObject({
      code: 'SUSPENSION_SETTLED',
      message: expect.stringContaining('approved before'),
    });
    await expect(codeMode.approve(bob)).rejects.toMatchObject({ code: 'SUSPENSION_SETTLED' });
    expect(await keysOf(runId)).toEqual([]);
    const [one, other] = await Promise.all([codeMode.resume(runId), codeMode.resume(runId)]);
    expect(one.result).toEqual(other.result);
    expect(made.keys.get(ada)).toBe(1);
    const again = await codeMode.resume(runId);
    expect(again).toEqual(one);
    await expect(codeMode.approve(ada)).rejects.toMatchObject({
      code: 'SUSPENSION_SETTLED',
      message: expect.stringContaining('has ended'),
    });
  });

  it('outlive the process, with logs and calls from the begin', async () => {
    const suspensionDir = await mkdtemp(join(tmpdir(), 'nexus-code-mode-'));
    const all = new Made();
    const open = async () => {
      const own = await createRuntime({ ...OPTIONS, suspensionDir });
      return { own, mode: createCodeMode({ runtime: own, tools: payTools(all) }) };
    };
    const program = `console.log('first'); ${TWO.replace('return', "console.log('last'); await tools.pay.note({ text: sent.join() }); return")}`;
    const first = await open();
    const { runId } = await first.mode.run(program, { runId: 'order-7' });
    expect(runId).toBe('order-7');
    await first.own.shutdown();
    const second = await open();
    const pending = await second.mode.pending();
    expect(pending).toHaveLength(2);
    for (const { callId } of pending) await second.mode.approve(callId);
    await second.own.shutdown();
    const third = await open();
    const outcome = await third.mode.resume('order-7');
    expect(outcome.logs.map(({ message }) => message)).toEqual(['first', 'last']);
    expect(outcome.calls.map(({ tool }) => tool)).toEqual(['pay.balance', 'pay.send', 'pay.send', 'pay.note']);
    expect([...all.keys.values()]).toEqual([1, 1, 1, 1]);
    // The same program under the same id is the same run.
    expect(await third.mode.run(program, { runId: 'order-7' })).toEqual(outcome);
    await expect(third.mode.run('return 1', { runId: 'order-7' })).rejects.toMatchObject({ code: 'RUN_EXISTS' });
    await third.own.shutdown();
    await rm(suspensionDir, { recursive: true });
  });

  it('are asked for again in a program that went on', async () => {
    const { runId } = await codeMode.run(
      `for (const to of ['a', 'b', 'c']) await tools.pay.send({ to, amount: 1 }); return 'all';`,
    );
    for (const to of ['a', 'b', 'c']) {
      const [next, ...others] = await codeMode.pending({ runId });
      expect(others).toEqual([]);
      expect(next?.input).toEqual({ to, amount: 1 });
      await codeMode.approve(next?.callId ?? '');
      const { status } = await codeMode.resume(runId);
      expect(status).toBe(to === 'c' ? 'success' : 'suspended');
    }
  });

  it('of a call that nobody waits for are abandoned when the program fails', async () => {
    const outcome = await codeMode.run(
      `const p = tools.pay.send({ to: 'x', amount: 1 }); p.catch(() => {}); await tools.pay.balance({ of: 'me' }); throw new Error('changed my mind');`,
    );
    expect(outcome.status).toBe('error');
    expect(outcome.calls.map(({ status }) => status)).toEqual(['abandoned', 'done']);
    expect(await keysOf(outcome.runId)).toEqual([]);
  });

  it('of a call that is not awaited are waited for', async () => {
    const { runId, status } = await codeMode.run(`tools.pay.send({ to: 'later', amount: 1 }); return 'sent'`);
    expect(status).toBe('suspended');
    await codeMode.approve((await keysOf(runId))[0] ?? '');
    expect((await codeMode.resume(runId)).result).toBe('sent');
    expect(made.calls.at(-1)).toBe('send later 1');
  });

  it('go on beside timers', async () => {
    const { runId, status } = await codeMode.run(
      `return Promise.race([tools.pay.send({ to: 'slow', amount: 1 }), new Promise((r) => setTimeout(r, 1_500, 'in time'))])`,
    );
    expect(status).toBe('suspended');
    const ended = { timeout: 20_000, interval: 100 };
    await vi.waitFor(async () => expect((await codeMode.resume(runId)).result).toBe('in time'), ended);
  });

  it('are needed where a function says so, and the option decides first', async () => {
    const tools = payTools(new Made());
    const send = {
      ...tools['pay.send'],
      needsApproval: ({ amount }: { amount: number }) => amount > 10,
    } as (typeof tools)[string];
    const mode = createCodeMode({
      runtime,
      tools: { ...tools, 'pay.send': send },
      approval: ({ input }) => ((input as { to?: string }).to === 'boss' ? 'allow' : undefined),
    });
    const program = (to: string, amount: number) =>
      `return (await tools.pay.send({ to: '${to}', amount: ${amount} })).id`;
    expect((await mode.run(program('ada', 5))).status).toBe('success');
    expect((await mode.run(program('ada', 50))).status).toBe('suspended');
    expect((await mode.run(program('boss', 50))).status).toBe('success');
    const refusing = createCodeMode({ runtime, tools, approval: () => ({ refuse: 'not today' }) });
    const { text, calls } = await refusing.run(program('ada', 5));
    expect(text).toContain('tools.pay.send was refused: not today');
    expect(calls.map(({ status }) => status)).toEqual(['refused']);
    const failing = createCodeMode({ runtime, tools, approval: () => Promise.reject(new Error('no database')) });
    expect((await failing.run(program('ada', 5))).text).toContain('could not be decided');
  });

  it('are not given after a run was cancelled, whose program cleans up', async () => {
    const { runId } = await codeMode.run(
      `try { return await tools.pay.send({ to: 'x', amount: 1 }) } finally { console.log('cleaned') }`,
    );
    expect(await codeMode.cancel(runId)).toBe(true);
    const { error, logs } = await codeMode.resume(runId);
    expect(error?.code).toBe('CANCELLED');
    expect(logs.map(({ message }) => message)).toEqual(['cleaned']);
    expect(await codeMode.pending({ runId })).toEqual([]);
  });

  it('expire with their run', async () => {
    const expiring = await payMode({}, { suspensionStore: new MemoryStore(), suspensionTtlMs: 1_000 });
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { runId } = await expiring.codeMode.run(TWO);
      const [first] = await expiring.codeMode.pending();
      vi.setSystemTime(Date.now() + 2_000);
      await expect(expiring.codeMode.approve(first?.callId ?? '')).rejects.toMatchObject({
        code: 'SUSPENSION_EXPIRED',
      });
      await expect(expiring.codeMode.resume(runId)).rejects.toMatchObject({ code: 'SUSPENSION_EXPIRED' });
      expect(await expiring.codeMode.pending()).toEqual([]);
    } finally {
      vi.useRealTimers();
      await expiring.runtime.shutdown();
    }
  });

  it('leave a run to nobody who only works on runs that were started', async () => {
    await using worker = await runtime.work({ extensions: { tools: { call: () => 'forged' } } });
    expect(worker).toBeDefined();
    const { runId } = await codeMode.run(TWO);
    const started = await runtime.start('return 1');
    await started.result();
    for (const callId of await keysOf(runId)) await codeMode.approve(callId);
    expect((await codeMode.resume(runId)).result).toEqual({ before: 100, sent: ['p-ada', 'p-bob'] });
  });

  it('stop being waited for when the caller gives up', async () => {
    const slow = createCodeMode({
      runtime,
      tools: {
        wait: {
          inputSchema: { type: 'object' },
          needsApproval: true,
          execute: (_, { signal }) =>
            new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        },
      },
    });
    const { runId } = await slow.run('return await tools.wait({})');
    const [call] = await slow.pending({ runId });
    await slow.approve(call?.callId ?? '');
    const controller = new AbortController();
    const resumed = slow.resume(runId, { signal: controller.signal });
    controller.abort();
    await expect(resumed).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
