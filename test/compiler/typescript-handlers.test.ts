import { afterAll, describe, expect, it } from 'vitest';
import {
  createRuntime,
  explainCapabilities,
  HandlerCompiler,
  inferCapabilities,
  NexusError,
  type WasmContext,
} from '#src/index.js';

const runtime = await createRuntime({ cacheDir: false, maxInstances: 2 });
afterAll(() => runtime.shutdown());

const filename = 'rules/vat.ts';
const HANDLER = `interface Order { readonly lines: readonly { net: number }[] }
const { lines }: Order = $args;
$state.net = lines.reduce((sum: number, { net }) => sum + net, 0) as number;
return $state.net satisfies number;`;
const context: WasmContext = {
  args: { lines: [{ net: 2 }, { net: 3 }] },
  capabilities: ['state:write:net', 'state:read:net'],
};

function thrownBy(call: () => unknown): NexusError {
  try {
    call();
  } catch (error) {
    if (error instanceof NexusError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a handler in TypeScript', () => {
  it('runs like its JavaScript, by every way to it', async () => {
    const expected = { status: 'success', returnValue: 5, stateMutations: [{ key: 'net', value: 5 }] };
    expect(await runtime.executeHandler(HANDLER, context, { filename })).toMatchObject(expected);
    expect(await runtime.run(HANDLER, context, { filename })).toMatchObject(expected);
    const artifact = await runtime.precompileHandler(HANDLER, { filename });
    expect(await runtime.executeCompiledHandler(artifact, context)).toMatchObject(expected);
    expect(await runtime.warmup([{ code: HANDLER, filename }])).toMatchObject({ loaded: 1, failures: [] });
  });

  it('is the same artifact, whichever way it was compiled', async () => {
    await using compiler = new HandlerCompiler({ cacheDir: false });
    const { bytecode, source } = await compiler.compile(HANDLER, { filename });
    const artifact = Buffer.from(await runtime.precompileHandler(HANDLER, { filename }));
    expect(artifact.includes(Buffer.from(bytecode))).toBe(true);
    expect(source).toBe(HANDLER);
  });

  it('is the bytecode of the same text without types', async () => {
    await using compiler = new HandlerCompiler({ cacheDir: false });
    const typed = await compiler.compile('const a: number = 1;\nreturn a', { filename });
    const untyped = await compiler.compile('const a         = 1;\nreturn a', { filename });
    expect(Buffer.from(typed.bytecode).equals(untyped.bytecode)).toBe(true);
    expect(typed.key).not.toBe(untyped.key);
  });

  it('is JavaScript in a file of another name', async () => {
    const { error } = await runtime.executeHandler('return 1 as number', {}, { filename: 'vat.js' });
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: 1, column: 10 } });
  });
});

describe('an error of a handler in TypeScript', () => {
  it('stands at the author’s line and column, in what the author wrote', async () => {
    const source =
      'type Order = { lines?: string[] };\nconst order: Order = {};\nreturn order.lines!.length as number;';
    const { error } = await runtime.executeHandler(source, {}, { filename });
    expect(error).toMatchObject({ code: 'EXECUTION_ERROR', location: { line: 3, column: 20 } });
    expect(error?.snippet).toContain('2 | const order: Order = {};\n3 | return order.lines!.length as number;');
    expect(error?.stack).toContain(`${filename}:3:20`);
  });

  it.each([
    ['return 1;\n  enum A { B }', 'an enum is more than a type', 2, 3],
    ['return 1;\nnamespace N { export const x = 1 }', 'a namespace that holds values', 2, 1],
    ['class A { constructor(readonly x: number) {} }', 'a parameter property', 1, 32],
    ['\t@sealed class A {}', 'the engine does not support decorators', 1, 2],
    ['class A {\n  @bound m() {}\n}', 'the engine does not support decorators', 2, 3],
    ['return <const>["x"]', 'angle brackets', 1, 8],
    ['import { a } from "./a.ts";', 'the body of a function imports and exports nothing', 1, 1],
    ['const a: = 1', 'Unexpected token `=`', 1, 10],
    ['if (a) {\n  b', 'this "{" is never closed', 1, 8],
  ])('%j does not compile: %s', async (source, message, line, column) => {
    const { error } = await runtime.executeHandler(source, {}, { filename });
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line, column } });
    expect(error?.message).toMatch(/^SyntaxError: /);
    expect(error?.message).toContain(message);
    expect(error?.snippet).toContain(`${line} | ${source.split('\n')[line - 1]?.trimEnd()}`);
    const inferred = thrownBy(() => inferCapabilities(source, { filename }));
    expect(inferred.code).toBe('COMPILATION_ERROR');
    expect(inferred.context).toMatchObject({ location: { line } });
  });

  it('is INVALID_HANDLER when it closes its function', async () => {
    const source = 'type A = 1 }); steal(); (async function(){';
    const { error } = await runtime.executeHandler(`const a: number = 1; ${source.slice(11)}`, {}, { filename });
    expect(error?.code).toBe('INVALID_HANDLER');
  });

  it('is one of this handler alone when the parser cannot take it', async () => {
    const deep = `return ${'('.repeat(50_000)}1${')'.repeat(50_000)}`;
    const { error } = await runtime.executeHandler(deep, {}, { filename });
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR' });
    expect(error?.message).toContain('nested too deeply');
    expect(await runtime.executeHandler(`return 1 as number // ${Math.random()}`, {}, { filename })).toMatchObject({
      status: 'success',
    });
  });

  it('takes a worker with it when parsing takes for ever, and nothing else', async () => {
    await using own = await createRuntime({ cacheDir: false, maxInstances: 1, compileTimeoutMs: 500 });
    // Every level is parsed as an arrow function first.
    const explosive = `return ${'async<T>(x = '.repeat(60)}1${')'.repeat(60)}`;
    const [{ error }, innocent] = await Promise.all([
      own.executeHandler(explosive, {}, { filename }),
      own.executeHandler('return 2'),
    ]);
    expect(error?.message).toContain('compileTimeoutMs');
    expect(innocent.returnValue).toBe(2);
  });
});

describe('capabilities of a handler in TypeScript', () => {
  it('are inferred from what it does, at the author’s places', () => {
    expect(inferCapabilities(HANDLER, { filename })).toEqual(['state:read:net', 'state:write:net']);
    expect(runtime.inferCapabilities('$emit("a" as string)', { filename })).toEqual(['events:emit:a']);
    const [explained] = explainCapabilities('let a: number;\nlet b: X = 1; $emit(`x.${b}`)', { filename });
    expect(explained?.reasons).toMatchObject([{ line: 2, column: 15 }]);
  });

  it('are everything when it is nested too deeply', () => {
    const deep = `return ${'('.repeat(50_000)}1${')'.repeat(50_000)}`;
    expect(inferCapabilities(deep, { filename })).toContain('state:write:*');
  });

  it('need a name that is one', () => {
    expect(thrownBy(() => inferCapabilities('return 1', { filename: 'a\nb.ts' })).code).toBe('INVALID_ARGUMENT');
    const misspelt = { fileName: 'a.ts' } as object;
    expect(thrownBy(() => inferCapabilities('return 1', misspelt)).message).toContain('options.filename');
  });
});
