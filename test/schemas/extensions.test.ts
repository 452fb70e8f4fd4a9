import { type } from 'arktype';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

import {
  createRuntime,
  currentCall,
  defineExtension,
  describeExtensions,
  type NexusRuntime,
  type WarningEvent,
} from '#src/index.js';

let runtime: NexusRuntime;
const warnings: WarningEvent[] = [];

beforeAll(async () => {
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    observer: { onWarning: (one) => warnings.push(one) },
  });
});
afterAll(() => runtime.shutdown());

const extensions = defineExtension({
  http: {
    get: {
      description: 'Fetches a page.',
      idempotent: true,
      input: z.object({ url: z.url(), retries: z.number().int().default(2) }),
      output: z.object({ status: z.number(), at: z.string().default('now') }),
      execute: ({ url, retries }) => ({ status: retries, at: url }),
    },
    broken: {
      output: v.object({ status: v.number() }),
      execute: (): { status: number } => JSON.parse('{"status":"no"}'),
    },
  },
  text: {
    upper: { input: type('string'), execute: async (text) => text.toUpperCase() },
    call: { input: { type: 'array', items: { type: 'integer' } }, execute: () => currentCall()?.key },
    nothing: { execute: () => 'nothing' },
    fails: { execute: () => Promise.reject(new RangeError('the service is away')) },
  },
});
const context = { capabilities: ['ext:*'] };
const run = (source: string) => runtime.run(source, context, { extensions });
const thrown = (call: string) =>
  run(
    `try { return await ${call} } catch (error) { return { name: error.name, message: error.message, issues: error.issues } }`,
  );

describe('a method that is defined with schemas', () => {
  it('gets and gives what the schemas make of it', async () => {
    expect((await run("return await $ext.http.get({ url: 'http://a.test', more: 1 })")).returnValue).toEqual({
      status: 2,
      at: 'http://a.test',
    });
    expect((await run("return await $ext.text.upper('a')")).returnValue).toBe('A');
    expect((await run('return await $ext.text.nothing()')).returnValue).toBe('nothing');
    expect((await run('return await $ext.text.call([1])')).returnValue).toMatch(/^[\w-]{22}:/);
  });

  it.each([
    ['$ext.http.get({ url: "no" })', /^http\.get: input\.url: /, ['input.url']],
    ['$ext.http.get({ retries: "2" })', /^http\.get: input\.url: .+; input\.retries: /, ['input.url', 'input.retries']],
    ['$ext.http.get()', /^http\.get: input: /, ['input']],
    [
      '$ext.http.get({ url: "http://a.test" }, 1)',
      /^http\.get: input: the method takes one argument, and got 2$/,
      ['input'],
    ],
    ['$ext.text.upper(7)', /^text\.upper: input: must be a string/, ['input']],
    ['$ext.text.call([1, 2.5])', /^text\.call: input\[1\]: /, ['input[1]']],
    ['$ext.text.call([1n])', /^text\.call: input\[0\]: is a bigint, which JSON does not have/, ['input[0]']],
    ['$ext.text.call({})', /^text\.call: input: /, ['input']],
    ['$ext.text.nothing(1)', /^text\.nothing: input: the method takes no argument, and got 1$/, ['input']],
  ])('refuses %s at the await, with the path', async (call, message, paths) => {
    const { returnValue } = await thrown(call);
    expect(returnValue).toMatchObject({
      name: 'ValidationError',
      message: expect.stringMatching(message),
      issues: paths.map((path) => ({ path })),
    });
  });

  it('tells an author who does not catch where it was', async () => {
    const { error } = await run('const x = 1;\nawait $ext.http.get({ url: x });');
    expect(error).toMatchObject({
      code: 'EXECUTION_ERROR',
      name: 'ValidationError',
      location: { line: 2 },
      message: expect.stringContaining('http.get: input.url: '),
      fields: { issues: [{ path: 'input.url' }] },
    });
  });

  it('tells the author that an answer does not match, and the operator what', async () => {
    warnings.length = 0;
    const { returnValue } = await thrown('$ext.http.broken()');
    expect(returnValue).toEqual({
      name: 'Error',
      message: 'http.broken answered something that does not match its output schema',
      issues: undefined,
    });
    const { error } = await run('await $ext.http.broken()');
    expect(JSON.stringify(error)).not.toContain('status');
    expect(warnings).toEqual(
      Array(2).fill({
        code: 'NEXUS_SCHEMA',
        message: expect.stringContaining(
          'http.broken answered something that does not match its output schema: output.status: ',
        ),
      }),
    );
  });

  it('gives the process one warning for each method, however often handlers call it', async () => {
    const told: string[] = [];
    const listener = (warning: Error) => void told.push(warning.message);
    process.on('warning', listener);
    await using other = await createRuntime({ cacheDir: false, maxInstances: 1 });
    await other.run('await Promise.allSettled(Array.from({ length: 5 }, () => $ext.http.broken()))', context, {
      extensions,
    });
    await new Promise(setImmediate);
    process.off('warning', listener);
    expect(told.filter((message) => message.includes('http.broken'))).toHaveLength(1);
  });

  it('throws its own errors as they are', async () => {
    const { returnValue } = await thrown('$ext.text.fails()');
    expect(returnValue).toMatchObject({ name: 'RangeError', message: 'the service is away' });
  });

  it('can be named in a registry, and called by the application', async () => {
    const waiting = await runtime.executeHandler('return $ext.http.get({})', {
      ...context,
      extensionRegistry: extensions,
    });
    expect(waiting.suspension).toMatchObject({ extensionName: 'http', method: 'get' });
    const unknown = await runtime.executeHandler('return $ext.http.post({})', {
      ...context,
      extensionRegistry: extensions,
    });
    expect(unknown.error?.message).toContain('http');
    expect(await extensions.http.get({ url: 'http://a.test' })).toEqual({ status: 2, at: 'http://a.test' });
    await expect(extensions.http.broken()).rejects.toMatchObject({ issues: [{ path: 'output.status' }] });
    await expect(extensions.http.get({ url: 'no' })).rejects.toThrow('http.get: input.url');
  });

  it('bounds what it checks', async () => {
    const { http } = defineExtension(
      { http: { get: { input: z.array(z.number()), execute: () => 1 } } },
      { maxValues: 10 },
    );
    await expect(http.get(Array(9).fill(0))).resolves.toBe(1);
    await expect(http.get(Array(10).fill(0))).rejects.toThrow('more than 10 values');
  });
});

