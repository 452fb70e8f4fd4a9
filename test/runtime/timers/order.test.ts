import { beforeAll, describe, expect, it } from 'vitest';

import { createTestRuntime, type TestRuntime } from '#src/testing/index.js';

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await createTestRuntime();
  return () => runtime.shutdown();
});

/** Notes `name` when it runs, and what time it is then. */
const NOTE =
  'const begun = Date.now(); const seen = []; const note = (name) => seen.push(name + "@" + (Date.now() - begun));';

/** Programs, each with what they note: the name and the milliseconds since the beginning. */
const ORDERS: readonly [title: string, program: string, seen: string][] = [
  ['by their time', 'setTimeout(note, 20, "b"); setTimeout(note, 10, "a"); await $sleep(30)', 'a@10 b@20'],
  [
    'of one time, in the order in which they were set',
    'for (const n of "abcde") setTimeout(note, 5, n); await $sleep(9)',
    'a@5 b@5 c@5 d@5 e@5',
  ],
  [
    'microtasks before the next callback',
    'setTimeout(() => { note("a"); Promise.resolve().then(() => note("m")).then(() => note("n")) }, 1); setTimeout(note, 1, "b"); await $sleep(2)',
    'a@1 m@1 n@1 b@1',
  ],
  [
    'queueMicrotask before the next callback',
    'setTimeout(() => queueMicrotask(() => note("m")), 1); setTimeout(note, 1, "b"); await $sleep(2)',
    'm@1 b@1',
  ],
  [
    'a timer of 0 after all microtasks',
    'setTimeout(note, 0, "t"); Promise.resolve().then(() => note("m")); await null; note("s"); await $sleep(1)',
    'm@0 s@0 t@0',
  ],
  ['0 before 1', 'setTimeout(note, 1, "b"); setTimeout(note, 0, "a"); await $sleep(2)', 'a@0 b@1'],
  ['negative delays are 0', 'setTimeout(note, -5, "a"); setTimeout(note, -1e9, "b"); await $sleep(1)', 'a@0 b@0'],
  [
    'NaN, undefined, null and words are 0',
    'for (const d of [NaN, undefined, null, "x", {}, []]) setTimeout(note, d, "t"); await $sleep(1)',
    't@0 t@0 t@0 t@0 t@0 t@0',
  ],
  ['Infinity is 0', 'setTimeout(note, Infinity, "a"); setTimeout(note, -Infinity, "b"); await $sleep(1)', 'a@0 b@0'],
  [
    'what does not fit into 32 bits wraps',
    'setTimeout(note, 2 ** 32, "a"); setTimeout(note, 2 ** 32 + 5, "b"); setTimeout(note, 2 ** 31, "c"); await $sleep(9)',
    'a@0 c@0 b@5',
  ],
  ['fractions are cut', 'setTimeout(note, 1.9, "a"); setTimeout(note, 1, "b"); await $sleep(3)', 'a@1 b@1'],
  [
    'texts and objects are converted',
    'setTimeout(note, "7", "a"); setTimeout(note, { valueOf: () => 6 }, "b"); setTimeout(note, true, "c"); await $sleep(9)',
    'c@1 b@6 a@7',
  ],
  ['arguments are passed on', 'setTimeout((...args) => seen.push(args.join()), 1, 1, 2, 3); await $sleep(2)', '1,2,3'],
  ['this is globalThis', 'setTimeout(function () { seen.push(this === globalThis) }, 1); await $sleep(2)', 'true'],
  [
    'numbers from 1',
    'seen.push(setTimeout(() => {}, 1), setInterval(() => {}, 1), setTimeout(() => {}, 1)); clearInterval(seen[1])',
    '1 2 3',
  ],
  [
    'cleared before it rings',
    'const t = setTimeout(note, 5, "a"); setTimeout(() => clearTimeout(t), 4); await $sleep(9)',
    '',
  ],
  [
    'cleared by another of the same time',
    'let b; setTimeout(() => { note("a"); clearTimeout(b) }, 5); b = setTimeout(note, 5, "b"); setTimeout(note, 5, "c"); await $sleep(9)',
    'a@5 c@5',
  ],
  [
    'cleared twice, and what never was',
    'const t = setTimeout(note, 1, "a"); clearTimeout(t); clearTimeout(t); clearTimeout(99); clearTimeout(); clearTimeout("x"); clearTimeout(null); await $sleep(2); note("end")',
    'end@2',
  ],
  ['cleared after it rang', 'const t = setTimeout(note, 1, "a"); await $sleep(2); clearTimeout(t)', 'a@1'],
  [
    'clearInterval clears a timeout, clearTimeout an interval',
    'clearInterval(setTimeout(note, 1, "a")); clearTimeout(setInterval(note, 1, "b")); clearTimeout(String(setTimeout(note, 1, "c"))); await $sleep(5)',
    '',
  ],
  [
    'an interval',
    'const t = setInterval(note, 10, "i"); await $sleep(35); clearInterval(t); await $sleep(20)',
    'i@10 i@20 i@30',
  ],
  [
    'an interval that clears itself',
    'let n = 0; const t = setInterval(() => { note("i"); if (++n === 3) clearInterval(t) }, 4); await $sleep(50)',
    'i@4 i@8 i@12',
  ],
  [
    'an interval goes behind what its callback sets',
    'let n = 0; const t = setInterval(() => { note("i"); setTimeout(note, 3, "t"); if (++n === 2) clearInterval(t) }, 3); await $sleep(20)',
    'i@3 t@6 i@6 t@9',
  ],
  [
    'timers set by timers',
    'setTimeout(() => { note("a"); setTimeout(() => { note("b"); setTimeout(note, 1, "c") }, 1) }, 1); await $sleep(9)',
    'a@1 b@2 c@3',
  ],
  [
    'a callback that sets a timer of 0 runs behind the others',
    'setTimeout(() => setTimeout(note, 0, "z"), 1); setTimeout(note, 1, "b"); await $sleep(2)',
    'b@1 z@1',
  ],
  [
    '$sleep and setTimeout, by their time',
    'setTimeout(note, 2, "a"); $sleep(1).then(() => note("s")); $sleep(3).then(() => note("t")); await $sleep(9)',
    's@1 a@2 t@3',
  ],
  [
    '$sleep takes durations',
    'for (const d of ["1ms", "2s", "3m", "4h", "5d", "1w", "1.5s", "0.5 h"]) $sleep(d).then(() => note(d)); await $sleep("8d")',
    '1ms@1 1.5s@1500 2s@2000 3m@180000 0.5 h@1800000 4h@14400000 5d@432000000 1w@604800000',
  ],
  [
    '$sleepUntil takes dates',
    'await $sleepUntil(new Date(begun + 5)); note("d"); await $sleepUntil(begun + 7); note("n"); await $sleepUntil(new Date(begun + 9).toISOString()); note("t"); await $sleepUntil(0); note("p")',
    'd@5 n@7 t@9 p@9',
  ],
  ['scheduler.wait', 'await scheduler.wait(5); note("a")', 'a@5'],
  ['the loser of a race does not hold the handler', 'await Promise.race([$sleep(5), $sleep("20d")]); note("a")', 'a@5'],
  ['Promise.all waits for the longest', 'await Promise.all([$sleep(5), $sleep(9), $sleep(2)]); note("a")', 'a@9'],
  [
    'an async function is a callback',
    'setTimeout(async () => { await $sleep(2); note("a") }, 1); await $sleep(9)',
    'a@3',
  ],
];

