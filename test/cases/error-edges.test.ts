import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameExpression } from '#src/execution/result/naming.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { functionNameAt } from '#src/source/expressions/functions.js';
import { Tokens } from '#src/source/expressions/tokens.js';
import { SourceLines } from '#src/source/source-lines.js';
import { explainSyntax } from '#src/source/syntax-help.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    libraries: { dates: { source: 'module.exports = { now: 1 }' } },
  });
});
afterAll(() => runtime.shutdown());

const errorOf = async (source: string, ...rest: [context?: object, options?: object]) =>
  (await runtime.executeHandler(source, ...rest)).error;

describe('a TIMEOUT says where the handler was', () => {
  it.each([
    ['in its body', '\n\nfor (;;) Math.sqrt(2)', 3],
    ['behind an await', 'await null;\n\nfor (;;) Math.sqrt(2)', 3],
    ['in a function', 'const f = () => {\n  for (;;) Math.sqrt(2);\n};\nf();', 2],
    [
      'in a callback',
      '\nPromise.resolve().then(() => {\n  for (;;) Math.sqrt(2);\n});\nawait new Promise(() => {});',
      3,
    ],
    ['in a builtin', "\n/(a+)+$/.test('a'.repeat(40) + 'b')", 2],
  ])('%s', async (_where, source, line) => {
    const error = await errorOf(source, {}, { timeoutMs: 150 });
    expect(error).toMatchObject({
      code: 'TIMEOUT',
      message: 'The handler ran longer than timeoutMs (150 ms).',
      location: { line },
      stack: expect.stringMatching(/^TIMEOUT: The handler ran longer than timeoutMs \(150 ms\)\.\n {4}at /),
      snippet: expect.stringContaining('^'),
      context: { remedy: 'raise timeoutMs to allow more' },
    });
  });
});

it('out of memory in a chain of promises is MEMORY_LIMIT', async () => {
  const source = `const hog = [];
    const grow = () => { hog.push(new Uint8Array(1_000_000)); return Promise.resolve().then(grow); };
    grow();
    await new Promise(() => {});`;
  expect(await errorOf(source)).toMatchObject({
    code: 'MEMORY_LIMIT',
    message: expect.stringMatching(/^The handler needed more memory/),
  });
});

it('a library that there is not is answered with those that there are', async () => {
  expect((await errorOf('$lib.lodash.map()'))?.message).toBe(
    "TypeError: cannot read properties of undefined (reading 'map'), of $lib.lodash.map; there is no library lodash; there are: dates",
  );
  // It is there; what it lacks is another matter.
  expect((await errorOf('$lib.dates.format()'))?.message).toBe('TypeError: $lib.dates.format is not a function');
});

describe('what an error says of itself is bounded', () => {
  it('in the number of its fields', async () => {
    const error = await errorOf("const e = new Error('x'); for (let i = 0; i < 1_000; i++) e['f' + i] = i; throw e");
    expect(Object.keys(error?.fields ?? {})).toHaveLength(50);
    expect(error?.dropped).toContain('f50');
  });

  it('in their size, and in the depth and number of causes', async () => {
    const error = await errorOf(`
      const e = new AggregateError(Array.from({ length: 500 }, (_, i) => new Error('e' + i)), 'many');
      e.wide = Array.from({ length: 5_000 });
      e.bytes = new Uint8Array(100_000);
      let inner = e;
      for (let i = 0; i < 100; i++) inner = new Error('c' + i, { cause: inner });
      e.cause = inner;
      throw e;`);
    // Twenty errors in all: this one and eight causes are nine of them.
    expect(error?.errors).toHaveLength(11);
    expect(error?.dropped).toEqual(['wide', 'bytes', 'errors']);
    let depth = 0;
    for (let at = error?.cause; at !== undefined; at = at.cause) depth++;
    expect(depth).toBeLessThanOrEqual(8);
  });

  it.each([
    [
      'a getter that throws',
      "throw Object.defineProperty(new Error('x'), 'bad', { enumerable: true, get() { throw 1 } })",
    ],
    ['a name that is no text', "throw Object.assign(new Error('x'), { name: 5 })"],
    ['a proxy around it', "throw new Proxy(new Error('x'), { ownKeys() { throw 1 } })"],
    [
      'a cause that is a proxy',
      "throw new Error('x', { cause: new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } }) })",
    ],
    [
      'fields named like the fields of an error',
      "throw Object.assign(new Error('x'), { ['__proto__x']: 1, constructor: 2, fields: 3, thrown: 4 })",
    ],
  ])('and whole with %s', async (_what, source) => {
    expect(await errorOf(source)).toMatchObject({ code: 'EXECUTION_ERROR', message: expect.stringContaining('x') });
    expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
  });
});

