import { type Area, combine } from './area.js';

const LOG = `const log = []; const note = (v) => { log.push(v); return v; };
const all = (answers = {}) => new Proxy({}, { get: (_, trap) => (...a) => { note(trap + (typeof a[1] === 'string' ? ' ' + a[1] : typeof a[1] === 'symbol' ? ' symbol' : '')); return trap in answers ? answers[trap](...a) : Reflect[trap](...a); } });`;

const TARGETS: Record<string, string> = {
  'an object': '{ a: 1, b: 2 }',
  'an array': '[1, 2, 3]',
  'a function': 'function f(x) { return [x, new.target === undefined]; }',
  'a proxy': 'new Proxy({ a: 1 }, all())',
  'what is frozen': 'Object.freeze({ a: 1 })',
  'a class': 'class C { constructor() { this.a = 1; } }',
};
const OPERATIONS = [
  'p.a',
  'p.a = 5',
  '"a" in p',
  'delete p.a',
  'Object.keys(p)',
  '({ ...p })',
  '[...p]',
  'p(1)',
  'new p(1)',
  'Object.getPrototypeOf(p) === Object.prototype',
  'p instanceof Object',
  'Object.setPrototypeOf(p, null) === p',
  'Object.isExtensible(p)',
  'Object.preventExtensions(p) === p',
  'Object.freeze(p) === p',
  'Object.isFrozen(p)',
  'Object.defineProperty(p, "z", { value: 1 }) === p',
  'Object.getOwnPropertyDescriptor(p, "a")',
  'Object.entries(p)',
  'JSON.stringify(p)',
  'Array.isArray(p)',
  'typeof p',
  'Object.prototype.toString.call(p)',
  'p.a++',
  'p.a ??= 3',
  'Object.assign({}, p)',
  'Object.hasOwn(p, "a")',
  'Reflect.ownKeys(p).length',
  'Array.prototype.concat.call([], p).length',
  '(({ a, ...r }) => [a, r])(p)',
  'p?.a',
  'Array.prototype.push.call(p, 9)',
  'Array.prototype.slice.call(p, 1)',
  'Object.create(p).a',
  'Object.create(p).a = 1',
];
const VIOLATIONS: Record<string, string> = {
  'get of a constant': 'new Proxy(Object.freeze({ a: 1 }), { get: () => 2 }).a',
  'has of what must be there': '"a" in new Proxy(Object.freeze({ a: 1 }), { has: () => false })',
  'ownKeys without what must be there': 'Object.keys(new Proxy(Object.freeze({ a: 1 }), { ownKeys: () => [] }))',
  'ownKeys twice the same': 'Object.keys(new Proxy({}, { ownKeys: () => ["a", "a"] }))',
  'ownKeys of a primitive': 'Object.keys(new Proxy({}, { ownKeys: () => 5 }))',
  'ownKeys with a number': 'Object.keys(new Proxy({}, { ownKeys: () => [1] }))',
  'getPrototypeOf of a primitive': 'Object.getPrototypeOf(new Proxy({}, { getPrototypeOf: () => 1 }))',
  'a descriptor that is none':
    'Object.getOwnPropertyDescriptor(new Proxy({}, { getOwnPropertyDescriptor: () => 1 }), "a")',
  'a descriptor of what is not there':
    'Object.getOwnPropertyDescriptor(new Proxy({}, { getOwnPropertyDescriptor: () => ({ value: 1, configurable: false }) }), "a")',
  'set that says false, strict': '(() => { "use strict"; new Proxy({}, { set: () => false }).a = 1; })()',
  'set that says false, sloppy': '(new Proxy({}, { set: () => false }).a = 1)',
  'deleteProperty of what must stay': 'delete new Proxy(Object.freeze({ a: 1 }), { deleteProperty: () => true }).a',
  'defineProperty that says false': 'Object.defineProperty(new Proxy({}, { defineProperty: () => false }), "a", {})',
  'preventExtensions that lies': 'Object.preventExtensions(new Proxy({}, { preventExtensions: () => true }))',
  'isExtensible that lies': 'Object.isExtensible(new Proxy({}, { isExtensible: () => false }))',
  'construct of a primitive': 'new (new Proxy(function () {}, { construct: () => 1 }))()',
  'a trap that is no function': 'new Proxy({}, { get: 1 }).a',
  'a revoked one': '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy.a; })()',
  'typeof a revoked one':
    '(() => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return typeof proxy; })()',
  'Array.isArray of a revoked one':
    '(() => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return Array.isArray(proxy); })()',
  'Proxy without new': 'Proxy({}, {})',
  'of a primitive': 'new Proxy(1, {})',
  'setPrototypeOf that says false': 'Object.setPrototypeOf(new Proxy({}, { setPrototypeOf: () => false }), null)',
  'an accessor without a getter': 'new Proxy(Object.defineProperty({}, "a", { set() {} }), { get: () => 1 }).a',
};
const HOOKS: Record<string, string> = {
  'toPrimitive by hint':
    'const o = { [Symbol.toPrimitive]: note }; return [`${o}`, +o, o + "", o == 1, o < 1, [1][o], new Date(o).getTime(), "abc".at(o)];',
  'valueOf and toString':
    'const o = { valueOf() { note("v"); return {}; }, toString() { note("s"); return "1"; } }; return [+o, `${o}`, o + 1, o * 2, o == "1", [o] + ""];',
  toStringTag:
    'return [Object.prototype.toString.call({ get [Symbol.toStringTag]() { return "T"; } }), String(Symbol("s")), Symbol("d").description, `${[Symbol.iterator.toString()]}`];',
  isConcatSpreadable:
    'return [[].concat({ length: 2, 0: "a", 1: "b", [Symbol.isConcatSpreadable]: true }), [].concat(Object.assign([1], { [Symbol.isConcatSpreadable]: false })).length];',
  unscopables:
    'const o = { a: 1, b: 2, [Symbol.unscopables]: { b: true } }; let a = "outer a", b = "outer b"; with (o) { return [a, b]; }',
  'species of arrays':
    'class A extends Array { static get [Symbol.species]() { return (note("species"), Array); } } return [new A(3).map((x) => x) instanceof A, new A(1, 2).concat([3]).constructor.name];',
  hasInstance: 'return [1 instanceof { [Symbol.hasInstance]: (v) => v === 1 }, {} instanceof function () {}.bind()];',
  'symbols as keys':
    'const s = Symbol("s"); const o = { [s]: 1, a: 2 }; return [Object.keys(o), JSON.stringify(o), { ...o }, Object.getOwnPropertySymbols(o).length, Symbol.for("x") === Symbol.for("x"), Symbol.keyFor(Symbol.for("x"))];',
  'symbols are not converted':
    'const out = []; for (const f of [() => Symbol() + "", () => +Symbol(), () => `${Symbol()}`, () => String(Symbol("a")), () => [Symbol("b")].join(), () => new Symbol()]) try { out.push(f()); } catch (e) { out.push(e.name); } return out;',
  'getters in order':
    'const o = { get c() { return note("c"); }, get a() { return note("a"); }, get b() { return note("b"); } }; const { a, b } = o; return [o.c + o.a, { ...o }];',
  'computed keys in order':
    'return { [note("k1")]: note("v1"), [note("k2")]: note("v2"), get [note("k3")]() { return 1; } };',
  'arguments before the call':
    'const f = () => note("f"); try { note("o").missing(note("arg")); } catch (e) { note(e.name); } return f(note(1), note(2));',
  'assignment in order':
    'const o = () => (note("object"), {}); const k = () => note("key"); o()[k()] = note("value"); const [a = note("default")] = [note(undefined)]; return a;',
};

export const proxies: Area = {
  area: 'proxies, symbols and what calls what',
  programs: [
    ...combine(Object.fromEntries(OPERATIONS.map((o) => [o, o])), TARGETS).map(([title, operation, target]) => ({
      title: `a proxy: ${title}`,
      body: `${LOG} const p = new Proxy(${target.startsWith('{') ? `(${target})` : target}, all()); let result; try { result = ${operation}; } catch (e) { result = e.name; } return [result === p ? "itself" : result, log];`,
    })),
    ...Object.entries(VIOLATIONS).map(([title, expression]) => ({
      title: `a proxy breaks a rule: ${title}`,
      body: `try { return [${expression}]; } catch (e) { return e.name; }`,
    })),
    ...Object.entries(HOOKS).map(([title, body]) => ({
      title: `hooks: ${title}`,
      body: `${LOG} const result = (() => { ${body} })(); return [result, log];`,
    })),
  ],
};
