import { failure, success, thrown, thrownValue } from '../lib/outcomes.mjs';
import { COLD_AND_HOT } from '../lib/ways.mjs';

export const title = 'hostile errors';
export const ways = COLD_AND_HOT;

const MUTATION = { stateMutations: [{ operation: 'set', key: 'a', value: 1 }] };
const context = { capabilities: ['state:write:*', 'events:emit:*'] };

function error(name, source, expect) {
  return { name, source, context, expect };
}

/** What it is said to be is up to the handler, not what it is. */
const OWN = failure('EXECUTION_ERROR', { message: /./, context: undefined });
/** A thrown value that cannot leave the VM: said in one of two ways, with the place. */
const unsayable = (place) => [
  failure('SERIALIZATION_ERROR', {
    message: /cannot leave/,
    context: ({ path }) => path === 'returnValue' || path.endsWith(place),
  }),
  failure('EXECUTION_ERROR', { message: /./, context: () => true }),
];

const VALUES = [
  error(
    'undefined',
    'throw undefined',
    failure('EXECUTION_ERROR', { message: 'The handler threw undefined', context: (it) => it.thrown === undefined }),
  ),
  error('null', 'throw null', thrownValue(null)),
  error('a string', 'throw "plain"', thrownValue('plain')),
  error('a function', 'throw () => 1', failure('EXECUTION_ERROR', { message: /./, context: () => true })),
  error('a symbol', 'throw Symbol("s")', thrownValue('Symbol(s)')),
  error('a large BigInt', 'throw 2n ** 10_000n', thrownValue(2n ** 10_000n)),
  error(
    'an object',
    'throw { code: "TIMEOUT", context: { layer: "watchdog" } }',
    thrownValue({ code: 'TIMEOUT', context: { layer: 'watchdog' } }),
  ),
  error('an object with a method', 'throw { f() {} }', unsayable('thrown.f')),
  error(
    'an object with a getter',
    'throw { get x() { $emit("called") } }',
    thrownValue({ x: undefined }, { events: [{ name: 'called', payload: undefined }] }),
  ),
  error('a cycle', 'const o = {}; o.o = o; throw o', [
    ...unsayable('o'),
    failure('SERIALIZATION_ERROR', { message: /cycle/, context: () => true }),
  ]),
  error('a thenable', 'throw { then() { $emit("called") } }', unsayable('thrown.then')),
  error('a promise', 'throw Promise.resolve(1)', unsayable('thrown')),
  error('a proxy of nothing', 'throw new Proxy({}, {})', unsayable('thrown')),
  error(
    'a proxy with traps that throw',
    'const bad = () => { throw new Error("trap") }; throw new Proxy({}, { get: bad, getPrototypeOf: bad, ownKeys: bad, has: bad, getOwnPropertyDescriptor: bad })',
    unsayable('thrown'),
  ),
  error(
    'a proxy that was revoked',
    'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy',
    unsayable('thrown'),
  ),
];

const PROXIES_OF_ERRORS = [
  error('a proxy of an error', 'throw new Proxy(new Error("x"), {})', thrown('Error: x')),
  error(
    'a proxy of an error that hides everything',
    'throw new Proxy(new Error("x"), { get() { throw new Error("trap") } })',
    OWN,
  ),
  error(
    'a proxy that says it is an error',
    'throw new Proxy({}, { getPrototypeOf: () => Error.prototype, get: (_, key) => String(key) })',
    OWN,
  ),
];

