import { cutLog, denied, notTransferable, outOfMemory, overLimit, success, thrown } from '../lib/outcomes.mjs';
import { COLD_AND_HOT } from '../lib/ways.mjs';

export const title = 'effects past their checks';
export const ways = COLD_AND_HOT;

/** The least that can be granted, so that everything else is too much. */
const NARROW = {
  stateSnapshot: { open: 1, secret: 'hidden', 'user.name': 'x' },
  capabilities: ['state:read:open', 'state:write:open', 'events:emit:order.*', 'view:update:panel'],
};
const WIDE = {
  stateSnapshot: { n: 1 },
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*'],
};
const DEFAULT_LIMITS = { maxEvents: 100, maxStateMutations: 1_000, maxViewCommands: 1_000, maxLogBytes: 65_536 };

function narrow(name, source, expect) {
  return { name, source, context: NARROW, expect };
}

function wide(name, source, expect, options) {
  return { name, source, context: WIDE, options, expect };
}

const NOT_GRANTED = [
  narrow('an event', '$emit("other")', denied('events:emit:other')),
  narrow('an event whose name only begins like a granted one', '$emit("orders")', denied('events:emit:orders')),
  narrow('an event called *', '$emit("*")', denied('events:emit:*')),
  narrow(
    'an event whose name becomes another',
    'let n = 0; $emit({ toString: () => (n++ ? "other" : "order.paid") })',
    success(undefined, { events: [{ name: 'order.paid', payload: undefined }] }),
  ),
  narrow('an event in a String object', '$emit(new String("other"))', denied('events:emit:other')),
  narrow('an event with a line break', '$emit("order\\nevents:emit:x")', denied('events:emit:order\nevents:emit:x')),
  narrow('a view', '$view.focus("other")', denied('view:update:other')),
  narrow('a view under a prefix', '$view.setFilter("panel.inner", 1)', denied('view:update:panel.inner')),
  narrow('a command to no view', '$view.command(undefined, "x")', denied('view:update:undefined')),
  narrow('a state', '$state.secret = 1', denied('state:write:secret')),
  narrow('a state deleted', 'delete $state["user.name"]; $state["user.name"] = 1', denied('state:write:user.name')),
  narrow(
    'a state through Reflect.set with another receiver',
    'const other = {}; Reflect.set($state, "secret", 1, other); return [other.secret, "secret" in $state]',
    success([1, false]),
  ),
  narrow(
    'a state through an heir',
    'const heir = Object.create($state); heir.secret = 1; return [heir.secret, "secret" in $state]',
    success([1, false]),
  ),
  narrow(
    'a state through defineProperty',
    'Object.defineProperty($state, "secret", { value: 1 })',
    denied('state:write:secret'),
  ),
  narrow(
    'a state through Object.assign',
    'Object.assign($state, { open: 2, secret: 1 })',
    denied('state:write:secret', { stateMutations: [{ operation: 'set', key: 'open', value: 2 }] }),
  ),
  narrow('a state called __proto__', '$state.__proto__ = { admin: true }', denied('state:write:__proto__')),
  narrow('a state called constructor', '$state.constructor = 1', denied('state:write:constructor')),
  narrow('a state called like nothing', '$state[""] = 1', denied('state:write:')),
  narrow('a state called like a symbol', '$state[Symbol("open")] = 1', thrown(/^TypeError: /)),
  narrow(
    'checks that were made to say yes',
    `String.prototype.endsWith = String.prototype.startsWith = () => true;
    String.prototype.slice = () => ''; Map.prototype.get = () => true; Reflect.apply = () => true; Array.isArray = () => true;
    Object.defineProperty(Object.prototype, 'length', { get: () => 0, configurable: true }); $emit('other')`,
    denied('events:emit:other'),
  ),
  narrow(
    'true for every index',
    `for (let i = 0; i < 10; i++) Object.defineProperty(Object.prototype, i, { get: () => true, set() {}, configurable: true });
    $emit('other')`,
    denied('events:emit:other'),
  ),
  narrow(
    'caught and tried again',
    'let n = 0; for (let i = 0; i < 500; i++) try { $emit("other") } catch (error) { if (error.code === "PERMISSION_DENIED") n++ } return n',
    success(500),
  ),
  narrow(
    'a denial that is dressed up',
    'try { $emit("other") } catch (error) { error.code = "EXECUTION_ERROR"; error.context = {}; error.message = "harmless"; error.name = "Error"; throw error }',
    denied('events:emit:other', { message: 'harmless' }),
  ),
];

const READING = [
  narrow('state by its keys', 'return Object.keys($state)', success(['open'])),
  narrow('state by spreading it', 'return { ...$state }', success({ open: 1 })),
  narrow('state as JSON', 'return JSON.stringify($state)', success('{"open":1}')),
  narrow(
    'state by for-in',
    'const keys = []; for (const key in $state) keys.push(key); return keys',
    success(['open']),
  ),
  narrow('state by descriptors', 'return Object.keys(Object.getOwnPropertyDescriptors($state))', success(['open'])),
  narrow('state by its name', 'return $state.secret', denied('state:read:secret')),
  narrow('state by its name, through an heir', 'return Object.create($state).secret', [
    success(undefined),
    denied('state:read:secret'),
  ]),
  narrow(
    'uninitialised memory',
    'const all = new Uint8Array(8e6); let n = 0; for (let i = 0; i < 8e6; i += 4096) n += all[i]; return n',
    success(0),
  ),
];

