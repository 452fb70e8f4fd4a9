import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

/** Whatever is done with one of these may throw. */
const UNREADABLE = {
  'a revoked proxy': '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()',
  'a revoked proxy of a function':
    '(() => { const { proxy, revoke } = Proxy.revocable(() => 1, {}); revoke(); return proxy })()',
  'a proxy all of whose traps throw': "new Proxy({ a: 1 }, new Proxy({}, { get() { throw new Error('trap') } }))",
  ...Object.fromEntries(
    ['get', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf'].map((trap) => [
      `a proxy whose trap ${trap} throws`,
      `new Proxy({ a: 1 }, { ${trap}() { throw new Error('trap') } })`,
    ]),
  ),
  'a proxy that answers nonsense': 'new Proxy([1], { ownKeys: () => 5, get: () => Symbol() })',
  'a proxy whose prototypes never end': '(() => { const p = new Proxy({}, { getPrototypeOf: () => p }); return p })()',
  'getters that throw': '({ get a() { throw 1 }, get toString() { throw 2 }, get toJSON() { throw 3 } })',
  'a tag that throws': '({ get [Symbol.toStringTag]() { throw 1 } })',
  'a class whose name throws': '(class { static get name() { throw 1 } })',
  'an error without readable texts':
    "Object.defineProperties(new Error('x'), { message: { get() { throw 1 } }, stack: { get() { throw 2 } } })",
  'conversions that throw':
    '({ toString() { throw 1 }, valueOf() { throw 2 }, toJSON() { throw 3 }, [Symbol.toPrimitive]() { throw 4 } })',
  'a list whose item throws': 'Object.defineProperty([1], 0, { get() { throw 1 } })',
  'an object without a prototype': 'Object.create(null)',
  'a symbol': 'Symbol("s")',
};

const USES = [
  'console.log(it)',
  'console.log("x", [it], { it })',
  'console.log(new Map([[it, it]]), new Set([it]))',
  ...['s', 'd', 'i', 'f', 'j', 'o', 'O', 'c'].map((code) => `console.log("%${code} %${code}", it, it)`),
  'console.error(it)',
  'console.dir(it, it)',
  'console.table(it, it)',
  'console.table([it, { it }], [it])',
  'console.group(it)',
  'console.groupEnd(it)',
  'console.time(it)',
  'console.timeLog(it, it)',
  'console.timeEnd(it)',
  'console.count(it)',
  'console.countReset(it)',
  'console.assert(false, it)',
  'console.assert(it, it)',
  'console.trace(it)',
  'console.dirxml(it)',
  '$log(it)',
  '$log.warn([it])',
];

describe('nothing that is written ends the handler', () => {
  it.each(Object.entries(UNREADABLE))('%s', async (_what, expression) => {
    const source = `const it = ${expression};\n${USES.map((use) => `${use};`).join('\n')}\nreturn 'went on'`;
    const { error, returnValue, logs } = await runtime.executeHandler(source);
    expect(error).toBeUndefined();
    expect(returnValue).toBe('went on');
    for (const { message } of logs) expect(message.length).toBeLessThan(10_000);
  });

  it('and what cannot be read says so', async () => {
    const source = `
      const { proxy, revoke } = Proxy.revocable({}, {}); revoke();
      console.log(proxy);
      console.log({ a: [proxy, 1] }, 2);
      console.log([new Proxy({}, { ownKeys() { throw 1 } }), { b: 1 }]);
      console.log('%s|%d|%j', proxy, proxy, proxy);`;
    const { logs } = await runtime.executeHandler(source);
    expect(logs.map(({ message }) => message)).toEqual([
      '<Revoked Proxy>',
      '{ a: [ <Revoked Proxy>, 1 ] } 2',
      '[ [Unreadable object], { b: 1 } ]',
      '<Revoked Proxy>|<Revoked Proxy>|<Revoked Proxy>',
    ]);
  });

  it('but the limit of the log and the time of the handler do', async () => {
    const full = await runtime.executeHandler("for (;;) console.log('x'.repeat(100))", undefined, {
      limits: { maxLogBytes: 1_000 },
      onLogOverflow: 'error',
    });
    expect(full.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxLogBytes' } });
    const late = await runtime.executeHandler(
      'console.log(new Proxy({}, { ownKeys() { for (;;); } })); return 1',
      undefined,
      { timeoutMs: 200 },
    );
    expect(late.error).toMatchObject({ code: 'TIMEOUT', location: { line: 1 } });
  });
});
