import { outOfMemory, stackOverflow, success, TIMEOUT_MS, thrown, timeout } from '../lib/outcomes.mjs';
import { COLD_AND_HOT, ONCE } from '../lib/ways.mjs';

export const title = 'globals of the web';
export const ways = COLD_AND_HOT;

const context = { capabilities: ['events:emit:*'] };

function web(name, source, expect) {
  return { name, source, context, expect };
}

/** With a timeout that it is meant to run into, or with a memory that it is meant to use up. */
function endless(name, source, expect) {
  return { ...web(name, source, expect), options: { timeoutMs: TIMEOUT_MS }, ways: ONCE };
}

const ENDED = timeout(['interrupt', 'jobs', 'watchdog']);

const ENDLESS = [
  endless(
    'microtasks that queue themselves',
    'const f = () => queueMicrotask(f); f(); return 1',
    timeout(['jobs', 'interrupt']),
  ),
  endless('microtasks without end', 'for (;;) queueMicrotask(() => {})', [...ENDED, outOfMemory()]),
  endless('a microtask that loops', 'queueMicrotask(() => { for (;;); }); return 1', timeout()),
  endless('a clone of a getter that loops', 'structuredClone({ get x() { for (;;); } })', timeout()),
  endless('decoding 8 MB', 'for (;;) new TextDecoder().decode(new Uint8Array(8e6))', [...ENDED, outOfMemory()]),
  endless('encoding 5 MB', 'for (;;) new TextEncoder().encode("é".repeat(5e6))', [...ENDED, outOfMemory()]),
  endless('base64 of 4 MB', 'for (;;) atob("A".repeat(4e6))', [...ENDED, outOfMemory()]),
  endless('parameters without end', 'const p = new URLSearchParams(); for (let i = 0; ; i++) p.append("k" + i, i)', [
    ...ENDED,
    outOfMemory(),
  ]),
  endless('a host of 5 MB', 'for (;;) new URL("http://" + "a".repeat(5e6))', [
    ...ENDED,
    outOfMemory(),
    thrown(/^TypeError: /, { context: () => true }),
  ]),
  endless('random numbers without end', 'const a = new Uint8Array(65_536); for (;;) crypto.getRandomValues(a)', ENDED),
  endless('random names without end', 'for (;;) crypto.randomUUID()', ENDED),
  endless('performance.now in a loop', 'while (performance.now() >= 0);', timeout()),
];

const LIMITS = [
  web(
    'an error in a microtask',
    'queueMicrotask(() => { throw new Error("late") }); return 1',
    thrown(/Error: late/, { context: { unhandledRejections: 1 } }),
  ),
  web(
    'no function in a microtask',
    'try { queueMicrotask("return 1") } catch (error) { return error.name }',
    success('TypeError'),
  ),
  web(
    'a clone nested 100,000 deep',
    'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; structuredClone(a)',
    stackOverflow(),
  ),
  web(
    'a clone of a cycle',
    'const o = {}; o.o = o; const c = structuredClone(o); return [c !== o, c.o === c]',
    success([true, true]),
  ),
  web(
    'a clone of a function',
    'try { structuredClone({ f() {} }) } catch (error) { return error.name }',
    success('DataCloneError'),
  ),
  web(
    'a clone of __proto__',
    'const c = structuredClone(JSON.parse(\'{"__proto__":{"polluted":1}}\')); return [c.polluted, {}.polluted, Object.keys(c)]',
    success([undefined, undefined, ['__proto__']]),
  ),
  web(
    'more random bytes than there may be',
    'try { crypto.getRandomValues(new Uint8Array(65_537)) } catch (error) { return error.name }',
    success('QuotaExceededError'),
  ),
  web(
    'random values into what is no array of integers',
    'let n = 0; for (const a of [[], {}, null, new Float64Array(1), new DataView(new ArrayBuffer(1)), "x"]) try { crypto.getRandomValues(a) } catch { n++ } return n',
    success(6),
  ),
  web(
    'no URL',
    'let n = 0; for (const u of ["", "//", "http://", "http://[", "http://a:99999", "http://%00", "\\0", {}]) try { new URL(u) } catch { n++ } return n',
    success(8),
  ),
  web(
    'no base64',
    'let n = 0; for (const t of ["a", "a===", "\\u1234", "*"]) try { atob(t) } catch { n++ } try { btoa("\\u1234") } catch { n++ } return n',
    success(5),
  ),
];

/** A global that the source does not name is found all the same, and the handler executed with it as if it had been there. */
const BY_ANOTHER_NAME = [
  web(
    'a global under a name that was put together',
    '$emit("once"); return globalThis["U" + "RL"].name',
    success('URL', { events: [{ name: 'once', payload: undefined }] }),
  ),
  web(
    'one after the other',
    'let n = 0; for (const name of ["ato", "bto", "TextEncode", "UR", "structuredClon", "crypt"]) { $emit(name); for (const end of "abrLeo") if (globalThis[name + end] !== undefined) n++ } return n',
    success(6, { events: (events) => events.length === 6 }),
  ),
  web(
    'caught on the way',
    'try { const found = globalThis["cryp" + "to"]; if (found === undefined) return "none" } catch { return "caught" } return "found"',
    success('found'),
  ),
  web(
    'in a promise, caught on the way',
    'const look = async () => globalThis["struct" + "uredClone"]; return (await look().catch(() => undefined)) === undefined',
    success(false),
  ),
  web(
    'all descriptors of the global object',
    'return Object.keys(Object.getOwnPropertyDescriptors(globalThis)).includes("$emit")',
    success((value) => typeof value === 'boolean'),
  ),
  web(
    'deleted, replaced and looked for',
    'delete globalThis.URL; globalThis.atob = () => "mine"; return [typeof URL, atob("")]',
    success(['undefined', 'mine']),
  ),
  web(
    'none that there should not be',
    'return ["pro" + "cess", "req" + "uire", "Web" + "Assembly"].filter((name) => name in globalThis)',
    success([]),
  ),
];

const TAMPERED = [
  web(
    'crypto’s randomness cannot be read ahead',
    'const seen = new Set(); for (let i = 0; i < 1_000; i++) seen.add(crypto.randomUUID()); return seen.size',
    success(1_000),
  ),
  web(
    'accessors that loop while a URL is made',
    'Object.defineProperty(Object.prototype, "href", { get() { throw new Error("planted") }, set() { throw new Error("planted") } }); return new URL("http://a/b").pathname',
    success('/b'),
  ),
  web(
    'prototypes of the web replaced',
    'URL.prototype.toString = () => { throw new Error("replaced") }; DOMException.prototype.name = 1; return new URL("http://a/b").href',
    success('http://a/b'),
  ),
  web(
    'internals by a caught receiver',
    'let count = 0; for (const key of ["call", "apply", "bind"]) { const native = Function.prototype[key]; Function.prototype[key] = function (...args) { count++; return Reflect.apply(native, this, args) } } new URL("http://a"); return count',
    success((value) => typeof value === 'number'),
  ),
];

export const programs = [ENDLESS, LIMITS, BY_ANOTHER_NAME, TAMPERED].flat();
