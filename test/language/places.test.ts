import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

/** The source with the place of its error marked: `@` stands before it and is taken out. */
async function expectPlace(marked: string, filename = 'handler.js'): Promise<void> {
  const lines = marked.split('\n');
  const line = lines.findIndex((text) => text.includes('@'));
  const column = (lines[line] as string).indexOf('@') + 1;
  const { error } = await runtime.executeHandler(marked.replace('@', ''), undefined, { filename });
  expect({ ...error?.location, message: error?.message }).toMatchObject({ line: line + 1, column });
}

describe('an error has the place of its source', () => {
  it.each([
    ['an object pattern', 'const n = {};\nlet z = 1;\n\nif (z) { }\nconst { @id } = n.user;\nreturn id'],
    ['an array pattern', 'const n = 5;\nlet q = 1;\nconst [@a] = n;'],
    ['a nested pattern', 'const o = {};\n\nconst { a: { @b } } = o;'],
    ['a class that is called', 'class A {}\nconst f = () => {\n  A@();\n};\nf();'],
    ['the body of a for await', "for await (const x of [1]) { const y = 2; throw new Error@('b'); }"],
    ['what follows a for await on its line', "for await (const x of [1]) {} throw new Error@('after');"],
    [
      'a for await with letters that take more bytes',
      "const é = '😀';\nfor await (const ü of ['ä']) { throw new Error@(ü); }",
    ],
    [
      'a function whose parameters are seen by a default',
      "const f = (a, g = () => a) => { a = 1; throw new Error@('p'); };\nf();",
    ],
    [
      'a default value of such a function',
      "const f = (a, g = (() => { throw new Error@('d') })()) => { a = g; return () => a };\nf();",
    ],
    ['a block with using', "{ using x = null; throw new Error@('u'); }"],
    ['what follows a block with using', "{ using x = null; }\n{ throw new Error@('v'); }"],
  ])('an error has the place of its source in %s', async (_what, marked) => {
    await expectPlace(marked);
  });

  it('an error has the place of its source in TypeScript, too', async () => {
    await expectPlace("for await (const x of [1] as number[]) { const y: number = 2; throw new Error@('b'); }", 'a.ts');
  });

  it('an error has the place of its source in a method that for await calls: the line of its expression', async () => {
    const { error } = await runtime.executeHandler('const a = 1;\n\nfor await (const x of 5) {\n}');
    expect(error).toMatchObject({ message: expect.stringContaining('iterable'), location: { line: 3 } });
  });
});

it.each([
  ['a private name that is not declared', 'class A {\n  m() { return this.@#x }\n}'],
  ['a minus before a power', 'const a = 1;\nreturn -a @** 2'],
])('an error of syntax that the engine does not place has one: %s', async (_what, marked) => {
  await expectPlace(marked);
});

describe('what has no other form is refused', () => {
  it.each([
    ['a generator', '\nfunction* g(a, f = () => a) { a = 2; yield f() }', 'a parameter of this generator', 2],
    [
      'a variable of the body',
      '\n\nfunction f(a, b, g = () => [a, b]) { var b; a = 2; return g() }',
      'give that variable another name',
      3,
    ],
    ['a reserved name', 'for await (const x of []) { $forAwait }', 'is reserved', 1],
  ])('%s', async (_what, source, message, line) => {
    const { error } = await runtime.executeHandler(source);
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line } });
    expect(error?.message).toContain(message);
  });
});