describe('timers ring', () => {
  it.each(ORDERS)('%s', async (_, program, seen) => {
    const result = await runtime.runHandler(`${NOTE} ${program}; return seen.join(' ')`);
    expect(result).toMatchObject({ status: 'success', returnValue: seen });
  });

  it('after the handler has returned, as calls do that it made in its last segment', async () => {
    const handler = '$emit("a"); setTimeout(() => { $emit("b"); $state.x = 1 }, 5); return 7';
    const result = await runtime.runHandler(handler);
    expect(result).toMatchObject({ status: 'success', returnValue: 7, state: { x: 1 } });
    expect(result.events.map(({ name }) => name)).toEqual(['a', 'b']);
    // It was set in a segment before the last one.
    const left = await runtime.runHandler('setTimeout(() => $emit("late"), 50); await $sleep(5); return 7');
    expect(left).toMatchObject({ status: 'success', returnValue: 7, events: [] });
    expect(left.unawaitedCalls).toBeUndefined();
  });

  it('without a warning, but for delays that do not fit', async () => {
    const { logs } = await runtime.runHandler('setTimeout(() => {}, 2_592_000_000); setTimeout(() => {}, 5)');
    expect(logs).toEqual([{ level: 'warn', message: expect.stringContaining('2592000000 does not fit') }]);
  });
});