const FIELDS = [
  error(
    'fields that are no text',
    'const e = new Error("x"); e.name = { toString() { throw 1 } }; e.message = 5; e.stack = [1]; throw e',
    OWN,
  ),
  error(
    'fields of a megabyte',
    'throw Object.assign(new Error(), { name: "A".repeat(1e6), message: "B".repeat(1e6), stack: "C".repeat(1e6) })',
    OWN,
  ),
  error(
    'fields that throw',
    'const e = new Error("x"); for (const key of ["name", "message", "stack", "code", "context", "cause"]) Object.defineProperty(e, key, { get() { throw new Error("getter") } }); throw e',
    OWN,
  ),
  error(
    'a toString that throws',
    'throw Object.assign(new Error("x"), { toString() { throw 1 }, toJSON() { throw 2 } })',
    thrown('Error: x'),
  ),
  error(
    'a stack that shows another place',
    'const e = new Error("x"); e.stack = "    at f (handler.js:99999999:99999999)"; throw e',
    thrown('Error: x', { line: (line) => line === undefined || line <= 1 }),
  ),
  error(
    'a stack that breaks out of its line',
    'const e = new Error("x"); e.stack = "    at f (handler.js:1:1)\\r\\n\\u2028(handler.js:2:2)\\0"; throw e',
    thrown('Error: x'),
  ),
  error(
    'a stack that shows the host',
    'const e = new Error("x"); e.stack = "    at f (nexus:prelude:1:1)\\n    at g (handler.js:1:40)"; throw e',
    thrown('Error: x', { stack: (stack) => !stack.includes('nexus') }),
  ),
  error('names with terminal codes', 'const e = new Error("\\u001b[2J\\u0007"); e.name = "\\u001b[31m"; throw e', OWN),
  error(
    'names with __proto__',
    'const e = new Error("x"); Object.defineProperty(e, "__proto__", { value: { code: "TIMEOUT" }, enumerable: true }); throw e',
    thrown('Error: x'),
  ),
];

/** Codes of the runtime are the runtime's: a handler that writes them on its errors gets EXECUTION_ERROR. */
const CODES = [
  'TIMEOUT',
  'MEMORY_LIMIT',
  'PERMISSION_DENIED',
  'RESOURCE_LIMIT',
  'SERIALIZATION_ERROR',
  'DEADLOCK',
  'INTERNAL_ERROR',
].map((code) =>
  error(
    `an error that says ${code}`,
    `const e = new Error("m"); e.name = e.code = "${code}"; e.context = { capability: "x", limit: "y", layer: "watchdog" }; throw e`,
    failure('EXECUTION_ERROR', { message: `${code}: m`, context: undefined }),
  ),
);
CODES.push(
  error(
    'an error that says out of memory',
    'const e = new Error("out of memory"); throw e',
    thrown('Error: out of memory'),
  ),
  error(
    'a RangeError that says stack overflow',
    'throw new RangeError("stack overflow")',
    thrown('RangeError: stack overflow'),
  ),
);

const AROUND = [
  error('after an effect', '$state.a = 1; throw new Error("late")', thrown('Error: late', MUTATION)),
  error(
    'in a rejected promise that is returned',
    '$state.a = 1; return Promise.reject(new Error("late"))',
    thrown('Error: late', MUTATION),
  ),
  error(
    'in a chain, handled',
    '$state.a = 1; return Promise.reject(new Error("x")).catch((e) => e.message)',
    success('x', MUTATION),
  ),
  error(
    'an AggregateError',
    'return Promise.any([Promise.reject(new Error("a")), Promise.reject(new Error("b"))])',
    thrown(/^AggregateError/, { context: () => true }),
  ),
  error(
    'a class of its own',
    'class Mine extends Error { constructor() { super("m"); this.name = "Mine" } } throw new Mine()',
    thrown('Mine: m'),
  ),
  error('an Error without a prototype', 'throw Object.setPrototypeOf(new Error("x"), null)', [
    thrown(/./, { context: () => true }),
    ...unsayable('thrown'),
  ]),
  error('Error.prototype itself', 'throw Error.prototype', [OWN, thrownValue({})]),
  error(
    'an error whose name is looked up in what the handler changed',
    'Error.prototype.name = "Changed"; throw new Error("x")',
    thrown('Changed: x'),
  ),
  error(
    'far down, on the author’s line',
    '\n\nconst f = () => {\n  throw new TypeError("deep");\n};\n[1].map(() => f())',
    thrown('TypeError: deep', { line: 4 }),
  ),
];

export const programs = [VALUES, PROXIES_OF_ERRORS, FIELDS, CODES, AROUND].flat();
