import {
  denied,
  notTransferable,
  outOfMemory,
  overLimit,
  success,
  TIMEOUT_MS,
  thrown,
  timeout,
} from '../lib/outcomes.mjs';

export const title = 'timers and requests';
export const quickStep = 2;

const CAPABILITIES = ['timer', 'net:GET:api.example.com', 'ext:*'];

/** To its end: the runtime answers what the program waits for. `api.example.com` answers with what it was asked, see `lib/session.mjs`. */
async function toItsEnd(runtime, { source, context, options }) {
  return runtime.run(source, context, { deadlineMs: 5_000, ...options });
}
export const ways = [toItsEnd];

function program(name, source, expect, capabilities = CAPABILITIES) {
  return { name, source, context: { capabilities }, expect: [expect].flat() };
}

function endless(name, source, expect) {
  return { ...program(name, source, expect), options: { timeoutMs: TIMEOUT_MS } };
}

/** The watchdog where the machine is too busy; that a loop is interrupted is a test of `test/guest/features/promises.test.ts`. */
const ENDED = [...timeout(['interrupt', 'jobs', 'watchdog']), outOfMemory()];
/** A fake AbortSignal. */
const SIGNAL = `const listeners = [];
  const signal = { aborted: false, reason: 'r', addEventListener: (_, f) => listeners.push(f), removeEventListener() {} };`;

const TIMERS = [
  program(
    'more timers than there may be',
    'for (let i = 0; i < 101; i++) setTimeout(() => {}, 1e6)',
    overLimit('maxTimers', 100),
  ),
  program('a wait that is too long', 'await $sleep(1e300)', overLimit('maxSleepMs', 2_592_000_000)),
  program('a wait for ever', 'await $sleep(Infinity)', overLimit('maxSleepMs', 2_592_000_000)),
  program(
    'delays that are no numbers',
    `const seen = []; for (const d of [NaN, -1e9, '0x1', {}, [], null, undefined, 2 ** 40, -Infinity]) await new Promise((r) => setTimeout(r, d)).then(() => seen.push(1)); return seen.length`,
    success(9, { logs: (logs) => logs.length === 1 }),
  ),
  program(
    'waits that are none',
    `let n = 0; for (const d of [NaN, '', 'x', '1y', {}, null, undefined, 5n, '9'.repeat(400) + 'd']) await $sleep(d).catch((e) => { n++ }); return n`,
    [success(8), overLimit('maxSleepMs', 2_592_000_000), success(9)],
  ),
  program(
    'clearing what was never set, and what others set',
    `const seen = [];
     const mine = setTimeout(() => seen.push('mine'), 5);
     for (const id of [0, -1, 1e9, NaN, '__proto__', 'constructor', {}, null, undefined, [99], mine + 1, Infinity]) { clearTimeout(id); clearInterval(id) }
     await $sleep(20);
     return seen`,
    success(['mine']),
  ),
  program(
    'clearing all that the runtime may have set',
    'let rang = 0; const s = $sleep(5).then(() => rang++); for (let i = 0; i < 5000; i++) clearTimeout(i); await s; return rang',
    success(1),
  ),
  program(
    'an id that is another each time it is read',
    'let n = 0; const id = { valueOf: () => n++ }; setTimeout(() => {}, 5); clearTimeout(id); return n',
    success(1),
  ),
  program(
    'a signal that aborts again and again, and timers beyond their count',
    `${SIGNAL}
     for (let i = 0; i < 50; i++) { $sleep(1e6, { signal }).catch(() => {}); for (const f of listeners) for (let k = 0; k < 5; k++) f() }
     for (let i = 0; i < 101; i++) setTimeout(() => {}, 1e6)`,
    overLimit('maxTimers', 100),
  ),
  program(
    'a signal that aborts what has rung',
    `${SIGNAL} await $sleep(1, { signal }); for (const f of listeners) f(); for (let i = 0; i < 101; i++) setTimeout(() => {}, 1e6)`,
    overLimit('maxTimers', 100),
  ),
  endless(
    'a signal that never says whether it is aborted',
    'await $sleep(1, { signal: { get aborted() { for (;;); } } })',
    ENDED,
  ),
  endless('a callback that never returns', 'setTimeout(() => { for (;;); }, 1); await $sleep(50)', ENDED),
  endless('a date that never ends', 'await $sleepUntil({ [Symbol.toPrimitive]() { for (;;); } })', [
    ...ENDED,
    thrown(/TypeError: \$sleepUntil takes/),
  ]),
  program(
    'a callback that throws',
    'setTimeout(() => { throw new Error("late") }, 1); await $sleep(20)',
    thrown(/Error: late/, { context: { unhandledRejections: 1 } }),
  ),
  program('code as text', 'setTimeout("for (;;);", 1)', thrown(/TypeError: .*code as text is not run/)),
  program('timers of timers', 'const f = () => setTimeout(f, 0); f(); await $sleep(1e6)', [
    overLimit('maxHostCalls', 10_000),
    { ...overLimit('deadlineMs', 5_000), code: 'TIMEOUT' },
  ]),
  program(
    'a clock that lies',
    `Date.now = () => 1e15; performance.now = () => -1e15; const before = new Date().getTime(); await $sleep(30); return new Date().getTime() - before >= 30`,
    success(true),
  ),
  endless('waits without end', 'for (;;) $sleep(1)', [...ENDED, overLimit('maxTimers', 100)]),
  program(
    'the call of a timer by hand',
    'await $ext.$timer.sleep(-1, 1e9)',
    thrown(/TypeError: There is no extension method \$ext.\$timer.sleep/),
  ),
  program('a timer without a right', 'await $sleep(1)', denied('timer:sleep'), []),
];

