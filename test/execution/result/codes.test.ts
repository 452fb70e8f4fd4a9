import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallSchemas, createRuntime, type NexusRuntime, type ResultCode, type WasmContext } from '#src/index.js';
import { workersExecute } from '../../support/runtime-helpers.js';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxSourceBytes: 100_000 });
});
afterAll(() => runtime.shutdown());

interface Case {
  readonly source: string;
  readonly context?: WasmContext;
  readonly timeoutMs?: number;
  readonly schemas?: CallSchemas;
  /** What the error says about the place and the cause. */
  readonly error: object;
}

const place = (line: number, column: number) => ({ location: { line, column } });
const origin = { panelId: 'orders', handlerName: 'onSave' };

/** One way to each code, with all that its error has to say. */
const CASES = {
  TIMEOUT: {
    source: 'for (;;);',
    timeoutMs: 30,
    error: { context: { limit: 'timeoutMs', value: 30, layer: 'interrupt' } },
  },
  MEMORY_LIMIT: {
    source: '\nconst a = []; for (;;) a.push(new Array(1e5).fill(0))',
    error: { context: { limit: 'memoryLimitBytes', value: 32 * 1024 * 1024 } },
  },
  STACK_OVERFLOW: {
    source: '\nfunction dig() { return dig() + 1 }\nreturn dig()',
    error: { context: { limit: 'stackSizeBytes', value: 512 * 1024 }, location: { line: 2 } },
  },
  RESOURCE_LIMIT: {
    source: '\nfor (let i = 0; i <= 100; i++)\n  $emit("e")',
    context: { capabilities: ['events:emit:e'] },
    error: { context: { limit: 'maxEvents', value: 100 }, location: { line: 3 } },
  },
  PERMISSION_DENIED: {
    source: '\n\n  $emit("e")',
    error: { context: { capability: 'events:emit:e' }, location: { line: 3 } },
  },
  EXECUTION_ERROR: {
    source: 'const f = () => {\n  null.x;\n};\nf();',
    error: { ...place(2, 7), message: expect.stringContaining('TypeError') },
  },
  COMPILATION_ERROR: { source: 'const a = 1;\nconst b = ;', error: { ...place(2, 11) } },
  INVALID_HANDLER: { source: '}); (function () {', error: {} },
  SERIALIZATION_ERROR: { source: 'return { a: [() => {}] }', error: { context: { path: 'returnValue.a[0]' } } },
  VALIDATION_ERROR: {
    source: 'return { total: "7" }',
    schemas: { result: { properties: { total: { type: 'number' } } } },
    error: { context: { path: 'returnValue.total' } },
  },
  DEADLOCK: { source: 'await new Promise(() => {})', error: {} },
  CANCELLED: { source: 'for (;;);', error: { context: { reason: 'enough' } } },
} as const satisfies Record<ResultCode, Case>;

describe('a handler that ends with', () => {
  it.each(Object.entries(CASES) as [ResultCode, Case][])('%s says what, where and of whom', async (code, one) => {
    const { source, context = {}, timeoutMs = 2_000, schemas, error } = one;
    const controller = new AbortController();
    const options = { timeoutMs, signal: controller.signal, ...(schemas && { schemas }) };
    const call = runtime.executeHandler(source, { ...context, ...origin }, options);
    if (code === 'CANCELLED') await workersExecute().then(() => controller.abort(new Error('enough')));
    const result = await call;
    expect(result).toMatchObject({ status: 'error', partial: true, error: { code, ...error } });
    expect(result.error?.context).toMatchObject(origin);
    expect(result.error?.message).not.toBe('');
    if (result.error?.location !== undefined) {
      const { line } = result.error.location;
      expect(result.error.snippet).toContain(`${line} | ${source.split('\n')[line - 1]}`);
      expect(result.error.snippet).toContain('^');
    }
    expect((await runtime.executeHandler('return "goes on"')).returnValue).toBe('goes on');
  });
});

describe('an error', () => {
  it('has the frames of async functions on the way, in the author’s lines', async () => {
    const source = `async function inner() {
  await null;
  throw new RangeError('deep');
}
async function outer() {
  await inner();
}
await outer();`;
    const { error } = await runtime.executeHandler(source);
    expect(error).toMatchObject({ code: 'EXECUTION_ERROR', location: { line: 3 }, message: 'RangeError: deep' });
    expect(error?.stack).toContain('inner (handler.js:3:');
    expect(error?.stack).not.toContain('nexus:');
  });

  it('is the same from an artifact, with source lines and the name of its file', async () => {
    const source = '\n\nthrow new Error("from an artifact")';
    const artifact = await runtime.precompileHandler(source, { filename: 'orders/save.js' });
    const direct = await runtime.executeHandler(source, {}, { filename: 'orders/save.js' });
    const { error } = await runtime.executeCompiledHandler(artifact);
    expect(error).toEqual(direct.error);
    expect(error?.stack).toContain('orders/save.js:3:');
    expect(error?.snippet).toContain('3 | throw new Error("from an artifact")');
  });

  it.each([
    ['a string', '"text"', 'text'],
    ['undefined', 'undefined', undefined],
    ['null', 'null', null],
    ['an object', '{ code: 7, at: new Date(0) }', { code: 7, at: new Date(0) }],
    ['a Map', 'new Map([["a", 1]])', new Map([['a', 1]])],
    ['a BigInt', '12n', 12n],
  ])('an error that is %s keeps its value', async (_title, expression, value) => {
    const { error } = await runtime.executeHandler(`throw ${expression}`);
    expect(error).toMatchObject({ code: 'EXECUTION_ERROR' });
    expect(error?.context).toEqual({ thrown: value });
  });

  it('an error of a result that is nested too deeply names the place, and loses nothing beside it', async () => {
    const source = '$emit("a", 1); let o = 1; for (let i = 0; i < 1100; i++) o = [o]; return { o }';
    const { error, events } = await runtime.executeHandler(source, { capabilities: ['events:emit:a'] });
    expect(error?.code).toBe('SERIALIZATION_ERROR');
    expect(error?.context?.['path']).toMatch(/^returnValue/);
    expect(events).toHaveLength(1);
  });

  it('keeps the effects before it, marked, and nothing is applied', async () => {
    const state = { n: 1, list: [1] };
    const result = await runtime.executeHandler('$state.n = 2; $state.list.push(2); $emit("e"); $log("l"); throw 1', {
      stateSnapshot: state,
      capabilities: ['state:read:*', 'state:write:*', 'events:emit:*'],
    });
    expect(result).toMatchObject({
      status: 'error',
      partial: true,
      stateMutations: [
        { operation: 'set', key: 'n', value: 2 },
        { operation: 'set', key: 'list', value: [1, 2] },
      ],
      events: [{ name: 'e' }],
      logs: [{ level: 'info', message: 'l' }],
    });
    expect(result).not.toHaveProperty('returnValue');
    expect(state).toEqual({ n: 1, list: [1] });
  });
});
