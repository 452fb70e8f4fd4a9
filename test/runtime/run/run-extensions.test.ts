import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

import { ANYTHING } from '../../suspension/resume-helpers.js';
import { aborted, call, hanging, messageOf } from './extensions.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2, killGraceMs: 50 });
});
afterAll(() => runtime.shutdown());

describe('an extension that', () => {
  const code = 'try { return await $ext.a.b() } catch (e) { return [e.name, e.message, e.code] }';

  it('throws is an error at the await', async () => {
    const error = Object.assign(new RangeError('not so far'), { code: 'EFAR' });
    const b = () => {
      throw error;
    };
    expect((await runtime.run(code, ANYTHING, { extensions: { a: { b } } })).returnValue).toEqual([
      'RangeError',
      'not so far',
      'EFAR',
    ]);
    const uncaught = await runtime.run('\nawait $ext.a.b()', ANYTHING, { extensions: { a: { b } } });
    expect(uncaught.error).toMatchObject({ message: 'RangeError: not so far', location: { line: 2 } });
  });

  it('throws what cannot enter the VM is an error of its name and message', async () => {
    const b = () => Promise.reject(Object.assign(new TypeError('refused'), { request: { retry: () => 1 } }));
    const result = await runtime.run(code, ANYTHING, { extensions: { a: { b } } });
    expect(result.returnValue).toEqual(['TypeError', 'refused', undefined]);
  });

  it('throws more than can enter the VM keeps what can: name, message, code and cause', async () => {
    const error: Error = Object.assign(new RangeError('refused'), {
      code: 'ECONNREFUSED',
      port: 80,
      request: new (class ClientRequest {})(),
    });
    error.cause = { host: 'a' };
    Object.assign(error, { self: error });
    const extensions = { a: { b: () => Promise.reject(error), c: () => 'fine' } };
    const result = await runtime.run(
      'const [b, c] = await Promise.allSettled([$ext.a.b(), $ext.a.c()]); const e = b.reason; return [e.name, e.message, e.code, e.cause, e.port, e.request, e.self, e.dropped, c.value]',
      ANYTHING,
      { extensions },
    );
    expect(result.returnValue).toEqual([
      'RangeError',
      'refused',
      'ECONNREFUSED',
      { host: 'a' },
      80,
      undefined,
      undefined,
      ['request', 'self'],
      'fine',
    ]);
  });

  it.each([
    ['that all can cross', 1_000, {}],
    ['one of which cannot cross', 50, { request: () => 1 }],
  ])('throws an error with very many fields, %s, has some of them, and says how many there were', async (_, kept, more) => {
    const fields = Array.from({ length: 20_000 }, (_, i) => [`field${i}`, i] as const);
    const error = Object.assign(new Error('refused'), more, Object.fromEntries(fields), { code: 'ELAST' });
    const handler =
      'try { await $ext.a.b() } catch (e) { const { dropped, ...fields } = e; return [e.message, e.code, Object.keys(fields).length, dropped] }';
    const capabilities = { capabilities: ['ext:*'] } as const;
    const ran = await runtime.run(handler, capabilities, { extensions: { a: { b: () => Promise.reject(error) } } });
    const [message, code, count, dropped] = ran.returnValue as [string, string, number, string[]];
    expect([message, code]).toEqual(['refused', 'ELAST']);
    expect(count).toBeGreaterThanOrEqual(kept);
    expect(count).toBeLessThanOrEqual(kept + 2);
    expect(dropped).toContain(`field${kept}`);
    expect(dropped.at(-1)).toMatch(/^… \d+ more$/);
    expect(dropped.length).toBeLessThanOrEqual(52);
    const named = dropped.filter((name) => name.startsWith('field')).length;
    const others = Number(/\d+/.exec(dropped.at(-1) as string)?.[0]);
    // Each field is there, named, or counted.
    expect(Math.abs(count + named + others - 20_001 - Object.keys(more).length)).toBeLessThanOrEqual(1);
  });

  it('answers with what can enter alone, and not with the others, is answered after them', async () => {
    const extensions = { a: { b: (name: string) => name.repeat(3_000) } };
    const result = await runtime.run(
      'const all = await Promise.all(["a", "b", "c"].map((name) => $ext.a.b(name))); return all.map((text) => [text[0], text.length])',
      ANYTHING,
      { extensions, limits: { maxContextBytes: 4_000 } },
    );
    expect(result.returnValue).toEqual(['a', 'b', 'c'].map((name) => [name, 3_000]));
  });

  it('throws an endless message is an error with the beginning of it', async () => {
    const b = () => Promise.reject(new Error('x'.repeat(100_000)));
    const result = await runtime.run('try { await $ext.a.b() } catch (e) { return e.message.slice(0, 3) }', ANYTHING, {
      extensions: { a: { b } },
      limits: { maxContextBytes: 50_000 },
    });
    expect(result.returnValue).toBe('xxx');
  });

  it('answers with a function is a TypeError at the await, and harms no other answer', async () => {
    const extensions = { a: { b: () => ({ f: () => 1 }), c: () => 'fine' } };
    const result = await runtime.run(
      'const [b, c] = await Promise.allSettled([$ext.a.b(), $ext.a.c()]); return [b.reason?.name, b.reason?.message, c.value]',
      ANYTHING,
      { extensions },
    );
    expect(result.returnValue).toEqual([
      'TypeError',
      expect.stringMatching(/^The answer of \$ext\.a\.b cannot enter the VM: value\.f /),
      'fine',
    ]);
  });

  it('answers with too much is a TypeError at the await', async () => {
    const result = await runtime.run(code, ANYTHING, {
      extensions: { a: { b: () => 'x'.repeat(5_000) } },
      limits: { maxContextBytes: 4_000 },
    });
    expect(result.returnValue).toEqual(['TypeError', expect.stringContaining('maxContextBytes'), undefined]);
  });

  it('is missing is an error at the line of the call', async () => {
    const extensions = {
      a: { b: 5, c: () => 1 },
      inherited: Object.create({ b: () => 'found' }) as object,
    };
    const { error } = await runtime.run('\n\nawait $ext.a.b()', ANYTHING, { extensions });
    expect(error).toMatchObject({ message: expect.stringContaining('$ext.a.b'), location: { line: 3 } });
    expect((await runtime.run('await $ext.toString.call()', ANYTHING, { extensions })).status).toBe('error');
    expect((await runtime.run('return $ext.inherited.b()', ANYTHING, { extensions })).returnValue).toBe('found');
  });

  it.each([
    'constructor',
    'toString',
    'valueOf',
    '__defineGetter__',
    '__lookupGetter__',
    'hasOwnProperty',
    'call',
  ])('has only what every object has is not called by it: %s', async (method) => {
    // The host is not asked which there are: it must see that for itself.
    const context = { ...ANYTHING, extensionRegistry: { a: [method] } };
    const call = `return (await $ext.a[${JSON.stringify(method)}]("b")) + 1`;
    for (const extension of [
      { b: () => 1 },
      new (class Service {
        b() {}
      })(),
    ]) {
      const { error } = await runtime.run(call, context, { extensions: { a: extension } });
      expect(error?.message).toContain(`There is no extension method $ext.a.${method}`);
    }
  });

  it('does not answer within callTimeoutMs is a TimeoutError at the await, and is told', async () => {
    const { told, extensions } = hanging();
    const result = await runtime.run(code, ANYTHING, { extensions, callTimeoutMs: 30 });
    expect(result.returnValue).toEqual(['TimeoutError', expect.stringContaining('callTimeoutMs (30 ms)'), undefined]);
    expect(messageOf(await told[0])).toContain('callTimeoutMs');
  });

  it('is an instance of a class finds its own as this', async () => {
    class Counter {
      count = 5;
      next() {
        return ++this.count;
      }
    }
    const counter = new Counter();
    const extensions = { counter: counter };
    expect((await runtime.run('return $ext.counter.next()', ANYTHING, { extensions })).returnValue).toBe(6);
  });

  it('keeps its state, private fields included', async () => {
    class Counter {
      count = 0;
      #secret = 0;
      next() {
        return [++this.count, ++this.#secret];
      }
    }
    const counter = new Counter();
    const code = 'await $ext.counter.next(); return $ext.counter.next()';
    expect((await runtime.run(code, ANYTHING, { extensions: { counter } })).returnValue).toEqual([2, 2]);
    expect(counter.count).toBe(2);
  });

  it('is an instance of a class of Node.js has the methods of that', async () => {
    const extensions = { map: new Map([['k', 1]]) };
    expect((await runtime.run('return $ext.map.get("k")', ANYTHING, { extensions })).returnValue).toBe(1);
  });

  it('hides a method of its class has none of that name', async () => {
    class Service {
      open() {
        return 'class';
      }
    }
    const service = Object.defineProperty(new Service(), 'open', { get: () => () => 'accessor' });
    const context = { ...ANYTHING, extensionRegistry: { service: ['open'] } };
    const { error } = await runtime.run('await $ext.service.open()', context, { extensions: { service } });
    expect(error?.message).toContain('There is no extension method $ext.service.open');
  });

  it('needs a capability like any other', async () => {
    let called = false;
    const extensions = {
      a: {
        b: () => {
          called = true;
        },
      },
    };
    const result = await runtime.run('await $ext.a.b()', { capabilities: ['ext:a.c'] }, { extensions });
    expect(result.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'ext:a.b' } });
    expect(called).toBe(false);
  });
});

