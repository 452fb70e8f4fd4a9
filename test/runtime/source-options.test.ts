import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  createRuntime,
  explainCapabilities,
  HandlerCompiler,
  inferCapabilities,
  type NexusRuntime,
} from '#src/index.js';
import { rejection, withRuntime } from '../support/runtime-helpers.js';
import { answer, finish } from '../suspension/resume-helpers.js';

/** A product whose handlers are modules of CommonJS. */
const DIRECTUS = { prologue: 'const module = { exports: {} };', epilogue: 'return module.exports($args);' };
/** One with names of its own. */
const NODES = { prologue: 'const items = $args.items;\nconst $json = items[0]?.json; // first' };

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

describe('code around a source', () => {
  it('runs before and after it', async () => {
    const code = 'module.exports = async function (data) {\n  return data.x + 1;\n};';
    expect((await runtime.executeHandler(code, { args: { x: 1 } }, { wrap: DIRECTUS })).returnValue).toBe(2);
    const context = { args: { items: [{ json: { a: 1 } }] } };
    expect(
      (await runtime.executeHandler('return [$json.a, items.length] // end', context, { wrap: NODES })).returnValue,
    ).toEqual([1, 1]);
  });

  it('is not counted in lines, columns, snippets and stacks', async () => {
    const code = "module.exports = async (data) => {\n  const e = '😀'; return data.x.y;\n};";
    const { error } = await runtime.executeHandler(code, { args: {} }, { wrap: DIRECTUS });
    expect(error).toMatchObject({ location: { line: 2, column: 32 }, message: expect.stringContaining('of data.x.y') });
    expect(error?.snippet).toBe(
      "1 | module.exports = async (data) => {\n2 |   const e = '😀'; return data.x.y;\n  |                                ^\n3 | };",
    );
    expect(error?.stack?.split('\n').filter((line) => line.includes('handler.js'))).toHaveLength(1);
    const context = { args: { items: [] } };
    const first = await runtime.executeHandler('null.x', context, { wrap: NODES });
    expect(first.error).toMatchObject({ location: { line: 1, column: 5 }, snippet: '1 | null.x\n  |     ^' });
    const syntax = await runtime.executeHandler('return 1 + ;', context, { wrap: NODES });
    expect(syntax.error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: 1, column: 12 } });
    // What fails in the code around it has no place in the source.
    const around = await runtime.executeHandler('return 1', {}, { wrap: NODES });
    expect(around.error?.message).toContain("'items'");
    expect(around.error?.location).toBeUndefined();
  });

  it('makes a body of each source', async () => {
    const wrap = { prologue: 'const f =', epilogue: ';return f(1)' };
    expect((await runtime.executeHandler('(x) => x + 1', {}, { wrap })).returnValue).toBe(2);
  });

  it('is part of the key', async () => {
    for (const n of [1, 2, 1]) {
      const wrap = { epilogue: `return ${n};` };
      expect((await runtime.executeHandler('// same', {}, { wrap })).returnValue).toBe(n);
    }
    expect((await runtime.executeHandler('// same')).returnValue).toBeUndefined();
    const keys = new Set<string>();
    const compiler = new HandlerCompiler({ cacheDir: false });
    for (const wrap of [undefined, {}, { prologue: 'a' }, { epilogue: 'a' }, { prologue: 'a', epilogue: '' }]) {
      keys.add((await compiler.compile('1', wrap && { wrap })).key);
    }
    keys.add((await compiler.compile('1', { returnLastExpression: true })).key);
    await compiler.close();
    expect(keys.size).toBe(4);
  });

  it('is an option of the runtime, which a call replaces', () =>
    withRuntime({ wrap: DIRECTUS }, async (wrapping) => {
      const code = 'module.exports = ({ x }) => { $state.a = x; return x; };';
      const capabilities = wrapping.inferCapabilities(code);
      expect(capabilities).toEqual(['state:write:a']);
      expect((await wrapping.executeHandler(code, { args: { x: 5 }, capabilities })).returnValue).toBe(5);
      expect((await wrapping.executeHandler('return $args', { args: 6 }, { wrap: {} })).returnValue).toBe(6);
      const artifact = await wrapping.precompileHandler(code);
      expect((await runtime.executeCompiledHandler(artifact, { args: { x: 7 }, capabilities })).returnValue).toBe(7);
      expect(await wrapping.precompileAll([code, { code: 'return 1', wrap: {} }])).toMatchObject({
        failed: 0,
        cached: 1,
      });
      expect(await wrapping.warmup([code, { code: 'return 1', wrap: {} }])).toMatchObject({ loaded: 2, failures: [] });
    }));

  it('is kept over a suspension', async () => {
    const code = 'module.exports = async () => [await $ext.a.b(), null.x];';
    const begun = await runtime.executeHandler(code, { capabilities: ['ext:a.b'] }, { wrap: DIRECTUS });
    const results = await finish(runtime, begun, () => answer(1));
    expect(results.at(-1)?.error?.location).toEqual({ line: 1, column: 53 });
  });

  it('is told apart from the source where it does not parse', async () => {
    const open = await runtime.executeHandler('module.exports = () => {\n  if (a) {', {}, { wrap: DIRECTUS });
    expect(open.error).toMatchObject({
      code: 'COMPILATION_ERROR',
      message: expect.stringContaining('is never closed'),
      location: { line: 2, column: 10 },
    });
    const broken = await runtime.executeHandler('return 1', {}, { wrap: { prologue: 'const = 1;' } });
    expect(broken.error).toMatchObject({
      code: 'COMPILATION_ERROR',
      message: expect.stringContaining('in the code of the option wrap'),
    });
    expect(broken.error?.location).toBeUndefined();
    expect(() => inferCapabilities('return 1', { wrap: { prologue: 'const = 1;' } })).toThrow(
      'in the code of the option wrap',
    );
  });

  it('is known to the inference of capabilities, whose places are those of the source', () => {
    const wrap = { prologue: 'const { a } = $state;\n', epilogue: '$emit("done")' };
    expect(inferCapabilities('a.x = 1', { wrap })).toEqual(['events:emit:done', 'state:read:a', 'state:write:a']);
    const written = explainCapabilities('\n  a.x = 1', { wrap }).find(
      ({ capability }) => capability === 'state:write:a',
    );
    expect(written?.reasons).toMatchObject([{ line: 2, column: 3 }]);
  });

  it.each([
    [{ wrap: 'x' }],
    [{ wrap: { prolog: 'x' } }],
    [{ wrap: { prologue: 1 } }],
    [{ wrap: { epilogue: '\ud800' } }],
    [{ returnLastExpression: 1 }],
    [{ normalise: 'html' }],
  ])('%j is refused', async (options) => {
    expect(await rejection(runtime.executeHandler('1', {}, options as never))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(() => inferCapabilities('1', options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    if ('wrap' in options) {
      expect(await rejection(createRuntime(options as never))).toMatchObject({ code: 'INVALID_CONFIG' });
    }
  });
});

describe('an artifact, which is compiled already', () => {
  it.each([
    ['wrap', { wrap: DIRECTUS }],
    ['returnLastExpression', { returnLastExpression: true }],
    ['normalise', { normalise: 'model' }],
  ] as const)('%s is refused, and what asks for nothing is not', async (field, options) => {
    const artifact = await runtime.precompileHandler('return 1');
    const refused = {
      code: 'INVALID_ARGUMENT',
      message: `The option ${field} says how a source is read, and an artifact is compiled already: give it to precompileHandler, and leave it out here.`,
      context: { field },
    };
    expect(await rejection(runtime.executeCompiledHandler(artifact, {}, options))).toMatchObject(refused);
    expect(await rejection(runtime.run(artifact, {}, options))).toMatchObject(refused);
    const nothing = { wrap: {}, returnLastExpression: false };
    expect((await runtime.executeCompiledHandler(artifact, {}, nothing)).returnValue).toBe(1);
    expect((await runtime.run(artifact, {}, nothing)).returnValue).toBe(1);
  });
});

describe('returnLastExpression', () => {
  it.each([
    ['1 + 1', 2],
    ['const a = 2; a * 3 // six', 6],
    ['const a = 2;\na\n;;', 2],
    ['await Promise.resolve(4)', 4],
    ['(1, 2)', 2],
    ["'use strict'", 'use strict'],
    ['({ a: 1 })', { a: 1 }],
    ['return 5', 5],
    ['if (true) { 1 }', undefined],
    ['const a = 1', undefined],
    ['(x) => 7', 7],
    ['export default 8', 8],
  ])('%j gives %j', async (code, value) => {
    expect((await runtime.executeHandler(code, {}, { returnLastExpression: true })).returnValue).toEqual(value);
  });

  it('changes no place, and is known to the inference of capabilities', async () => {
    const options = { returnLastExpression: true };
    const { error } = await runtime.executeHandler('const a = {};\na.b.c;', {}, options);
    expect(error).toMatchObject({ location: { line: 2, column: 4 } });
    expect(inferCapabilities('$state', options)).toEqual(['state:read:*']);
    expect(
      (await runtime.executeHandler('let a: number = 1; a!', {}, { ...options, filename: 'a.ts' })).returnValue,
    ).toBe(1);
  });
});

describe('declarations before a program of a model', () => {
  const options = { normalise: 'model', wrap: { prologue: 'const twice = (n) => 2 * n; const left = 1;' } } as const;

  it.each([
    ['return twice(21)', 42],
    ['const n = 21;\nmain();\nfunction main() { return twice(n) }\nmain();', 42],
    ['async () => twice(21)', 42],
    ['function f() { return twice(21) }', 42],
    ['export default () => twice(21)', 42],
    ['export default twice(await Promise.resolve(21))', 42],
    ['const pure = () => twice(21);\nexport default async function main() { return pure() }', 42],
    ['```js\n() => { const left = 2; return left }\n```', 2],
  ])('are there for %j', async (code, value) => {
    expect((await runtime.executeHandler(code, {}, options)).returnValue).toBe(value);
  });

  it('move no place of it', async () => {
    for (const code of [
      'const a = {};\nreturn twice(a.b.c)',
      '() => {\n  twice(x.b.c) }',
      'export default () => {\n  twice(x.b.c) }',
    ]) {
      const { error } = await runtime.executeHandler(code, {}, options);
      expect(error?.location?.line, code).toBe(2);
    }
    expect((await runtime.executeHandler('() => {\n  return (', {}, options)).error?.code).toBe('COMPILATION_ERROR');
  });
});
