import { deadlock, notTransferable, success, thrown } from '../lib/outcomes.mjs';
import { NAMES, PLANT } from '../lib/planted.mjs';
import { COLD_AND_HOT } from '../lib/ways.mjs';

export const title = 'tampering';
export const ways = COLD_AND_HOT;

const CONTEXT = {
  stateSnapshot: { n: 1 },
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*'],
};

/** Uses everything that the prelude gives, with syntax alone: none of it may have been reached. */
const PROBE = `
  $state.a = { n: 1 };
  $emit('e', { list: [1, { deep: true }] });
  $view.focus('c', { y: 2 });
  $log('text', 5);
  return { still: [$state.n, 2] };
`;
const VALUE = { still: [1, 2] };
const EFFECTS = {
  stateMutations: [{ operation: 'set', key: 'a', value: { n: 1 } }],
  events: [{ name: 'e', payload: { list: [1, { deep: true }] } }],
  viewCommands: [{ type: 'focus', componentId: 'c', args: [{ y: 2 }] }],
  logs: [{ level: 'info', message: 'text 5' }],
};
const UNTOUCHED = success(VALUE, EFFECTS);

function tampering(name, source, expect = UNTOUCHED) {
  return { name, source: `${source}\n${PROBE}`, context: CONTEXT, expect };
}

function program(name, source, expect) {
  return { name, source, context: CONTEXT, expect };
}

/** Every property of every builtin that can be reached, collected before any of them is touched. */
const COLLECT = `
  const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, defineProperty, deleteProperty, setPrototypeOf } = Reflect;
  const { freeze, create } = Object;
  const objects = [globalThis, getPrototypeOf(function* () {}), getPrototypeOf(async function* () {}),
    getPrototypeOf(Uint8Array), getPrototypeOf([].values()), getPrototypeOf(new Map().values())];
  const known = new Set(objects), places = [];
  const own = new Set([console]);
  for (const name of ownKeys(globalThis)) if (typeof name === 'string' && name[0] === '$') own.add(globalThis[name]);
  for (let i = 0; i < objects.length; i++) {
    for (const key of ownKeys(objects[i])) {
      const { value, get, set } = getOwnPropertyDescriptor(objects[i], key);
      if (own.has(value)) continue;
      places.push([objects[i], key]);
      for (const next of [value, get, set]) {
        const isObject = (typeof next === 'object' && next !== null) || typeof next === 'function';
        if (isObject && !known.has(next)) { known.add(next); objects.push(next); }
      }
    }
  }
  const count = places.length;
  if (count < 800) throw new Error('only ' + count + ' places');
  const descriptor = (fields) => {
    const made = create(null);
    made.configurable = true;
    for (const key in fields) made[key] = fields[key];
    return made;
  };
  const evil = () => { throw 'replaced' };
  const replaceAll = (bad) => {
    // The length of an array takes no function.
    for (let i = 0; i < count; i++) try { defineProperty(places[i][0], places[i][1], bad) } catch {}
  };
`;
/**
 * A handler that replaces the constructor of promises changes what `await` does for itself; its effects stay
 * the same.
 */
const OWN_PROMISE_BROKEN = [
  UNTOUCHED,
  deadlock(EFFECTS),
  notTransferable('returnValue', EFFECTS),
  thrown(/replaced|not a function/, { context: () => true, ...EFFECTS }),
];

const EVERYTHING = [
  tampering(
    'every builtin replaced by one that throws',
    `${COLLECT}
    const bad = descriptor({ value: evil, writable: true });
    replaceAll(bad);`,
    OWN_PROMISE_BROKEN,
  ),
  tampering(
    'every builtin replaced by one that answers nothing',
    `${COLLECT}
    const bad = descriptor({ value: () => {}, writable: true });
    replaceAll(bad);`,
    OWN_PROMISE_BROKEN,
  ),
  tampering(
    'every builtin replaced by a getter that throws',
    `${COLLECT}
    const bad = descriptor({ get: evil, set: evil });
    replaceAll(bad);`,
    OWN_PROMISE_BROKEN,
  ),
  tampering(
    'every builtin deleted',
    `${COLLECT}
    for (let i = 0; i < count; i++) deleteProperty(places[i][0], places[i][1]);`,
    OWN_PROMISE_BROKEN,
  ),
  tampering(
    'everything frozen',
    `${COLLECT} for (let i = 0; i < objects.length; i++) if (objects[i] !== globalThis) freeze(objects[i]);`,
  ),
  tampering(
    'every prototype cut off',
    `${COLLECT} for (let i = 0; i < objects.length; i++) setPrototypeOf(objects[i], null);`,
    OWN_PROMISE_BROKEN,
  ),
  tampering('the global object frozen', 'Object.freeze(globalThis);'),
];

