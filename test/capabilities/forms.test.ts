import { describe, expect, it } from 'vitest';

import { explainCapabilities, inferCapabilities } from '#src/capabilities/inference/infer.js';
import { rejection } from '../support/runtime-helpers.js';

/** What the context of a handler gives. */
const OF_CONTEXT = ['events:emit:*', 'ext:*', 'state:read:*', 'state:write:*', 'view:update:*'];
const EVERYTHING = [...OF_CONTEXT, 'net:*', 'timer:*', 'signal:*'].sort();

describe('the capabilities of functions and modules', () => {
  it.each([
    ['(args, { state }) => state.a', ['state:read:a']],
    ['(args, { state: { a, b: { c } } }) => a + c', ['state:read:a', 'state:read:b']],
    ['function f(args, ctx) { ctx.state.a = 1 }', ['state:write:a']],
    ['(args, { ext }) => ext.mail.send(1)', ['ext:mail.send']],
    ['(args, { ext: { mail: { send } } }) => send(1)', ['ext:mail.send']],
    ['(args, ctx) => { const { ext, ...rest } = ctx; rest.emit("a"); return ext.b.c() }', ['events:emit:a', 'ext:b.c']],
    ['(args, { [args.x]: y }) => y.a()', ['state:read:a']],
    ['(args, ctx) => ctx[args.x].a', ['ext:a.*', 'state:read:a']],
    ['(args, ctx) => ctx[args.x](args.y)', OF_CONTEXT],
    ['(args, ctx) => globalThis[args.x](ctx)', EVERYTHING],
    ['(...all) => all[1].state.a', ['state:read:a']],
    ['function f() { return arguments[1].state.a }', ['state:read:a']],
    ['(args, { lib, state }) => lib.x(state)', ['state:read:*', 'state:write:*']],
    ['(args, { view }) => view.focus("list")', ['view:update:list']],
    ['(args, ctx) => ctx.lib.x(ctx)', OF_CONTEXT],
    [
      'export default (args, { state }) => state.a;\nexport const f = (args, { emit }) => emit("b");',
      ['events:emit:b', 'state:read:a'],
    ],
    ['export const f = (args, ctx) => g(ctx);\nfunction g({ ext }) { ext.a.b() }', ['ext:a.b']],
    ['export default $state.a', ['state:read:a']],
    ['export const a = await $ext.b.c();', ['ext:b.c']],
    ['export default $state', ['state:read:*']],
    ['export default 1;', []],
  ])('%s', (code, expected) => {
    expect(inferCapabilities(code)).toEqual(expected);
  });

  it('are explained at the places of the author', () => {
    const code = "const k = '😀';\nexport default (args, { state }) => {\n  state[k] = 1;\n}";
    expect(explainCapabilities(code)).toMatchObject([{ reasons: [{ line: 3, column: 3 }] }]);
    expect(explainCapabilities('({ a }, ctx) => ctx.ext.x.y(a)')).toMatchObject([
      { reasons: [{ line: 1, column: 17 }] },
    ]);
  });

  it('are those of a module in TypeScript', () => {
    const code =
      'export interface A { b: 1 }\nexport default (args: A, { state }: any): void => { state.a = 1 as never };';
    expect(inferCapabilities(code, { filename: 'a.ts' })).toEqual(['state:write:a']);
  });

  it('are refused where the handler is', async () => {
    const refused = (code: string) => rejection(Promise.resolve().then(() => inferCapabilities(code)));
    expect(await refused('export default class {}')).toMatchObject({
      code: 'INVALID_HANDLER',
      context: { location: { line: 1, column: 1 } },
    });
    expect(await refused("import a from 'a';\nexport default a")).toMatchObject({
      code: 'COMPILATION_ERROR',
      message: expect.stringContaining('only a module, with `export default`, imports'),
    });
  });

  it('are all of them for a module with more names than are followed', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `const a${i} = 1;`).join('');
    expect(inferCapabilities(`${names}export default 1`)).toEqual(EVERYTHING);
  });
});
