import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { cloudflareExecutor, mastraTransport, tanStackDriver } from '#src/code-mode/index.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { OPTIONS } from '../support.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ ...OPTIONS, memoryLimitBytes: 16 * 1024 * 1024 });
});
afterAll(() => runtime.shutdown());

interface Ended {
  readonly value?: unknown;
  readonly error?: string | undefined;
  readonly name?: string | undefined;
  readonly logs: readonly string[];
}
type Call = (input: unknown) => Promise<unknown>;
/** The three interfaces as one: a program whose functions are called `f_…`. */
const executors: Readonly<
  Record<string, (body: string, fns: Readonly<Record<string, Call>>, timeout?: number) => Promise<Ended>>
> = {
  'IsolateDriver of TanStack AI': async (body, fns, timeout = 30_000) => {
    const bindings = Object.fromEntries(Object.entries(fns).map(([name, execute]) => [name, { execute }]));
    const context = await tanStackDriver(runtime).createContext({ bindings, timeout, memoryLimit: 128 });
    const { value, error, logs = [] } = await context.execute(body);
    await context.dispose();
    return { value, error: error?.message, name: error?.name, logs };
  },
  'CodeModeTransport of Mastra': async (body, fns, timeout = 30_000) => {
    const {
      result,
      error,
      logs = [],
    } = await mastraTransport(runtime).run({
      program: body.replaceAll(/\bf_/g, 'external_f_'),
      toolIds: Object.keys(fns),
      dispatch: (tool, args) => (fns[tool] as Call)(args),
      timeout,
    });
    return { value: result, error: error?.message, name: error?.name, logs };
  },
  'Executor of Cloudflare codemode': async (body, fns, timeout = 30_000) => {
    const program = `async () => {\n${body.replaceAll(/\bf_/g, 'codemode.f_')}\n}`;
    const executor = cloudflareExecutor(runtime, { timeoutMs: timeout });
    const {
      result,
      error,
      logs = [],
    } = await executor.execute(program, [
      { name: 'codemode', fns: fns as Record<string, (...args: unknown[]) => Promise<unknown>> },
    ]);
    return { value: result, error, logs };
  },
};