const OVER_LIMITS = [
  wide(
    'a million events',
    'for (let i = 0; i < 1e6; i++) $emit("e" + i)',
    overLimit('maxEvents', 100, { events: (events) => events.length === 100 }),
  ),
  wide(
    'events behind caught errors',
    'let n = 0; for (let i = 0; i < 2_000; i++) try { $emit("e") } catch { n++ } return n',
    success(1_900, { events: (events) => events.length === DEFAULT_LIMITS.maxEvents }),
  ),
  wide(
    'mutations',
    'for (let i = 0; i < 1e6; i++) $state["k" + i] = i',
    overLimit('maxStateMutations', 1_000, { stateMutations: (all) => all.length === DEFAULT_LIMITS.maxStateMutations }),
  ),
  wide(
    'deletions',
    'for (let i = 0; i < 1e6; i++) { $state.n = i; delete $state.n }',
    overLimit('maxStateMutations', 1_000, { stateMutations: (all) => all.length === 1_000 }),
  ),
  wide(
    'views',
    'for (let i = 0; i < 1e6; i++) $view.focus("c", i)',
    overLimit('maxViewCommands', 1_000, { viewCommands: (all) => all.length === 1_000 }),
  ),
  wide('one long log', '$log("x".repeat(1e6))', cutLog(1)),
  wide('many logs', 'for (let i = 0; i < 2_000; i++) $log("x".repeat(1_000))', cutLog(1_935)),
  wide(
    'empty logs',
    'for (;;) $log("")',
    overLimit('maxHostCalls', 10_000, { logs: (logs) => logs.length === 10_000 }),
  ),
  wide(
    'limits lowered by the caller',
    'for (;;) $emit("e")',
    overLimit('maxEvents', 3, { events: (events) => events.length === 3 }),
    { limits: { maxEvents: 3 } },
  ),
  wide('a payload of 9 MB', '$emit("e", "x".repeat(9e6)); return 1', [
    overLimit('maxResultBytes', 8 * 2 ** 20),
    outOfMemory(),
  ]),
  wide(
    'ten payloads of one MB, ten times one string',
    'const s = "x".repeat(1e6); for (let i = 0; i < 10; i++) $emit("e", s); return 1',
    [overLimit('maxResultBytes', 8 * 2 ** 20), outOfMemory()],
  ),
];

const WHILE_RECORDING = [
  wide(
    'an event out of the payload of another',
    '$emit("outer", { get x() { $emit("inner"); return 1 } })',
    success(undefined, {
      events: (events) =>
        events.length === 2 &&
        events.some(({ name }) => name === 'inner') &&
        events.some(({ name, payload }) => name === 'outer' && payload.x === 1),
    }),
  ),
  wide(
    'a command out of the arguments of another',
    '$view.focus("outer", { get x() { $view.focus("inner"); return 1 } })',
    success(undefined, {
      viewCommands: (commands) => commands.length === 2 && commands.some(({ componentId }) => componentId === 'inner'),
    }),
  ),
  wide(
    'more events than may be, out of one payload',
    '$emit("outer", { get x() { for (let i = 0; i < 200; i++) try { $emit("inner") } catch {} return 1 } })',
    [
      overLimit('maxEvents', 100, { events: (events) => events.length <= 100 }),
      success(undefined, { events: (events) => events.length <= 100 }),
    ],
  ),
  wide(
    'a payload that changes afterwards',
    'const p = { list: [1] }; $emit("e", p); p.list.push(2); p.more = true; return 1',
    success(1, { events: [{ name: 'e', payload: { list: [1] } }] }),
  ),
  wide(
    'a payload in itself',
    'const p = {}; p.p = p; $emit("e", p)',
    notTransferable('$emit payload', { message: /./, context: ({ path }) => /payload|events/.test(path) }),
  ),
  wide('a payload that is a function', '$emit("e", () => {})', notTransferable('$emit payload')),
  wide('a payload that throws', '$emit("e", { get x() { throw new Error("mine") } })', thrown('Error: mine')),
  wide(
    'a payload that is a proxy',
    '$emit("e", new Proxy({ a: 1 }, { ownKeys: () => { throw new Error("trap") } }))',
    thrown('Error: trap'),
  ),
  wide('a state with an accessor', 'Object.defineProperty($state, "x", { get: () => 1 })', thrown(/^TypeError: /)),
  wide(
    'a state called __proto__',
    '$state.__proto__ = { polluted: true }; return [{}.polluted, Object.keys($state)]',
    success([undefined, ['n', '__proto__']], {
      stateMutations: [{ operation: 'set', key: '__proto__', value: { polluted: true } }],
    }),
  ),
  wide(
    'a log that cannot be made',
    '$log({ toJSON() { throw new Error("x") } }, Symbol("s"), 1n, undefined, new Proxy({}, { get() { throw 1 } }))',
    success(undefined, { logs: (logs) => logs.length === 1 && logs[0].message.startsWith('[unprintable]') }),
  ),
];

export const programs = [NOT_GRANTED, READING, OVER_LIMITS, WHILE_RECORDING].flat();
