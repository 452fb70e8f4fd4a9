import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CodeMode, createCodeMode } from '#src/code-mode/index.js';
import type { NexusRuntime } from '#src/index.js';
import { type Made, payMode, payTools } from './support.js';

let runtime: NexusRuntime;
let codeMode: CodeMode;
let made: Made;
beforeAll(async () => {
  ({ runtime, codeMode, made } = await payMode());
});
afterAll(async () => {
  await runtime.shutdown();
});

const TWICE = {
  description: 'Balances of two accounts.',
  inputSchema: { type: 'object', properties: { of: { type: 'array', items: { type: 'string' } } }, required: ['of'] },
} as const;

describe('a session', () => {
  it('keeps values for later programs, over an approval and over processes', async () => {
    const session = codeMode.session();
    await session.run(`session.state.seen = ['a']; session.state.count = 1;`);
    expect(
      (await session.run(`session.state.seen.push('b'); session.state.count++; return session.state;`)).result,
    ).toEqual({ seen: ['a', 'b'], count: 2 });
    const { runId, pending } = await session.run(
      `session.state.before = true; const { id } = await tools.pay.send({ to: 'x', amount: 1 }); session.state.id = id;`,
    );
    expect(session.state).toMatchObject({ before: true });
    const restored = codeMode.session({ from: JSON.parse(JSON.stringify(session)) });
    await codeMode.approve(pending[0]?.callId ?? '');
    await restored.resume(runId);
    expect(restored.state).toEqual({ seen: ['a', 'b'], count: 2, before: true, id: 'p-x' });
    expect((await restored.run('delete session.state.seen; throw new Error("later")')).status).toBe('error');
    expect(restored.state['seen']).toBeUndefined();
    expect((await codeMode.run('return typeof session')).result).toBe('undefined');
  });

  it.each([
    ['a body', 'return Promise.all(input.of.map((of) => tools.pay.balance({ of })))'],
    ['a function', 'async ({ of }) => Promise.all(of.map((one) => tools.pay.balance({ of: one })))'],
    [
      'a module',
      'export default async function both(input) { return Promise.all(input.of.map((of) => tools.pay.balance({ of }))) }',
    ],
    [
      'TypeScript',
      'const names: string[] = input.of;\nreturn Promise.all(names.map((of: string) => tools.pay.balance({ of })))',
    ],
    [
      'a text with a fence',
      '```js\nconst all = [];\nfor (const of of input.of) all.push(await tools.pay.balance({ of }));\nall\n```',
    ],
  ])('saves %s, which later programs call like a tool', async (_, code) => {
    const session = codeMode.session();
    session.save('reports.both', code, TWICE);
    expect(session.instructions).toContain('both(input: { of: string[] })');
    const restored = codeMode.session({ from: JSON.parse(JSON.stringify(session)) });
    for (const one of [session, restored]) {
      const { result, calls, text } = await one.run(`return await tools.reports.both({ of: ['a', 'b'] })`);
      expect(result, text).toEqual([100, 100]);
      expect(calls.map(({ tool }) => tool)).toEqual(['pay.balance', 'pay.balance']);
      expect((await one.run(`return await tools.reports.both({ of: 5 })`)).text).toContain(
        'tools.reports.both: input.of',
      );
      expect((await one.preview(`tools.reports.both({ of: [] })`)).unknown).toEqual([]);
    }
    expect((await codeMode.run(`return typeof tools.reports`)).result).toBe('undefined');
  });

  it('lets a saved program wait for approvals as a part of the one that calls it', async () => {
    const session = codeMode.session();
    session.save('gift', `return (await tools.pay.send({ to: input.to, amount: 7 })).id`, {
      inputSchema: { type: 'object', properties: { to: { type: 'string' } }, required: ['to'] },
    });
    const { runId, pending } = await session.run(`return Promise.all(['a', 'b'].map((to) => tools.gift({ to })))`);
    expect(pending.map(({ tool, input }) => [tool, input])).toEqual([
      ['pay.send', { to: 'a', amount: 7 }],
      ['pay.send', { to: 'b', amount: 7 }],
    ]);
    for (const { callId } of pending) await codeMode.approve(callId);
    expect((await session.resume(runId)).result).toEqual(['p-a', 'p-b']);
  });
});

describe('undoing', () => {
  const reverting = () => createCodeMode({ runtime, tools: payTools(made), revert: true });

  it('goes backwards through what was made, when the program fails', async () => {
    made.calls.length = 0;
    const { calls, text } = await reverting().run(
      `await tools.pay.note({ text: 'one' }); await tools.pay.balance({ of: 'me' }); await tools.pay.note({ text: 'two' }); throw new Error('no')`,
    );
    expect(made.calls).toEqual(['note one', 'balance me', 'note two', 'undo {"text":"two"}', 'undo {"text":"one"}']);
    expect(calls.map(({ status }) => status)).toEqual(['reverted', 'done', 'reverted']);
    expect(text).toContain('2 calls were undone.');
  });

  it('knows what was made before the program waited', async () => {
    made.calls.length = 0;
    const mode = reverting();
    const { runId, pending } = await mode.run(
      `await tools.pay.note({ text: 'one' }); await tools.pay.send({ to: 'x', amount: 1 }); throw new Error('no')`,
    );
    await mode.approve(pending[0]?.callId ?? '');
    const outcome = await mode.resume(runId);
    expect(made.calls).toEqual([
      'note one',
      'send x 1',
      'undo [{"to":"x","amount":1},{"id":"p-x"}]',
      'undo {"text":"one"}',
    ]);
    expect(outcome.calls.map(({ status }) => status)).toEqual(['reverted', 'reverted']);
    // Asked for again, it is not done again.
    expect((await mode.resume(runId)).text).toBe(outcome.text);
    expect(made.calls).toHaveLength(4);
  });

  it('is left out where the function says so, and of programs that succeed', async () => {
    made.calls.length = 0;
    const choosing = createCodeMode({
      runtime,
      tools: payTools(made),
      revert: ({ error }) => error?.message.includes('undo') === true,
    });
    await choosing.run(`await tools.pay.note({ text: 'a' }); throw new Error('keep')`);
    await choosing.run(`await tools.pay.note({ text: 'b' });`);
    await choosing.run(`await tools.pay.note({ text: 'c' }); throw new Error('undo')`);
    expect(made.calls).toEqual(['note a', 'note b', 'note c', 'undo {"text":"c"}']);
  });

  it('goes on past one that cannot be undone', async () => {
    const undone: string[] = [];
    const tool = (name: string, fails: boolean) => ({
      inputSchema: { type: 'object' } as const,
      execute: () => name,
      revert: () => {
        if (fails) throw new Error('stuck');
        undone.push(name);
      },
    });
    const mode = createCodeMode({ runtime, tools: { a: tool('a', false), b: tool('b', true) }, revert: true });
    const { calls, text } = await mode.run('await tools.a({}); await tools.b({}); throw 1');
    expect(undone).toEqual(['a']);
    expect(calls.map(({ status, revertError }) => [status, revertError])).toEqual([
      ['reverted', undefined],
      ['done', 'Error: stuck'],
    ]);
    expect(text).toContain('1 calls were undone, and 1 could not be.');
  });
});
