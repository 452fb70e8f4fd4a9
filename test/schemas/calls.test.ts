import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  createRuntime,
  encoded,
  jsonSchema,
  type NexusRuntime,
  type RuntimeObserver,
  type StandardSchema,
} from '#src/index.js';

let runtime: NexusRuntime;
const codes: (string | undefined)[] = [];
const observer: RuntimeObserver = { onExecution: ({ code }) => codes.push(code) };

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, observer });
});
afterAll(() => runtime.shutdown());

const order = z.object({ id: z.number(), count: z.coerce.number().default(1) });
const total = z.object({ total: z.number(), unit: z.string().default('EUR') });

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((ok) => {
    resolve = ok;
  });
  return { promise, resolve };
}

/** A schema that answers when it is told to. */
function later<T>(value: T) {
  const gate = withResolvers();
  const asked = withResolvers();
  const schema: StandardSchema<unknown, T> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async () => {
        asked.resolve();
        await gate.promise;
        return { value };
      },
    },
  };
  return { schema, answer: gate.resolve, asked: asked.promise };
}

describe('the arguments of a call', () => {
  it('reach the handler as the schema made them', async () => {
    const result = await runtime.executeHandler(
      'return $args',
      { args: { id: 7, count: '3' } },
      { schemas: { args: order } },
    );
    expect(result.returnValue).toEqual({ id: 7, count: 3 });
    const { returnValue } = await runtime.executeHandler(
      'return $args',
      { args: { id: 7 } },
      { schemas: { args: order } },
    );
    expect(returnValue).toEqual({ id: 7, count: 1 });
  });

  it('that do not match are refused before anything runs, with all paths', async () => {
    const before = codes.length;
    const args = { id: 'seven', count: 'many' } as unknown as { id: number };
    const call = runtime.executeHandler('$log.info("ran")', { args }, { schemas: { args: order } });
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(
        /^context\.args does not match options\.schemas\.args: args\.id: .+; args\.count: /,
      ),
      context: { path: 'args.id', issues: [{ path: 'args.id' }, { path: 'args.count' }] },
    });
    expect(codes).toHaveLength(before);
  });

  it('are checked in every kind of call', async () => {
    const schemas = { args: jsonSchema<number>({ type: 'integer' }) };
    const artifact = await runtime.precompileHandler('return $args');
    const wrong = { args: 1.5 };
    const error = { code: 'INVALID_ARGUMENT', context: { path: 'args' } };
    await expect(runtime.executeHandler('return $args', wrong, { schemas })).rejects.toMatchObject(error);
    await expect(runtime.executeCompiledHandler(artifact, wrong, { schemas })).rejects.toMatchObject(error);
    await expect(runtime.run('return $args', wrong, { schemas })).rejects.toMatchObject(error);
    expect((await runtime.executeCompiledHandler(artifact, { args: 4 }, { schemas })).returnValue).toBe(4);
  });

  it('cannot be encoded already', async () => {
    const call = runtime.executeHandler(
      '',
      { args: encoded(new Uint8Array([1])) },
      { schemas: { args: { type: 'number' } } },
    );
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('Pass the value itself'),
    });
  });
});