it('an error that is recorded says as much to whoever asks a second time', async () => {
  const source = `await $ext.a.b();
    throw Object.assign(new AggregateError([new RangeError('r'), 5], 'many', { cause: new Error('inner', { cause: new Map([[1, { a: 2n }]]) }) }), {
      code: 'E', when: new Date(0), f() {},
    })`;
  const begun = await runtime.executeHandler(source, { capabilities: ['ext:a.b'] });
  const id = begun.suspension?.suspensionId ?? '';
  const first = await runtime.resumeHandler(id, { success: true, value: 1 });
  const second = await runtime.resumeHandler(id, { success: true, value: 1 });
  expect(first.error).toMatchObject({
    name: 'AggregateError',
    fields: { code: 'E', when: new Date(0) },
    cause: { message: 'inner', cause: { thrown: new Map([[1, { a: 2n }]]) } },
    errors: [{ name: 'RangeError' }, { thrown: 5 }],
    dropped: ['f'],
  });
  expect(second.error).toEqual(first.error);
});

describe('an option that belongs elsewhere', () => {
  it.each([
    [{}, { capabilities: [] }, 'context.capabilities'],
    [{}, { handlerName: 'h' }, 'context.handlerName'],
    [{}, { state: {} }, 'context.stateSnapshot'],
    [{}, { memoryLimitBytes: 1 }, 'options.limits.memoryLimitBytes'],
    [{ state: {} }, {}, 'context.stateSnapshot'],
    [{ timeoutMs: 5 }, {}, 'options.timeoutMs'],
    [{ filename: 'a.ts' }, {}, 'options.filename'],
  ])('%j, %j is told to be %s', async (context, options, place) => {
    await expect(runtime.executeHandler('return 1', context as never, options as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(place),
    });
  });

  it('that is like nothing there is gets no suggestion', async () => {
    await expect(runtime.executeHandler('return 1', {}, { colour: 1 } as never)).rejects.toMatchObject({
      message: 'Unknown option options.colour.',
    });
  });
});

describe('whatever the source', () => {
  const word = fc.constantFrom(
    ...[
      'a',
      'b',
      'await',
      'new',
      'this',
      'super',
      'if',
      'for',
      'of',
      'function',
      'class',
      'return',
      'const',
      'import',
      'export',
    ],
    ...[
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '.',
      '?.',
      '=',
      '=>',
      ',',
      ';',
      '!',
      '`',
      '${',
      '...',
      '<',
      ':',
      '\n',
      '// c\n',
      '/* c */',
    ],
    ...["'t'", '1', '/r/', '+', '@', '#p', '"', "'", 'as', 'interface', '```'],
  );
  const source = fc.array(word, { maxLength: 40 }).map((words) => words.join(' '));
  const message = fc.constantFrom(
    ...[
      'not a function',
      "cannot read property 'a' of undefined",
      "cannot set property 'b' of null",
      'cannot read property of null',
    ],
    ...['value is not iterable', "cannot read property 'Symbol.iterator' of null", 'cannot convert to object'],
  );

  it('naming an expression ends with a text of one line, or with none', () => {
    fc.assert(
      fc.property(source, message, fc.nat(200), fc.boolean(), (text, said, offset, isBuiltin) => {
        const tokens = Tokens.of(text);
        if (tokens === undefined) return;
        const named = nameExpression(said, { tokens, offset, builtin: isBuiltin ? 'b' : undefined });
        expect(named === undefined || (named.length < 300 && !named.includes('\n'))).toBe(true);
        const name = functionNameAt(tokens, Math.min(offset, tokens.list.length - 1));
        expect(name === undefined || !name.includes('\n')).toBe(true);
      }),
      { numRuns: 3_000, seed: 20_260_802 },
    );
  });

  it('what is said of its syntax has a place in it', () => {
    fc.assert(
      fc.property(source, fc.nat(5), fc.nat(60), (text, line, column) => {
        const lines = new SourceLines(text);
        const location = lines.clamp({ line: line + 1, column: column + 1 });
        const help = explainSyntax(lines, location, 'handler.js');
        if (help !== undefined) expect(lines.clamp(help.location)).toEqual(help.location);
      }),
      { numRuns: 3_000, seed: 20_260_803 },
    );
  });
});

describe('an error that is a tree of thousands of errors', () => {
  it.each([
    ['in a short source', ''],
    ['behind thousands of lines', `/*${'x\n'.repeat(20_000)}*/`],
  ])('is described in so many parts that the main thread does not notice, and says what is missing: %s', async (_, before) => {
    const tree =
      'function make(depth) { return depth ? new AggregateError(Array.from({ length: 20 }, () => make(depth - 1)), "m") : new Error("leaf") } throw make(3)';
    const { error } = await runtime.executeHandler(before + tree);
    const count = (one: { errors?: readonly object[]; cause?: object }): number =>
      1 + (one.errors ?? []).reduce((sum, inner) => sum + count(inner), 0) + (one.cause ? count(one.cause) : 0);
    expect(count(error as object)).toBeLessThanOrEqual(20);
    expect(error).toMatchObject({ name: 'AggregateError', dropped: ['errors'] });
  });
});