describe('a description of extensions', () => {
  it('has the schemas as JSON Schema, input and output', () => {
    const { http } = defineExtension({
      http: {
        get: {
          description: 'Gets.',
          idempotent: true,
          input: z.object({ n: z.number().default(1) }),
          output: z.string(),
          execute: () => '',
        },
      },
    });
    expect(describeExtensions({ http })).toMatchObject([
      {
        extension: 'http',
        method: 'get',
        description: 'Gets.',
        idempotent: true,
        input: { type: 'object', properties: { n: { type: 'number', default: 1 } } },
        output: { type: 'string' },
      },
    ]);
    expect(describeExtensions({ http })[0]?.input).not.toHaveProperty('required');
  });

  it.each<[string, object, string]>([
    ['a schema of valibot', { input: v.string() }, 'toStandardJsonSchema(schema) of @valibot/to-json-schema'],
    ['what JSON does not have', { input: z.date() }, 'x.y.input cannot be written as JSON Schema'],
    ['a transformation', { output: z.string().transform(Number) }, 'x.y.output cannot be written as JSON Schema'],
  ])('refuses %s with the remedy', (_, method, message) => {
    const defined = defineExtension({ x: { y: { ...method, execute: () => 1 } } } as never);
    expect(() => describeExtensions(defined as object as Record<string, object>)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });

  it('is not made of other extensions', () => {
    expect(() => describeExtensions({ http: { get() {} } })).toThrow('extensions.http is an object');
  });
});

describe('a definition that is refused', () => {
  const execute = () => 1;
  it.each<[unknown, string]>([
    [null, 'definitions is null'],
    [{ 'a.b': {} }, 'definitions is "a.b"'],
    [{ a: 7 }, 'definitions.a is 7'],
    [{ a: { b: execute } }, 'definitions.a.b is a function'],
    [{ a: { b: {} } }, 'definitions.a.b.execute is null'],
    [{ a: { b: { execute, inputs: 1 } } }, 'Did you mean definitions.a.b.input?'],
    [{ a: { b: { execute, input: 'string' } } }, 'definitions.a.b.input is "string"'],
    [{ a: { b: { execute, output: { type: 'int' } } } }, 'definitions.a.b.output.type is "int"'],
    [{ a: { b: { execute, description: 1 } } }, 'definitions.a.b.description is 1'],
    [{ a: { b: { execute, idempotent: 'yes' } } }, 'definitions.a.b.idempotent is "yes"'],
  ])('%#: %s', (definitions, message) => {
    expect(() => defineExtension(definitions as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });
});
