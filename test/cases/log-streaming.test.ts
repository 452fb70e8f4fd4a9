import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type LogEntry, type LogEvent, type NexusRuntime } from '#src/index.js';

const events: LogEvent[] = [];
let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    observer: { onLog: (event) => events.push(event) },
  });
});
afterAll(() => runtime.shutdown());

const messages = (lines: readonly LogEntry[]) => lines.map(({ message }) => message);

/** Computes until it was told that a line of it has come, or for ten seconds. */
const BUSY =
  "for (let i = 0; i < 20; i++) { $log('line ' + i); const end = Date.now() + 20; while (Date.now() < end); }";

/** Only ending its thread ends it. */
const NATIVE_LOOP = 'const a = "a".repeat(3e6) + "b"; return ("a".repeat(6e6)).indexOf(a)';

describe('lines of log', () => {
  it('come while the handler computes, and all once in the result', async () => {
    const told: LogEntry[] = [];
    let isOver = false;
    const early: boolean[] = [];
    const result = await runtime
      .run(
        BUSY,
        {},
        {
          onLog: (entry) => {
            told.push(entry);
            early.push(!isOver);
          },
          timeoutMs: 20_000,
        },
      )
      .finally(() => {
        isOver = true;
      });
    expect(messages(result.logs)).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i}`));
    expect(told).toEqual(result.logs);
    expect(early.every(Boolean)).toBe(true);
  });

  it('come before the handler has ended', async () => {
    let onFirst = () => {};
    const first = new Promise<void>((resolve) => {
      onFirst = resolve;
    });
    const stop = new AbortController();
    const running = runtime.run(
      "$log('begun'); for (;;) { Math.sqrt(2) }",
      {},
      {
        onLog: () => onFirst(),
        timeoutMs: 60_000,
        signal: stop.signal,
      },
    );
    await first;
    stop.abort();
    expect((await running).error?.code).toBe('CANCELLED');
  });

  it('come at each await, in the order of all segments', async () => {
    const told: string[] = [];
    const result = await runtime.run(
      "$log('a'); await $ext.a.ok(); console.log('b', { c: 1 }); await $ext.a.ok(); $log.warn('d')",
      { capabilities: ['ext:a'] },
      {
        extensions: {
          a: {
            ok: () => {
              told.push('call');
            },
          },
        },
        onLog: ({ level, message }) => {
          told.push(`${level} ${message}`);
        },
      },
    );
    expect(result.error).toBeUndefined();
    expect(told).toEqual(['info a', 'call', 'info b { c: 1 }', 'call', 'warn d']);
    expect(messages(result.logs)).toEqual(['a', 'b { c: 1 }', 'd']);
  });

  it('are told to the observer, with whose they are', async () => {
    events.length = 0;
    await runtime.executeHandler("$log('x')", { handlerName: 'h' }, { tenant: 't' });
    expect(events).toEqual([{ level: 'info', message: 'x', handlerName: 'h', tenant: 't' }]);
  });

  it('are in the result, too, when the outcome is lost with its worker', async () => {
    const told: LogEntry[] = [];
    const source =
      "$log('kept'); const end = Date.now() + 200; while (Date.now() < end); 'x'.repeat(2 ** 28).split('').sort()";
    const { error, logs } = await runtime.run(source, {}, { onLog: (entry) => told.push(entry), timeoutMs: 2_000 });
    expect(error).toBeDefined();
    expect(messages(logs)).toEqual(['kept']);
    expect(told).toEqual(logs);
  });

  it.each([
    ['ended by the watchdog', NATIVE_LOOP, {}, { code: 'TIMEOUT', context: { layer: 'watchdog' } }],
    ['after a suspension', `await $ext.a.ok(); ${NATIVE_LOOP}`, {}, { context: { layer: 'watchdog' } }],
    ['out of time', 'for (;;) Math.sqrt(2)', {}, { code: 'TIMEOUT', context: { layer: 'interrupt' } }],
    ['too large', "return 'x'.repeat(1_000_000)", { maxResultBytes: 10_000 }, { code: 'RESOURCE_LIMIT' }],
    ['over a limit', "$emit('x', 1); return 1", { maxEvents: 0 }, { code: 'RESOURCE_LIMIT' }],
  ])('are all in the result that is an error: %s', async (_what, ending, limits, expected) => {
    const told: LogEntry[] = [];
    const source = `${BUSY} ${ending}`;
    const { error, logs } = await runtime.run(
      source,
      { capabilities: ['ext:a', 'events:emit:*'] },
      { extensions: { a: { ok: () => 1 } }, onLog: (entry) => told.push(entry), timeoutMs: 1_500, limits },
    );
    expect(error).toMatchObject(expected);
    expect(messages(logs).slice(0, 5)).toEqual(['line 0', 'line 1', 'line 2', 'line 3', 'line 4']);
    expect(told).toEqual(logs);
    expect(new Set(messages(logs)).size).toBe(logs.length);
  });

  it('that were told are in the result when the handler is executed again and ends before', async () => {
    const told: LogEntry[] = [];
    // The change is noticed at the end, and the handler executed again to find its line.
    const source = `$state.kept.n = 1; const first = Date.now(); ${BUSY} return 1`;
    const { error, logs } = await runtime.run(
      source,
      { capabilities: ['state:read:*'], stateSnapshot: { kept: { n: 0 } } },
      { onLog: (entry) => told.push(entry), timeoutMs: 20_000 },
    );
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', location: { line: 1 } });
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual(logs);
  });

  it('come once when the handler is begun again for a global that it does not name', async () => {
    const told: LogEntry[] = [];
    const source = `${BUSY} globalThis['U' + 'RL']; $log('end')`;
    const { logs } = await runtime.run(source, {}, { onLog: (entry) => told.push(entry), timeoutMs: 20_000 });
    expect(logs).toHaveLength(21);
    expect(told).toEqual(logs);
  });

  it('that are more than fit into the ring come all the same, in order', async () => {
    const told: LogEntry[] = [];
    const source =
      "for (let i = 0; i < 5_000; i++) $log(i + 'x'.repeat(40)); const end = Date.now() + 300; while (Date.now() < end);";
    const large = await createRuntime({ cacheDir: false, maxInstances: 1, maxLogBytes: 1_000_000 });
    const { logs, error } = await large.run(source, {}, { onLog: (entry) => told.push(entry), timeoutMs: 20_000 });
    await large.shutdown();
    expect(error).toBeUndefined();
    expect(logs).toHaveLength(5_000);
    expect(told).toEqual(logs);
  });

  it('go on coming when a listener throws', async () => {
    const told: string[] = [];
    const result = await runtime.run(
      "$log('a'); $log('b')",
      {},
      {
        onLog: ({ message }) => {
          told.push(message);
          throw new Error('listener');
        },
      },
    );
    expect(result.status).toBe('success');
    expect(told).toEqual(['a', 'b']);
  });

  it('are told to a function and to nothing else', async () => {
    await expect(runtime.run('return 1', {}, { onLog: 5 as never })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
