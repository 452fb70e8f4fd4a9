import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { type CodeMode, type CodeModeOptions, createCodeMode, type Tools } from '#src/code-mode/index.js';
import type { NexusRuntime } from '#src/index.js';
import { payMode } from './support.js';

let runtime: NexusRuntime;
let codeMode: CodeMode;
beforeAll(async () => {
  ({ runtime, codeMode } = await payMode());
});
afterAll(async () => {
  await runtime.shutdown();
});

const execute = () => 1;
const ANY = { type: 'object' } as const;
const given =
  (tools: unknown, more: object = {}) =>
  () =>
    createCodeMode({ runtime, tools: tools as Tools, ...more } as CodeModeOptions);

describe('createCodeMode', () => {
  it.each([
    ['a tool without a schema', { a: { execute } }, 'has no inputSchema'],
    ['a tool without execute', { a: { inputSchema: ANY } }, '.execute is null'],
    ['a schema that is none', { a: { inputSchema: 'text', execute } }, 'a schema of zod'],
    ['a tool that is a function', { a: execute }, 'an object { description, inputSchema, execute }'],
    ['the name of another framework', { a: { inputSchema: ANY, parameters: ANY, execute } }, 'it is inputSchema'],
    ['a misspelt key', { a: { inputSchema: ANY, excute: execute } }, 'Did you mean'],
    [
      'two keys that become one',
      { 'create-issue': { inputSchema: ANY, execute }, create_issue: { inputSchema: ANY, execute } },
      'would both be tools.create_issue',
    ],
    [
      'a tool within another',
      { git: { inputSchema: ANY, execute }, 'git.log': { inputSchema: ANY, execute } },
      'cannot be a tool and a group',
    ],
    ['an empty part', { 'a..b': { inputSchema: ANY, execute } }, 'empty part'],
    ['a part without letters', { '--': { inputSchema: ANY, execute } }, 'no name of a tool'],
    ['a part that the language has', { 'a.__proto__': { inputSchema: ANY, execute } }, 'no name of a tool'],
    ['tools in a list', [], 'an object of tools by key'],
  ])('refuses %s', (_, tools, message) => {
    expect(given(tools)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    ['no runtime', { runtime: undefined }, 'options.runtime'],
    ['a runtime of another kind', { runtime: {} }, 'what createRuntime returned'],
    ['an unknown option', { limit: {} }, 'Did you mean options.limits'],
    ['an unknown limit', { limits: { maxCall: 1 } }, 'Did you mean options.limits.maxCalls'],
    ['a negative limit', { limits: { maxCalls: -1 } }, 'options.limits.maxCalls is -1'],
    ['an approval that is no function', { approval: true }, 'options.approval is true'],
    ['a budget of no characters', { declarations: { maxCharacters: 1 } }, 'from 500'],
  ])('refuses %s', (_, options, message) => {
    expect(given({}, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });

  it('takes schemas that no type can be made of as unknown, and says so', async () => {
    const mode = given({ a: { inputSchema: v.object({ n: v.number() }), execute: ({ n }: { n: number }) => n + 1 } })();
    expect(mode.untyped).toEqual([
      { tool: 'a', schema: 'inputSchema', message: expect.stringContaining('@valibot/to-json-schema') },
    ]);
    expect(mode.instructions).toContain('a(input: unknown): Promise<unknown>');
    expect((await mode.run('return await tools.a({ n: 1 })')).result).toBe(2);
    expect((await mode.run('return await tools.a({ n: "1" })')).status).toBe('error');
    const date = given({ a: { inputSchema: z.object({ at: z.date() }), execute } })();
    expect(date.untyped).toHaveLength(1);
  });
});

describe('a program', () => {
  it('that calls what there is not is told near names', async () => {
    const { text, status } = await codeMode.run(`return await tools.pay.balanse({ of: 'me' })`);
    expect(status).toBe('error');
    expect(text).toContain('There is:\ntools.pay.balance(input: { of: string }): Promise<unknown>');
    expect((await codeMode.run(`return await tools.payments.send({})`)).text).toContain('tools.pay.send(input');
    expect((await codeMode.run(`return await tools.$describe('pay.snd')`)).text).toContain(
      'did you mean tools.pay.send',
    );
  });

  it('that passes something else is told what the tool takes', async () => {
    const { text } = await codeMode.run(`return await tools.pay.send({ to: 'x', amount: -1 })`);
    expect(text).toContain('input.amount');
    expect(text).toContain(
      'It is called as:\ntools.pay.send(input: { to: string; amount: number }): Promise<{ id: string }>',
    );
  });

  it('gets no detail of an answer that its tool may not give', async () => {
    const mode = createCodeMode({
      runtime,
      tools: { a: { inputSchema: ANY, outputSchema: z.number(), execute: (() => 'secret') as never } },
    });
    const { text } = await mode.run('return await tools.a({})');
    expect(text).toContain('does not match its output schema');
    expect(text).not.toContain('secret');
  });

  it.each(['', '   ', undefined, 5])('is not the code %j', async (code) => {
    expect(await codeMode.tool.execute({ code: code as string })).toContain('must be the text of a program');
  });

  it('is text', async () => {
    await expect(codeMode.run(5 as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(codeMode.run('1', { runId: 'a b' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(codeMode.run('1', { runid: 'a' } as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a decision', () => {
  it.each(['', 'r1', 'r1:x1', 'r1:c0', 'a b:c1', undefined])('is not about %j', async (callId) => {
    await expect(codeMode.approve(callId as string)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is about a run that there is, and a call that waits', async () => {
    await expect(codeMode.approve('nobody:c1')).rejects.toMatchObject({ code: 'SUSPENSION_NOT_FOUND' });
    const { runId, pending } = await codeMode.run(
      `await tools.pay.balance({ of: 'x' }); await tools.pay.send({ to: 'x', amount: 1 })`,
    );
    await expect(codeMode.approve(`${runId}:c1`)).rejects.toMatchObject({
      code: 'SUSPENSION_SETTLED',
      message: expect.stringContaining('waits for no decision'),
    });
    await expect(codeMode.approve(`${runId}:c99`)).rejects.toMatchObject({ code: 'SUSPENSION_SETTLED' });
    await codeMode.reject(pending[0]?.callId ?? '');
    expect((await codeMode.resume(runId)).text).toContain('The call was rejected');
    await expect(codeMode.resume('nobody')).rejects.toMatchObject({ code: 'SUSPENSION_NOT_FOUND' });
    await expect(codeMode.resume('')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a session', () => {
  it('over its bound is told, and stays as it was', async () => {
    const session = codeMode.session({ maxStateCharacters: 50 });
    await session.run('session.state.a = 1');
    const { status, text, error } = await session.run(`session.state.b = 'x'.repeat(100); return 'kept'`);
    expect([status, error?.code]).toEqual(['error', 'RESOURCE_LIMIT']);
    expect(text).toContain('session.state has');
    expect(text).toContain('keep less');
    expect(session.state).toEqual({ a: 1 });
  });

  it.each([
    [{ from: 5 }],
    [{ from: { state: [], programs: [] } }],
    [{ maxStateCharacters: 0 }],
    [{ form: {} }],
  ])('is not made of %j', (options) => {
    expect(() => codeMode.session(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it.each([
    ['pay.send', 'return 1', 'there is tools.pay.send already'],
    ['pay', 'return 1', 'there is tools.pay.send already'],
    ['pay.send.twice', 'return 1', 'there is tools.pay.send already'],
    ['x', 'return (', 'SyntaxError'],
    ['x', 'const f = () => 1; const g = () => 2;', 'nothing calls'],
    ['', 'return 1', 'is empty'],
  ])('does not save %j as %j', (name, code, message) => {
    expect(() => codeMode.session().save(name, code)).toThrow(message);
  });
});