/** Programs that end with an error. */
const ERRORS: readonly [title: string, program: string, error: object][] = [
  [
    'a callback that throws',
    'setTimeout(() => { throw new RangeError("late") }, 1); return 1',
    {
      code: 'EXECUTION_ERROR',
      name: 'RangeError',
      message: 'A promise was rejected and not handled: RangeError: late',
    },
  ],
  [
    'of several, the first',
    'setTimeout(() => { throw new Error("a") }, 1); setTimeout(() => { throw new Error("b") }, 1)',
    { message: 'A promise was rejected and not handled: Error: a', context: { unhandledRejections: 2 } },
  ],
  [
    'a callback that rejects',
    'setTimeout(async () => { throw new Error("r") }, 1)',
    { message: 'A promise was rejected and not handled: Error: r' },
  ],
  [
    'code as text',
    'setTimeout("return 1", 5)',
    { name: 'TypeError', message: expect.stringContaining('code as text is not run') },
  ],
  [
    'no callback',
    'setInterval()',
    { name: 'TypeError', message: expect.stringContaining('first argument of setInterval') },
  ],
  ['$sleep of no number', 'await $sleep(NaN)', { name: 'TypeError', message: expect.stringContaining('this is NaN') }],
  ['$sleep of nothing', 'await $sleep()', { name: 'TypeError', message: expect.stringContaining('this is undefined') }],
  [
    '$sleep of a unit that does not exist',
    'await $sleep("3 dayz")',
    { name: 'TypeError', message: expect.stringContaining('this is "3 dayz"') },
  ],
  ['$sleep of a unit alone', 'await $sleep("d")', { name: 'TypeError' }],
  ['$sleep of two points', 'await $sleep("1.2.3s")', { name: 'TypeError' }],
  [
    '$sleepUntil of no date',
    'await $sleepUntil("soon")',
    { name: 'TypeError', message: expect.stringContaining('this is "soon"') },
  ],
  ['$sleepUntil of an invalid Date', 'await $sleepUntil(new Date(NaN))', { name: 'TypeError' }],
  [
    'too long',
    'await $sleep("31d")',
    { code: 'RESOURCE_LIMIT', context: { limit: 'maxSleepMs', value: 2_592_000_000 } },
  ],
  ['for ever', 'await $sleep(Infinity)', { code: 'RESOURCE_LIMIT', context: { limit: 'maxSleepMs' } }],
  [
    'too many',
    'for (let i = 0; i < 101; i++) setTimeout(() => {}, 1)',
    { code: 'RESOURCE_LIMIT', context: { limit: 'maxTimers', value: 100 } },
  ],
  [
    'too many, sleeping',
    'await Promise.all(Array.from({ length: 101 }, () => $sleep(1)))',
    { code: 'RESOURCE_LIMIT', context: { limit: 'maxTimers' } },
  ],
  [
    'a reserved extension',
    'await $ext.$timer.sleep(5, 0)',
    { name: 'TypeError', message: expect.stringContaining('belongs to the runtime') },
  ],
  [
    'a getter of what is returned',
    'return { get x() { setTimeout(() => {}, 1) } }',
    { message: expect.stringContaining('setTimeout is called while') },
  ],
];

describe('an error comes of', () => {
  it.each(ERRORS)('%s', async (_, program, error) => {
    const result = await runtime.runHandler(program);
    expect(result.error).toMatchObject(error);
  });
});

describe('timers that are set at the same time', () => {
  it('are counted, and those that rang or were cleared are not', async () => {
    const handler = `
      for (let round = 0; round < 5; round++) {
        const ids = Array.from({ length: 60 }, () => setTimeout(() => {}, 1));
        for (let i = 0; i < 30; i++) clearTimeout(ids[i]);
        await $sleep(2);
      }
      return Array.from({ length: 100 }, () => setTimeout(() => {}, 1)).length`;
    expect(await runtime.runHandler(handler)).toMatchObject({ status: 'success', returnValue: 100 });
  });

  it('need the capability', async () => {
    const result = await runtime.runHandler('$state.x = 1; await $sleep(1)', { capabilities: ['state:write:x'] });
    expect(result.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'timer:sleep' } });
    for (const capabilities of [['timer'], ['timer:*'], ['timer:sleep'], ['timer:s*'], 'inferred'] as const) {
      expect(await runtime.runHandler('await $sleep(1)', { capabilities })).toMatchObject({ status: 'success' });
    }
  });
});