describe.each(Object.entries(executors))('%s', (_, run) => {
  it('gives what a program returns, as JSON would', async () => {
    expect((await run('return { a: 1, b: [2, "x"], when: new Date(0), none: undefined }', {})).value).toEqual({
      a: 1,
      b: [2, 'x'],
      when: '1970-01-01T00:00:00.000Z',
    });
    expect((await run('const x = await Promise.resolve(10); return x + 2', {})).value).toBe(12);
    expect(await run('const unused = 1', {})).toMatchObject({ value: undefined, error: undefined });
  });

  it('calls functions one after the other and together, with their input', async () => {
    const calls: unknown[] = [];
    const f_get = async (input: unknown) => {
      calls.push(input);
      await new Promise((resolve) => setImmediate(resolve));
      return { got: input };
    };
    const { value } = await run(
      `const a = await f_get({ path: '/a' });
       const more = await Promise.all([f_get({ path: '/b' }), f_get({ path: '/c' })]);
       return [a, ...more].map((one) => one.got.path);`,
      { f_get },
    );
    expect(value).toEqual(['/a', '/b', '/c']);
    expect(calls).toHaveLength(3);
  });

  it('throws what a function throws at its await', async () => {
    const f_fail = async () => {
      throw new TypeError('the service is away');
    };
    const caught = await run('try { await f_fail({}) } catch (error) { return error.message }', { f_fail });
    expect(caught.value).toBe('the service is away');
    expect((await run('return await f_fail({})', { f_fail })).error).toBe('the service is away');
  });

  it('gives the error of a program without its name, and of one that does not compile', async () => {
    expect((await run('throw new Error("boom")', {})).error).toBe('boom');
    expect((await run('return undefinedName', {})).error).toMatch(/undefinedName/);
    expect((await run('this is no program', {})).error).toBeTruthy();
  });

  it('collects the console, also of a program that fails', async () => {
    const { logs } = await run('console.log("a", 1); console.warn("b"); console.error("c"); throw 1', {});
    expect(logs[0]).toBe('a 1');
    expect(logs[1]).toMatch(/b$/);
    expect(logs[2]).toMatch(/c$/);
  });

  it('ends a program that computes for ever, or waits longer than its time', async () => {
    expect((await run('while (true) {}', {}, 1_000)).error).toMatch(/timed out after 1000 ms/);
    const f_never = () => new Promise<never>(() => {});
    expect((await run('return await f_never({})', { f_never }, 1_000)).error).toMatch(/timed out|1000/);
  });

  it('ends a program that needs too much memory, and the next one runs', async () => {
    expect((await run('return "x".repeat(64 * 1024 * 1024)', {})).error).toMatch(/memory limit/i);
    expect((await run('function f(n) { return 1 + f(n) } return f(1)', {})).error).toMatch(/stack/i);
    expect((await run('return 42', {})).value).toBe(42);
  });

  it('has nothing of the host: no process, no require, no network, and nothing of an earlier program', async () => {
    const { value } = await run(
      'globalThis.kept = 1; Object.prototype.leaked = 1; return [typeof process, typeof require]',
      {},
    );
    expect(value).toEqual(['undefined', 'undefined']);
    expect((await run('return [typeof kept, ({}).leaked === undefined]', {})).value).toEqual(['undefined', true]);
    expect(({} as { leaked?: unknown }).leaked).toBeUndefined();
    expect((await run('return (await fetch("http://127.0.0.1/")).status', {})).error).toMatch(/no capability/);
  });

  it('calls only what it was given, whatever a program writes', async () => {
    const calls: string[] = [];
    const f_known = async () => calls.push('known');
    for (const forged of ['f_secret({})', '$ext.tools.call("secret", {})', '$ext.tools.call("codemode", "secret")']) {
      const { error } = await run(`return await ${forged}`, { f_known });
      expect(error, forged).toBeTruthy();
    }
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const { error } = await run(`return await $ext.tools.call("${name}", "${name}")`, { f_known });
      expect(error, name).toBeTruthy();
    }
    expect(calls).toEqual([]);
  });

  it('takes TypeScript, and a program between fences', async () => {
    expect((await run('const n: number = 4; interface A { a: 1 } return n * 2 as number', {})).value).toBe(8);
  });

  it('passes nothing that is not data into a program', async () => {
    class Client {
      readonly url = 'https://x';
      readonly send = () => 1;
    }
    const f_client = async () => new Client();
    expect((await run('return await f_client({})', { f_client })).value).toEqual({ url: 'https://x' });
    const f_cycle = async () => {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      return cycle;
    };
    expect((await run('return await f_cycle({})', { f_cycle })).error).toMatch(/circular/i);
  });
});

describe('tanStackDriver', () => {
  it('is over after a time-out or a disposal, which waits for a program that runs', async () => {
    const context = await tanStackDriver(runtime).createContext({ bindings: {}, timeout: 1_000 });
    expect((await context.execute('while (true) {}')).error?.name).toBe('TimeoutError');
    expect((await context.execute('return 1')).error?.name).toBe('DisposedError');
    const other = await tanStackDriver(runtime).createContext({ bindings: {} });
    const running = other.execute('return 7');
    await other.dispose();
    expect(await running).toMatchObject({ success: true, value: 7 });
    expect((await other.execute('return 1')).error?.name).toBe('DisposedError');
  });

  it('takes a limit of memory below what a VM needs, and above what the runtime has', async () => {
    for (const memoryLimit of [1, 100_000]) {
      const context = await tanStackDriver(runtime).createContext({ bindings: {}, memoryLimit });
      expect(await context.execute('return 1'), String(memoryLimit)).toMatchObject({ success: true });
    }
  });
});

describe('mastraTransport', () => {
  it('tells calls and their ends, aborts by the signal, and refuses ids that become one name', async () => {
    const told: string[] = [];
    const transport = mastraTransport(runtime);
    const given = { timeout: 30_000, dispatch: async (tool: string) => tool };
    await transport.run({
      ...given,
      program: 'return await external_get_it({ a: 1 })',
      toolIds: ['get-it'],
      onExternalCall: (tool, args) => told.push(`${tool} ${JSON.stringify(args)}`),
      onExternalResult: (tool) => {
        told.push(tool);
        throw new Error('a listener that throws disturbs nothing');
      },
    });
    expect(told).toEqual(['get-it {"a":1}', 'get-it']);
    const aborted = await transport.run({
      ...{ ...given, program: 'return 1', toolIds: [], abortSignal: AbortSignal.abort() },
    });
    expect(aborted.success).toBe(false);
    await expect(transport.run({ ...given, program: '', toolIds: ['a-b', 'a_b'] })).rejects.toThrow(/external_a_b/);
  });
});

