import { describe, expect, it } from 'vitest';

import { answers, failure, suspendAt as suspendShared } from '#src/testing/index.js';
import { testRuntime } from './runtime.js';

const runtime = await testRuntime();
const suspendAt = runtime.suspendAt.bind(runtime);

const APPROVAL = `
  $state.status = 'waiting';
  $emit('refund.requested', { amount: $args.amount });
  const { approved } = await $ext.approvals.request({ amount: $args.amount });
  $state.status = approved ? 'refunded' : 'declined';
  return approved;
`;

describe('suspendAt', () => {
  it('stands at the first call, with the effects up to it', async () => {
    const step = await suspendAt(APPROVAL, { args: { amount: 80 } });
    expect(step.status).toBe('suspended');
    expect(step.waitingFor).toMatchObject([{ extensionName: 'approvals', method: 'request', args: [{ amount: 80 }] }]);
    expect(step.state).toEqual({ status: 'waiting' });
    expect(step.events).toEqual([{ name: 'refund.requested', payload: { amount: 80 } }]);
    expect(step.calls[0]?.answer).toBeUndefined();

    const end = await step.resumeWith({ approved: true });
    expect(end).toMatchObject({ status: 'success', returnValue: true, waitingFor: [] });
    expect(end.state).toEqual({ status: 'refunded' });
    expect(end.events).toHaveLength(1);
    expect(end.calls[0]?.answer).toEqual({ success: true, value: { approved: true } });
  });

  it('goes on with an error', async () => {
    const step = await suspendAt('try { await $ext.x.y(); } catch (error) { return error.message; }');
    expect((await step.failWith('refused')).returnValue).toBe('refused');
  });

  it('goes on with several answers, and with some of them', async () => {
    const code = `
      const all = await Promise.allSettled([$ext.x.a(), $ext.x.b(), $ext.x.c()]);
      return all.map(({ value, reason }) => value ?? reason.message);
    `;
    const step = await suspendAt(code);
    const rest = await step.resumeWith(answers([1, failure('two')]));
    expect(rest.waitingFor.map(({ method }) => method)).toEqual(['c']);
    expect((await rest.resumeWith(3)).returnValue).toEqual([1, 'two', 3]);
  });

  it('passes what has mocks, and stands at what has none', async () => {
    const code = `
      const user = await $ext.http.get('/user');
      const approved = await $ext.approvals.request(user);
      return [user, approved, await $ext.http.get('/end')];
    `;
    const step = await suspendAt(code, { ext: { http: { get: async (path: string) => `got ${path}` } } });
    expect(step.waitingFor).toMatchObject([{ extensionName: 'approvals', args: ['got /user'] }]);
    const end = await step.resumeWith('yes');
    expect(end.returnValue).toEqual(['got /user', 'yes', 'got /end']);
    expect(end.calls.map(({ extensionName }) => extensionName)).toEqual(['http', 'approvals', 'http']);
  });

  it('gives the same ids in every test runtime, and sees its clock', async () => {
    const once = async () => {
      const own = await testRuntime({ now: 0, suspensionTtlMs: 1_000 });
      const step = await own.suspendAt('const at = Date.now(); await $ext.x.y(); return [at, Date.now()]');
      own.clock.advance(999);
      const { suspension } = step;
      return [suspension?.suspensionId, suspension?.expiresAt.getTime(), (await step.resumeWith()).returnValue];
    };
    expect(await once()).toEqual(['run-000000000000000001.1', 1_000, [0, 999]]);
    expect(await once()).toEqual(await once());
  });

  it('expires when the clock says so', async () => {
    const own = await testRuntime({ suspensionTtlMs: 1_000 });
    const step = await own.suspendAt(APPROVAL, { args: { amount: 1 } });
    own.clock.advance(1_001);
    await expect(step.resumeWith()).rejects.toMatchObject({ code: 'SUSPENSION_EXPIRED' });
  });

  it('says that a handler never waited, and why', async () => {
    await expect(suspendAt('return { a: 1 }')).rejects.toThrow('(success): it returned {"a":1}');
    await expect(suspendAt('null.x')).rejects.toThrow(/EXECUTION_ERROR: TypeError.*\n1 \| null\.x/);
    await expect(suspendAt('const = 1')).rejects.toMatchObject({ code: 'COMPILATION_ERROR' });
  });

  it('goes on once from each step, and not from the end', async () => {
    const step = await suspendAt('return await $ext.x.y(1)');
    await expect(step.resumeWith(answers([1, 2]))).rejects.toThrow('from 1 to 1 answers, for $ext.x.y(1)');
    await expect(step.resumeWith(() => {})).rejects.toMatchObject({ code: 'SERIALIZATION_ERROR' });
    const end = await step.resumeWith(2);
    await expect(step.resumeWith(2)).rejects.toThrow('was already resumed from $ext.x.y(1)');
    await expect(end.resumeWith(2)).rejects.toThrow('The handler has ended (success)');
    await expect(end.failWith('no')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('does without a runtime of the test', async () => {
    const step = await suspendShared('return await $ext.x.y()');
    expect((await step.resumeWith(1)).returnValue).toBe(1);
  });
});
