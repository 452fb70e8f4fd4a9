import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type CodeMode, createCodeMode } from '#src/code-mode/index.js';
import type { NexusRuntime } from '#src/index.js';
import { Made, payMode, payTools } from './support.js';

let runtime: NexusRuntime;
let codeMode: CodeMode;
beforeAll(async () => {
  ({ runtime, codeMode } = await payMode());
});
afterAll(async () => {
  await runtime.shutdown();
});

describe('a preview', () => {
  it('has what is literal, what is computed, and what needs an approval', async () => {
    const { calls, language, problems } = await codeMode.preview(`const amount = 5;
const who: string = 'ada';
for (const name of ['x', 'y']) await tools.pay.note({ text: \`hello \${name}\` });
return await tools.pay.send({ to: who, amount, tags: [1, -2, who.length] });`);
    expect(language).toBe('typescript');
    expect(calls).toEqual([
      {
        tool: 'pay.note',
        input: {},
        computed: ['input.text'],
        needsApproval: false,
        location: { line: 3, column: 38 },
      },
      {
        tool: 'pay.send',
        input: { to: 'ada', amount: 5, tags: [1, -2, undefined] },
        computed: ['input.tags[2]'],
        needsApproval: true,
        location: { line: 4, column: 14 },
      },
    ]);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining("'tags' does not exist")]);
  });

  it.each([
    ['a destructured group', 'const { pay } = tools; pay.balance({ of: "a" })'],
    ['a destructured tool', 'const { pay: { balance: b } } = tools; b({ of: "a" })'],
    ['an alias of an alias', 'const t = tools; const p = t.pay; const b = p["balance"]; b({ of: "a" })'],
    ['an optional call', 'tools.pay?.balance?.({ of: "a" })'],
    ['a call in a function', 'async function f() { return tools.pay.balance({ of: "a" }) }\nreturn f()'],
    ['a module', 'export default () => tools.pay.balance({ of: "a" })'],
  ])('follows %s', async (_, code) => {
    const { calls, mayCallAny, named } = await codeMode.preview(code);
    expect(calls.map(({ tool, input }) => [tool, input])).toEqual([['pay.balance', { of: 'a' }]]);
    expect([mayCallAny, named]).toEqual([false, []]);
  });

  it.each([
    'const k = "pay"; tools[k].balance({})',
    'f(tools)',
    'Object.values(tools)',
    'const { [x]: y } = tools; y()',
    'return tools',
    '({ tools })',
  ])('says that %j may call any', async (code) => {
    expect((await codeMode.preview(code)).mayCallAny).toBe(true);
  });

  it('names tools that are passed on', async () => {
    const { named, mayCallAny } = await codeMode.preview('return Promise.all([{ of: "a" }].map(tools.pay.balance))');
    expect([named, mayCallAny]).toEqual([['pay.balance'], false]);
  });

  it('tells why a program does not compile', async () => {
    const { problems, mayCallAny } = await codeMode.preview('const x = ;');
    expect(problems[0]).toMatchObject({ location: { line: 1, column: 11 }, snippet: expect.stringContaining('^') });
    expect(mayCallAny).toBe(true);
  });

  it('runs nothing', async () => {
    const made = new Made();
    const mode = createCodeMode({ runtime, tools: payTools(made) });
    await mode.preview('await tools.pay.balance({ of: "a" })');
    expect(made.calls).toEqual([]);
  });
});

describe('the option typeCheck', () => {
  it('refuses a program that calls a tool in a wrong way, with the place', async () => {
    const made = new Made();
    const checked = createCodeMode({ runtime, tools: payTools(made), typeCheck: true });
    const { status, text } = await checked.run(
      `await tools.pay.note({ text: 'x' });\nconst { id } = await tools.pay.send({ to: 'a', amout: 1 });`,
    );
    expect(status).toBe('refused');
    expect(text).toContain('The program was not run: its types are wrong.');
    expect(text).toContain('line 2');
    expect(made.calls).toEqual([]);
    expect(
      (
        await checked.run(
          `const r = await tools.pay.balance({ of: 'x' });\nlet s = ''; s += r + new Date(0).getTime();\nreturn s`,
        )
      ).result,
    ).toBe('100');
  });
});