const REQUESTS = [
  program(
    'what is granted',
    "return (await fetch('https://api.example.com/a')).text()",
    success('GET https://api.example.com/a'),
  ),
  program('another host', "await fetch('https://evil.example/')", denied('net:GET:evil.example')),
  program(
    'another method',
    "await fetch('https://api.example.com/', { method: 'DELETE' })",
    denied('net:DELETE:api.example.com'),
  ),
  program(
    'hosts that look alike',
    `const seen = [];
     for (const u of ['https://api.example.com.evil.example/', 'https://api.example.com@evil.example/', 'https://evil.example#api.example.com', 'https://API.EXAMPLE.COM:444/', 'https://evil.example\\\\@api.example.com/'])
       await fetch(u).then(() => seen.push(u), (e) => seen.push(e.code))
     return seen`,
    // The second one has credentials in its URL, which is a TypeError.
    success(['PERMISSION_DENIED', undefined, 'PERMISSION_DENIED', 'PERMISSION_DENIED', 'PERMISSION_DENIED']),
  ),
  program(
    'a URL that becomes another',
    `let n = 0; const u = { toString: () => (n++ === 0 ? 'https://api.example.com/' : 'https://evil.example/') }; return [(await fetch(u)).url, n]`,
    success(['https://api.example.com/', 1]),
  ),
  program(
    'a method that becomes another',
    `let n = 0; const method = { toString: () => (n++ === 0 ? 'GET' : 'DELETE') }; return [await (await fetch('https://api.example.com/', { method })).text(), n]`,
    success(['GET https://api.example.com/', 1]),
  ),
  program(
    'a request that is changed on its way',
    `const r = new Request('https://api.example.com/a'); const p = fetch(r);
     Object.defineProperty(r, 'url', { value: 'https://evil.example/' }); Object.defineProperty(Request.prototype, 'url', { get: () => 'https://evil.example/' });
     return (await p).text()`,
    success('GET https://api.example.com/a'),
  ),
  program(
    'prototypes that ask for another host',
    `Object.defineProperty(Request.prototype, 'url', { get: () => 'https://evil.example/' }); Object.defineProperty(URL.prototype, 'host', { get: () => 'api.example.com' });
     return await fetch('https://evil.example/').then(() => 'made', (e) => e.code)`,
    // The guest's half believes its URL; the host does not, and drops the outcome.
    denied('net:GET:evil.example'),
  ),
  program(
    'an abort in a getter of the options',
    `const c = new AbortController(); const seen = [];
     await fetch('https://api.example.com/', { signal: c.signal, get headers() { c.abort(); return {} } }).catch((e) => seen.push(e.name));
     await fetch('https://api.example.com/', { get signal() { c.abort(); return c.signal } }).catch((e) => seen.push(e.name));
     return seen`,
    success(['AbortError', 'AbortError']),
  ),
  program(
    'a response that is made by hand',
    `const r = await fetch('https://api.example.com/'); Object.defineProperty(Response.prototype, 'ok', { get: () => false }); const forged = Object.create(Response.prototype);
     const seen = [r.ok]; await Response.prototype.text.call(forged).catch((e) => seen.push(e.name)); return seen`,
    success([false, 'TypeError']),
  ),
  program('a response as the result', "return fetch('https://api.example.com/')", notTransferable('returnValue')),
  endless(
    'headers without end',
    "await fetch('https://api.example.com/', { headers: { *[Symbol.iterator]() { for (;;) yield ['a', 'b'] } } })",
    ENDED,
  ),
  endless(
    'a body that never ends',
    "await fetch('https://api.example.com/', { method: 'POST', body: { toString() { for (;;); } } })",
    ENDED,
  ),
  endless(
    'requests without end, whose errors are caught',
    "for (;;) fetch('https://api.example.com/').catch(() => {})",
    [...ENDED, overLimit('maxHostCalls', 10_000)],
  ),
  endless('requests without end', "for (;;) fetch('https://api.example.com/')", [
    ...ENDED,
    overLimit('maxHostCalls', 10_000),
  ]),
  program(
    'the call of a request by hand',
    "await $ext.$net.fetch({ method: 'GET', url: 'file:///etc/passwd', headers: [], redirect: 'follow' })",
    thrown(/TypeError: There is no extension method \$ext.\$net.fetch/),
  ),
  program(
    'other schemes',
    `let n = 0; for (const u of ['file:///etc/passwd', 'data:text/plain,x', 'ftp://api.example.com/', 'javascript:1']) await fetch(u).catch(() => n++); return n`,
    success(4),
  ),
  program(
    'a line break in a header',
    `let n = 0; for (const h of [{ 'a\\r\\nb': 'c' }, { a: 'b\\r\\nhost: evil.example' }, { host: 'evil.example' }]) await fetch('https://api.example.com/', { headers: h }).catch(() => n++); return n`,
    success(3),
  ),
  program('a request without a right', "await fetch('https://api.example.com/')", denied('net:GET:api.example.com'), [
    'timer',
  ]),
];

export const programs = [...TIMERS, ...REQUESTS];
