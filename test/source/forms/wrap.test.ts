import { describe, expect, it } from 'vitest';

import { withRuntime } from '../../support/runtime-helpers.js';

const TRY = { prologue: 'try {', epilogue: '} finally { $emit("audited") } return "yours"' };
const CALL = { prologue: 'function user() {', epilogue: '}\nreturn user();' };
const VALUE = { prologue: 'const f =', epilogue: '\n;return f($args);' };

describe('a source with code around it', () => {
  it.each([
    ['closes a block', '} finally { return "mine" } try {', TRY, '1:1'],
    ['closes a function', 'return 1 } $state.a = 9; function x() {', CALL, '1:10'],
    ['is not whole', 'return 1 +', CALL, '1:10'],
    ['closes something', 'return 1 }', CALL, '1:10'],
  ])('that %s is refused at the place of the author', async (_, source, wrap, place) => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const capabilities = ['state:write:*', 'events:emit:*'];
      const { status, error, events, stateMutations } = await runtime.executeHandler(
        source,
        { capabilities },
        { wrap },
      );
      expect({ status, code: error?.code, events, stateMutations }).toEqual({
        status: 'error',
        code: 'COMPILATION_ERROR',
        events: [],
        stateMutations: [],
      });
      expect(`${error?.location?.line}:${error?.location?.column}`).toBe(place);
      expect(error?.message).not.toContain('option wrap');
    });
  });

  it.each([
    ['a body', 'return 1', TRY, 1],
    ['a body with await', 'return await 2', { prologue: 'return (async () => {', epilogue: '})()' }, 2],
    ['a function without a name', 'function (n) { return n + 1 }', VALUE, 4],
    ['an object', '{ a: 1, b: 2 }', { prologue: 'return (', epilogue: ')' }, { a: 1, b: 2 }],
    ['an arrow function', '(n) => n * 2 // doubled', VALUE, 6],
  ])('that is %s is executed', async (_, source, wrap, value) => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const result = await runtime.executeHandler(source, { args: 3, capabilities: ['events:emit:*'] }, { wrap });
      expect(result.error).toBeUndefined();
      expect(result.returnValue).toEqual(value);
    });
  });

  it('has no undefined of its own in a module', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const { returnValue } = await runtime.executeHandler('const undefined = 5; export default () => 1');
      expect(returnValue).toBe(1);
    });
  });
});

describe('one function', () => {
  it.each([
    ['interface A { n: number }\nasync (a: A) => a.n', 'a.ts'],
    ['type A = {n:number};\n(a: A) => a.n', 'a.ts'],
    ['<T extends {n:number}>(a: T) => a.n', 'a.ts'],
    ['declare const x: number;\nfunction f(a: { n: number }) { return a.n }', 'a.ts'],
    [';(async (a) => a.n)', 'a.js'],
    [';;(a) => a.n;;', 'a.js'],
    ['"use strict";\n(a) => a.n', 'a.js'],
    ["'use strict'\nfunction f(a) { return a.n }", 'a.js'],
    ['/* a */ "use strict"; // b\n\'use client\';\nasync a => a.n;', 'a.js'],
    ["'use strict';\ninterface A { n: number }\n(a: A) => a.n", 'a.ts'],
  ])('is called, whatever empty statement, directive or type stands before it: %j', async (source, filename) => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const result = await runtime.executeHandler(source, { args: { n: 7 } }, { filename });
      expect(result.error).toBeUndefined();
      expect(result.returnValue).toBe(7);
    });
  });

  it('obeys the directive before it', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const isStrict = async (source: string) => (await runtime.executeHandler(source)).returnValue;
      expect(await isStrict('"use strict"; function f() { return this === undefined }')).toBe(true);
      expect(await isStrict('"use loose"; function f() { return this === undefined }')).toBe(false);
      expect(await isStrict('"use strict"; const a = 1; function f() { return a }')).toBeUndefined();
      expect(await isStrict('"use strict"; return (() => this === undefined)()')).toBe(true);
    });
  });

  it.each([
    ['type', 'const type = 1; return type'],
    ['interface', ';return 2'],
    ['declare', 'declare = 3; return declare; var declare'],
    ['less than', '<!-- a comment of old\nreturn 4'],
  ])('is not a body that begins like it: %s', async (_, source) => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const result = await runtime.executeHandler(source);
      expect(result.error?.message).toBeUndefined();
      expect(result.returnValue).toEqual(expect.any(Number));
    });
  });
});