describe('the result of a call', () => {
  it('is what the schema made of it', async () => {
    const { status, returnValue } = await runtime.run(
      'return { total: 5, other: 1 }',
      {},
      { schemas: { result: total } },
    );
    expect({ status, returnValue }).toEqual({ status: 'success', returnValue: { total: 5, unit: 'EUR' } });
  });

  it('that does not match is an error with path, and keeps the effects', async () => {
    const source = '$state.a = 1; $log.info("x"); return { total: "5" }';
    const context = { capabilities: ['state:write:a'], handlerName: 'price' };
    const schemas = { result: total };
    for (const result of [
      await runtime.executeHandler(source, context, { schemas }),
      await runtime.run(source, context, { schemas }),
    ]) {
      expect(result).toMatchObject({
        status: 'error',
        partial: true,
        error: {
          code: 'VALIDATION_ERROR',
          message: expect.stringContaining('does not match its schema: returnValue.total: '),
          context: { path: 'returnValue.total', issues: [{ path: 'returnValue.total' }], handlerName: 'price' },
        },
        stateMutations: [{ operation: 'set', key: 'a', value: 1 }],
        logs: [{ message: 'x' }],
      });
      expect(result).not.toHaveProperty('returnValue');
    }
    expect(await runtime.getPrometheusMetrics()).toContain('nexus_handler_errors_total{code="VALIDATION_ERROR"} 2');
  });

  it('is not checked when the handler fails or waits', async () => {
    const schemas = { result: total };
    expect(await runtime.executeHandler('throw new Error("no")', {}, { schemas })).toMatchObject({
      error: { code: 'EXECUTION_ERROR' },
    });
    const waiting = await runtime.executeHandler(
      'return { total: await $ext.a.b() }',
      { capabilities: ['ext:a'], extensionRegistry: { a: ['b'] } },
      { schemas },
    );
    expect(waiting.status).toBe('suspended');
    const { suspensionId = '' } = waiting.suspension ?? {};
    const bad = await runtime.resumeHandler(suspensionId, { success: true, value: 'x' }, { schemas });
    expect(bad).toMatchObject({ status: 'error', error: { code: 'VALIDATION_ERROR' } });
    // What is recorded is what the handler returned: it is checked by the schema of whoever asks.
    const again = await runtime.resumeHandler(suspensionId, { success: true, value: 'x' });
    expect(again).toMatchObject({ status: 'success', replayed: true, returnValue: { total: 'x' } });
    const replayed = await runtime.resumeHandler(suspensionId, { success: true, value: 'x' }, { schemas });
    expect(replayed).toMatchObject({ status: 'error', replayed: true });
  });

  it('of more values than maxValues is refused unread, however it is made of them', async () => {
    let asked = 0;
    const validate = (value: unknown) => {
      asked++;
      return { value };
    };
    const result: StandardSchema<unknown, unknown> = {
      '~standard': { version: 1, vendor: 'test', validate },
    };
    const many = [
      'return Array(1000).fill(0)',
      'const a = Array(40).fill(0); return Array(40).fill(a)',
      'return new Map(Array.from({ length: 600 }, (_, i) => [i, i]))',
    ];
    for (const source of many) {
      const { error } = await runtime.executeHandler(source, {}, { schemas: { result, maxValues: 1_000 } });
      expect(error, source).toMatchObject({
        code: 'VALIDATION_ERROR',
        message: expect.stringContaining('more than 1000 values'),
      });
    }
    expect(asked).toBe(0);
    const { status } = await runtime.executeHandler(
      'return Array(999).fill(0)',
      {},
      { schemas: { result, maxValues: 1_000 } },
    );
    expect({ status, asked }).toEqual({ status: 'success', asked: 1 });
  });

  it('has messages and paths of bounded length, whatever the handler names', async () => {
    const source =
      'const o = {}; for (let i = 0; i < 300; i++) o["k".repeat(5000) + i] = { x: "y".repeat(9000) }; return o';
    const { error } = await runtime.executeHandler(
      source,
      {},
      { schemas: { result: z.record(z.string(), z.number()) } },
    );
    expect(error?.code).toBe('VALIDATION_ERROR');
    expect(JSON.stringify(error).length).toBeLessThan(20_000);
    const strict = await runtime.executeHandler(source, {}, { schemas: { result: z.strictObject({}) } });
    expect(strict.error?.context?.['issues']).toHaveLength(20);
    expect(JSON.stringify(strict.error).length).toBeLessThan(20_000);
  });

  it('that makes the schema throw is an error that says so', async () => {
    const result = z.unknown().transform(() => {
      throw new Error('the database is away');
    });
    const { error } = await runtime.executeHandler('return 1', {}, { schemas: { result } });
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', context: { thrown: 'Error: the database is away' } });
    expect(error?.message).not.toContain('database');
  });
});

describe('a schema that answers later', () => {
  it('is waited for', async () => {
    const { schema, answer, asked } = later('checked');
    const call = runtime.executeHandler(
      'return $args',
      { args: 'given' },
      { schemas: { args: schema, result: schema } },
    );
    await asked;
    answer();
    expect((await call).returnValue).toBe('checked');
  });

  it.each(['args', 'result'] as const)('ends with the signal of the call: %s', async (which) => {
    const { schema, asked } = later('never');
    const controller = new AbortController();
    const call = runtime.run(
      '$log.info("x"); return 1',
      {},
      { schemas: { [which]: schema }, signal: controller.signal },
    );
    await asked;
    controller.abort(new Error('enough'));
    const { status, error, logs } = await call;
    expect({ status, code: error?.code, reason: error?.context?.['reason'] }).toEqual({
      status: 'error',
      code: 'CANCELLED',
      reason: 'enough',
    });
    expect(logs).toHaveLength(which === 'args' ? 0 : 1);
  });

  it.each(['args', 'result'] as const)('ends with the deadline of the call: %s', async (which) => {
    const { schema } = later('never');
    const { error } = await runtime.executeHandler('return 1', {}, { schemas: { [which]: schema }, deadlineMs: 200 });
    expect(error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'deadlineMs', value: 200, layer: 'schema' } });
  });

  it('ends with the time limit of the runtime where the call has no deadline', async () => {
    await using brief = await createRuntime({ cacheDir: false, maxInstances: 1, timeoutMs: 300 });
    const { error } = await brief.executeHandler('return 1', {}, { schemas: { result: later('never').schema } });
    expect(error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'timeoutMs', value: 300, layer: 'schema' } });
  });
});

describe('schemas that are none', () => {
  it.each<[unknown, string]>([
    [7, 'options.schemas is 7'],
    [{ arg: z.number() }, 'Did you mean options.schemas.args?'],
    [{ args: 'string' }, 'options.schemas.args is "string"; it must be a schema of zod, valibot, arktype'],
    [{ args: { '~standard': {} } }, 'options.schemas.args is an object'],
    [{ args: { type: 'strin' } }, 'options.schemas.args.type is "strin"'],
    [{ result: { items: { type: 'text' } } }, 'options.schemas.result.items.type is "text"'],
    [{ result: z.number(), maxValues: 0 }, 'options.schemas.maxValues is 0'],
  ])('%#: %s', async (schemas, message) => {
    const error = { code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) };
    await expect(runtime.executeHandler('', {}, { schemas } as object)).rejects.toMatchObject(error);
    await expect(runtime.run('', {}, { schemas } as object)).rejects.toMatchObject(error);
  });

  it('arguments have no schema where a handler goes on', async () => {
    const call = runtime.resumeHandler('x', [], { schemas: { args: z.number() } } as object);
    await expect(call).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('schemas.args'),
    });
  });
});