describe('cloudflareExecutor', () => {
  const run = (code: string, providers: Parameters<ReturnType<typeof cloudflareExecutor>['execute']>[1]) =>
    cloudflareExecutor(runtime).execute(code, providers);

  it('keeps bytes as they are, in positional arguments and results', async () => {
    const read = async (path: unknown, bytes: unknown) => [path, bytes instanceof Uint8Array, bytes];
    const { result } = await run(
      `async () => {
        const all = new Uint8Array([10, 20, 30, 40]);
        const [path, isBytes, bytes] = await state.read('/x', all.subarray(1, 3));
        return { path, isBytes, here: bytes instanceof Uint8Array, bytes: Array.from(bytes) };
      }`,
      [{ name: 'state', fns: { read } }],
    );
    expect(result).toEqual({ path: '/x', isBytes: true, here: true, bytes: [20, 30] });
  });

  it('has a name for each provider, and runs their preludes before the program', async () => {
    const { result, error } = await run('async () => [await a.f({}), await b.twice(4), await a["g-h"]?.({})]', [
      { name: 'a', fns: { f: async () => 1, 'g.h': async () => 2 } },
      { name: 'b', fns: { double: async (n) => Number(n) * 2 }, prelude: 'b.twice = async (n) => b.double(n);' },
    ]);
    expect(error).toMatch(/"g-h" not found/);
    expect(result).toBeUndefined();
    const well = await run('async () => [await a.g_h({}), await b.twice(4)]', [
      { name: 'a', fns: { 'g.h': async () => 2 } },
      { name: 'b', fns: { double: async (n) => Number(n) * 2 }, prelude: 'b.twice = async (n) => b.double(n);' },
    ]);
    expect(well.result).toEqual([2, 8]);
  });

  it('normalises expressions and fences, and takes functions without a provider', async () => {
    expect((await run('42', [])).result).toBe(42);
    expect((await run('```js\n1 + 1\n```', [])).result).toBe(2);
    expect((await run('async () => codemode.one()', { one: async () => 1 })).result).toBe(1);
  });

  it('never throws: names that are taken, twice there or the same, and connectors are errors', async () => {
    for (const [name, message] of [
      ['Promise', /"Promise" is reserved/],
      ['__x', /reserved/],
      ['$ext', /reserved/],
      ['a-b', /not a valid/],
    ] as const) {
      expect((await run('async () => 1', [{ name, fns: {} }])).error, name).toMatch(message);
    }
    const twice = await run('async () => 1', [
      { name: 'dup', fns: {} },
      { name: 'dup', fns: {} },
    ]);
    expect(twice.error).toMatch(/Duplicate/);
    const same = { 'foo-bar': async () => 1, foo_bar: async () => 2 };
    expect((await run('async () => 1', [{ name: 'codemode', fns: same }])).error).toMatch(/both sanitize to "foo_bar"/);
    const connected = await cloudflareExecutor(runtime).execute('async () => 1', [], { connectors: [{}] });
    expect(connected.error).toMatch(/Connectors/);
  });
});

describe('wrong options', () => {
  it('are refused where the adapter is made', () => {
    for (const adapter of [tanStackDriver, mastraTransport, cloudflareExecutor]) {
      expect(() => adapter({} as NexusRuntime)).toThrow(/what createRuntime returned/);
      expect(() => adapter(runtime, { timeout: 3 } as never)).toThrow(/timeoutMs/);
      expect(() => adapter(runtime, { timeoutMs: 0 })).toThrow(/options.timeoutMs/);
    }
  });

  it('of limits are told to whoever runs a program', async () => {
    const executor = cloudflareExecutor(runtime, { limits: { memoryLimitBytes: 1 } });
    expect((await executor.execute('async () => 1', [])).error).toMatch(/limits.memoryLimitBytes is 1/);
  });
});