const PROTOTYPES = [
  tampering(
    'getters and setters that throw on Object.prototype',
    `${PLANT}
    const names = ${NAMES}; const bad = () => { throw new Error('planted') };
    for (let i = 0; i < names.length; i++) if (names[i] !== 'constructor' && names[i] !== 'then') define(Object.prototype, names[i], bad, bad);`,
  ),
  tampering(
    'setters for indices on Array.prototype',
    `${PLANT}
    for (let i = 0; i < 200; i++) define(Array.prototype, i, () => 'hijacked', () => { throw new Error('planted') });`,
  ),
  tampering(
    'setters for indices on Object.prototype',
    `${PLANT}
    for (let i = 0; i < 200; i++) define(Object.prototype, i, () => 'hijacked', () => { throw new Error('planted') });`,
  ),
  tampering(
    'values for indices that cannot be written',
    'for (let i = 0; i < 50; i++) Object.defineProperty(Array.prototype, i, { value: 7 });',
  ),
  tampering(
    'a proxy as the prototype of Array.prototype',
    `const bad = () => { throw new Error('trap') };
    Object.setPrototypeOf(Array.prototype, new Proxy({}, { get: bad, set: bad, has: bad, getOwnPropertyDescriptor: bad }));`,
  ),
  tampering(
    'a proxy as the prototype of functions',
    `const bad = () => { throw new Error('trap') };
    Object.setPrototypeOf(Function.prototype, new Proxy({}, { get: bad, set: bad, has: bad }));`,
  ),
  tampering(
    'iteration replaced',
    `const bad = () => { throw new Error('iterated') };
    Array.prototype[Symbol.iterator] = Map.prototype[Symbol.iterator] = String.prototype[Symbol.iterator] = bad;
    Object.getPrototypeOf([].keys()).next = bad;`,
  ),
  tampering(
    'well-known symbols on Object.prototype',
    `const { prototype } = Object; const bad = () => { throw new Error('symbol') };
    for (const name of ['toPrimitive', 'iterator', 'asyncIterator', 'hasInstance', 'species', 'match', 'replace', 'split', 'search',
      'isConcatSpreadable', 'unscopables', 'toStringTag']) prototype[Symbol[name]] = bad;`,
  ),
  tampering(
    'Symbol.species of arrays and promises',
    `for (const type of [Array, Promise, RegExp, Map, Set])
    Object.defineProperty(type, Symbol.species, { get() { throw new Error('species') } });`,
  ),
  tampering(
    'traps on Object.prototype',
    'Object.prototype.get = Object.prototype.set = Object.prototype.has = Object.prototype.ownKeys = () => { throw new Error("trap") };',
  ),
  tampering(
    'instanceof replaced',
    'for (const type of [Error, Map, Set, Promise, Object, Array]) Object.defineProperty(type, Symbol.hasInstance, { value: () => true });',
  ),
  tampering(
    'string methods that say yes',
    'String.prototype.startsWith = String.prototype.endsWith = () => true; String.prototype.slice = () => "";',
  ),
  tampering(
    'Map and Reflect replaced',
    'Map.prototype.get = () => true; Map.prototype.set = Map.prototype.has = () => {}; globalThis.Map = globalThis.Reflect = globalThis.Proxy = undefined;',
  ),
  tampering(
    'JSON replaced',
    'JSON.stringify = () => "hijacked"; JSON.parse = () => { throw new Error("parse") }; globalThis.JSON = null;',
  ),
  tampering('Error replaced', 'globalThis.Error = globalThis.TypeError = class { constructor() { throw "no" } };'),
  tampering(
    'a valueOf on numbers',
    'Number.prototype.valueOf = Number.prototype.toString = Number.prototype.toJSON = () => { throw new Error("number") };',
  ),
];

const PROMISES = [
  tampering(
    'Promise.prototype.then replaced before an await',
    'Promise.prototype.then = () => { throw new Error("then") }; await null; await (async () => 1)();',
  ),
  tampering(
    'Promise.prototype.then, catch and finally deleted',
    'for (const name of ["then", "catch", "finally"]) delete Promise.prototype[name]; await null;',
  ),
  tampering(
    'Promise.resolve and Promise.reject replaced',
    'Promise.resolve = Promise.reject = () => { throw new Error("resolve") }; await 1;',
  ),
  tampering(
    'the global Promise replaced',
    'globalThis.Promise = class { constructor() { throw new Error("Promise") } }; await null;',
  ),
  program(
    'Promise.prototype.constructor replaced',
    'Promise.prototype.constructor = class { constructor(f) { f(() => {}, () => {}) } }; return 1',
    [success(1), deadlock()],
  ),
  program(
    'then on Object.prototype',
    'Object.prototype.then = (resolve) => resolve("hijacked"); return {}',
    success('hijacked'),
  ),
  program(
    'then on Array.prototype',
    'Array.prototype.then = (resolve) => resolve("hijacked"); return [1]',
    success('hijacked'),
  ),
  program(
    'then that throws on Object.prototype',
    'Object.prototype.then = () => { throw new Error("then") }; return {}',
    thrown('Error: then'),
  ),
  program('then that never answers on Object.prototype', 'Object.prototype.then = () => {}; return {}', deadlock()),
  program(
    'then on primitives',
    'for (const type of [Number, String, Boolean]) type.prototype.then = (resolve) => resolve("hijacked"); return 1',
    success(1),
  ),
  program(
    'then that answers twice, and throws',
    'return { then(resolve, reject) { resolve(1); resolve(2); reject(3); throw 4 } }',
    success(1),
  ),
  program(
    'a subclass with a then of its own',
    'class P extends Promise { then(resolve) { resolve("mine") } } return new P(() => {})',
    success('mine'),
  ),
  program(
    'a subclass with a species of its own',
    'class P extends Promise { static get [Symbol.species]() { return Promise } } return P.resolve(1).then((x) => x + 1)',
    success(2),
  ),
];

export const programs = [EVERYTHING, PROTOTYPES, PROMISES].flat();