describe('currentCall in an extension', () => {
  it('has a key for each call of each run, and of no other', async () => {
    const keys: string[] = [];
    const extensions = {
      a: {
        b() {
          keys.push(call().key);
        },
      },
    };
    const code = 'await Promise.all([$ext.a.b(), $ext.a.b()]); await $ext.a.b(); $ext.a.b()';
    await Promise.all([1, 2].map(() => runtime.run(code, ANYTHING, { extensions })));
    expect(keys).toHaveLength(8);
    expect(new Set(keys).size).toBe(8);
    expect(new Set(keys.map((key) => key.split(':')[0])).size).toBe(2);
    expect([...new Set(keys.map((key) => key.split(':')[1]))].sort()).toEqual(['c1', 'c2', 'c3', 'c4']);
  });

  it('has a signal that fires when the handler has ended without the answer', async () => {
    const told: Promise<unknown>[] = [];
    const extensions = {
      a: {
        slow() {
          const reason = aborted(call().signal);
          told.push(reason);
          return reason.then(() => 'late');
        },
        fast: () => 'fast',
      },
    };
    const code = 'await Promise.race([$ext.a.slow(), $ext.a.fast()]); throw new Error("over")';
    const result = await runtime.run(code, ANYTHING, { extensions, callTimeoutMs: 100 });
    expect(result.error?.message).toBe('Error: over');
    expect(told).toHaveLength(1);
    await Promise.all(told);
  });
});
