import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { explainCapabilities, inferCapabilities } from '#src/capabilities/inference/infer.js';
import { NexusError } from '#src/errors/nexus-error.js';
import { SUBJECTS } from '../engine/conformance/catalogue.js';
import { bundleSource } from '../support/sources/bundle-source.js';

type Row = readonly [source: string, ...tokens: string[]];

const EVERYTHING = [
  ...['events:emit:*', 'ext:*', 'net:*', 'signal:*', 'state:read:*', 'state:write:*'],
  ...['timer:*', 'view:update:*'],
];

function infers(rows: readonly Row[]): void {
  it.each(rows.map(([source, ...tokens]) => [source, tokens] as const))('%s → %j', (source, tokens) => {
    expect(inferCapabilities(source)).toEqual([...tokens].sort());
  });
}

describe('what reads a key of the state', () => {
  infers([
    ['return 1'],
    ['return $state.a', 'state:read:a'],
    ['return $state["a"] + $state[`b`] + $state[0]', 'state:read:0', 'state:read:a', 'state:read:b'],
    [
      'const { a, b: { c }, d = 1, "e-f": g } = $state',
      'state:read:a',
      'state:read:b',
      'state:read:d',
      'state:read:e-f',
    ],
    ['return "k" in $state', 'state:read:k'],
    ['return $state.get("k")', 'state:read:k'],
    ['return $state.has("k")', 'state:read:k'],
    ['return $state.hasOwnProperty("k") || Object.hasOwn($state, "l")', 'state:read:k', 'state:read:l'],
    ['return Reflect.get($state, "k")', 'state:read:k'],
    ['return $state?.a?.b', 'state:read:a'],
    ['const k = "q"; return $state[k]', 'state:read:q'],
    ['for (const k of ["a", "b"]) $log($state[k])', 'state:read:a', 'state:read:b'],
    ['return ["a", "b"].map((k) => $state[k])', 'state:read:a', 'state:read:b'],
    ['return $state[$args.deep ? "x" : "y"]', 'state:read:x', 'state:read:y'],
    ['return $state[`item-${$args.id}`]', 'state:read:item-*'],
    ['return $state["item-" + $args.id]', 'state:read:item-*'],
    ['return $state["item-" + $args.id] + $state["item-1"]', 'state:read:item-*'],
    ['return $state[$args.key]', 'state:read:*'],
    ['return $state.a + $state[$args.key]', 'state:read:*'],
    ['let k; if ($args.a) k = "x"; return $state[k]', 'state:read:undefined', 'state:read:x'],
    [
      'class C { constructor(k) { this.k = k } read() { return $state[this.k] } } return new C("z").read()',
      'state:read:z',
    ],
  ]);
});

describe('what reads all of the state', () => {
  infers([
    ['return Object.keys($state)', 'state:read:*'],
    ['return Object.entries($state).length', 'state:read:*'],
    ['return { ...$state }', 'state:read:*'],
    ['for (const k in $state) $log(k)', 'state:read:*'],
    ['return JSON.stringify($state)', 'state:read:*'],
    ['return $state.keys()', 'state:read:*'],
    ['const { a, ...rest } = $state; return a', 'state:read:*'],
    ['return $state', 'state:read:*'],
    ['return { deep: [$state] }', 'state:read:*'],
    ['$log($state)', 'state:read:*'],
    ['$emit("n", { all: $state })', 'events:emit:n', 'state:read:*'],
    ['return `${$state}`', 'state:read:*'],
    ['$lib.render($state)', 'state:read:*', 'state:write:*'],
    ['return new Proxy($state, {}).a', 'state:read:*', 'state:write:*'],
    ['for (const k in $state) $state[k]++', 'state:read:*', 'state:write:*'],
    ['const all = { ...$state }; all.user.name = "x"', 'state:read:*', 'state:write:*'],
  ]);
});

describe('what writes a key of the state', () => {
  infers([
    ['$state.k = 1', 'state:write:k'],
    ['$state.k += 1', 'state:read:k', 'state:write:k'],
    ['$state.k++', 'state:read:k', 'state:write:k'],
    ['$state.k ??= 1', 'state:read:k', 'state:write:k'],
    ['delete $state.k', 'state:write:k'],
    ['$state.set("k", 1)', 'state:write:k'],
    ['$state.delete("k")', 'state:write:k'],
    ['if ($state.delete("k")) $log("was there")', 'state:read:k', 'state:write:k'],
    ['[$state.a, $state.b] = [1, 2]', 'state:write:a', 'state:write:b'],
    ['({ x: $state.a, ...$state.b } = $args)', 'state:write:a', 'state:write:b'],
    ['for ($state.i of [1, 2]);', 'state:write:i'],
    ['Object.assign($state, { a: 1, b: 2 })', 'state:write:a', 'state:write:b'],
    ['Object.assign($state, $args)', 'state:write:*'],
    ['Object.defineProperty($state, "k", { value: 1 })', 'state:write:k'],
    ['Reflect.set($state, "k", 1); Reflect.deleteProperty($state, "l")', 'state:write:k', 'state:write:l'],
    ['$state["a*b"] = 1', 'state:write:a*'],
    ['$state[""] = 1', 'state:write:*'],
  ]);
});

/** The first read of `user`, or of `items`, comes with each of these. */
describe('what changes a value of the state, at any depth and by any way', () => {
  it.each([
    '$state.user.address.city = "Bern"',
    '$state.user.visits++',
    'delete $state.user.draft',
    'const u = $state.user; u.name = 1',
    'let u; u = $state.user; const { address } = u; address.city = 1',
    'const s = $state; const { user: { address: a } } = s; a.city = 1',
    'Object.assign($state.user, $args)',
    'Object.defineProperty($state.user, "x", { value: 1 })',
    'Reflect.set($state.user, "x", 1)',
    'Object.freeze($state.user)',
    '$state.user.tags.push(1)',
    '$state.user.tags.sort()',
    '$state.user.map.set(1, 2)',
    'Array.prototype.push.call($state.user.tags, 1)',
    'Reflect.apply([].push, $state.user.tags, [1])',
    'const push = Function.prototype.call.bind(Array.prototype.push); push($state.user.tags, 1)',
    'const { push } = []; push.apply($state.user.tags, [1])',
    '$state.user.tags[$args.method](1)',
    'for (const o of $state.user.orders) o.done = true',
    'for (const [i, o] of $state.user.orders.entries()) o.index = i',
    'for (const o of Object.values($state.user)) o.done = true',
    '$state.user.orders.forEach((o) => { o.done = true })',
    '$state.user.orders.map((o) => Object.assign(o, { x: 1 }))',
    '$state.user.orders.find((o) => o.open).open = false',
    '$state.user.orders.filter(Boolean)[0].open = false',
    '$state.user.orders.reduce((sum, o) => { sum.n = 1; return o })',
    '[...$state.user.orders].pop().open = false',
    'const copy = { ...$state.user }; copy.address.city = 1',
    'function touch(o) { o.n = 1 } touch($state.user)',
    'const touch = (o) => () => { o.n = 1 }; touch($state.user)()',
    'const touch = { it(o) { o.n = 1 } }; touch.it($state.user)',
    'function touch() { arguments[0].n = 1 } touch($state.user)',
    'function touch(...all) { all[0].n = 1 } touch(...[$state.user])',
    'function touch() { this.n = 1 } touch.call($state.user)',
    'function touch({ address }) { address.n = 1 } touch($state.user)',
    'function touch(o = $state.user) { o.n = 1 } touch()',
    '[(o) => o.n, (o) => { o.n = 1 }][$args.i]($state.user)',
    '$args.u = $state.user; $args.u.name = 1',
    'const o = {}; o[$args.k] = $state.user; o.x.name = 1',
    'const o = { get u() { return $state.user } }; o.u.name = 1',
    'const o = { set u(v) { v.name = 1 } }; o.u = $state.user',
    'class C { #u = $state.user; rename() { this.#u.name = 1 } } new C().rename()',
    'class A { constructor(u) { this.u = u } } class B extends A { rename() { this.u.name = 1 } } new B($state.user).rename()',
    'const m = new Map([["u", $state.user]]); m.get("u").name = 1',
    'function* g() { yield $state.user } for (const u of g()) u.name = 1',
    'function* g() { const u = yield; u.name = 1 } const i = g(); i.next(); i.next($state.user)',
    'const it = { [Symbol.iterator]() { let i = 0; return { next: () => ({ value: $state.user, done: i++ > 0 }) } } }; for (const u of it) u.name = 1',
    'const f = async () => $state.user; (await f()).name = 1',
    'await Promise.resolve($state.user).then((u) => { u.name = 1 })',
    'const [u] = await Promise.all([$state.user]); u.name = 1',
    '(await new Promise((done) => done($state.user))).name = 1',
    'try { throw $state.user } catch (u) { u.name = 1 }',
    'leaked = $state.user; globalThis.leaked.name = 1',
    'const tag = (_, u) => { u.name = 1 }; tag`x${$state.user}`',
    'class P { static [Symbol.hasInstance](u) { u.name = 1; return true } } return $state.user instanceof P',
    'var u = $state.user; { var u; u.name = 1 }',
    '$lib.sign($state.user)',
    'new $lib.Model($state.user)',
    'return new Proxy($state.user, {})',
  ])('%s', (source) => {
    expect(inferCapabilities(source)).toEqual(expect.arrayContaining(['state:read:user', 'state:write:user']));
  });

  infers([
    // Two keys that hold one object change together.
    ['$state.a = $state.b; $state.a.x = 1', 'state:read:a', 'state:read:b', 'state:write:a', 'state:write:b'],
    ['$state.a = $state.b', 'state:read:b', 'state:write:a'],
  ]);
});

describe('what only reads a value of the state', () => {
  it.each([
    'return $state.user.orders.filter((o) => o.open).map((o) => o.price * o.count).reduce((a, b) => a + b, 0)',
    'return [...$state.user.orders].sort((a, b) => a.n - b.n).slice(0, 3)',
    'const sorted = $state.user.orders.toSorted((a, b) => a.n - b.n); return sorted[0].n',
    'return $state.user.name.trim().toUpperCase().split(" ").map((part) => part[0]).join("")',
    'const { user } = $state; if (user.age > 18 && user.name) return `${user.name}: ${String(user.age)}`',
    '$log($state.user); console.error($state.user); return $state.user',
    'return JSON.stringify($state.user, null, 2)',
    'const copy = structuredClone($state.user); copy.name = 1; return copy',
    'const copy = JSON.parse(JSON.stringify($state.user)); copy.address.city = 1',
    'const next = { ...$state.user, name: "x" }; next.age = 1; return next',
    'const next = [...$state.user.tags, "x"]; next.push("y"); return next',
    'return Object.entries($state.user).map(([key, value]) => `${key}=${value}`)',
    'const groups = {}; for (const o of $state.user.orders) (groups[o.kind] ??= []).push(o); return groups',
    'const seen = new Set($state.user.tags); seen.add("x"); return seen.has("y")',
    'const byId = new Map($state.user.orders.map((o) => [o.id, o])); return byId.get(1).price',
    'return Math.max(...$state.user.numbers) + Number($state.user.age)',
    'function total(orders) { return orders.reduce((sum, { price }) => sum + price, 0) } return total($state.user.orders)',
    'class Cart { constructor(orders) { this.orders = orders } get total() { return this.orders.length } } return new Cart($state.user.orders).total',
    'return new Date($state.user.since).toISOString()',
    'try { return $state.user.a.b } catch (error) { return error.message }',
    'return await Promise.all($state.user.orders.map(async (o) => o.price))',
    'return $state.user.map.get("k").n + [...$state.user.set].length',
    'const pick = ({ name, ...rest }) => name; return pick($state.user)',
    'return $state.user.filter.sort.by + $state.user.values.length',
  ])('%s', (source) => {
    expect(inferCapabilities(source)).toEqual(['state:read:user']);
  });
});

describe('events, view commands and extensions', () => {
  infers([
    ['$emit("n", 1)', 'events:emit:n'],
    ['$emit(`order.${$args.x}`)', 'events:emit:order.*'],
    ['$emit("order." + $args.x)', 'events:emit:order.*'],
    ['$emit($args.x)', 'events:emit:*'],
    ['$emit("a"); $emit("order.new"); $emit("order." + $args.x)', 'events:emit:a', 'events:emit:order.*'],
    ['const e = $emit; e("x")', 'events:emit:x'],
    ['const t = $args.a ? $emit : $log; t("z")', 'events:emit:z'],
    ['["a", "b"].forEach($emit)', 'events:emit:a', 'events:emit:b'],
    [
      '$emit.call(null, "c"); $emit.apply(null, ["d"]); $emit.bind(null, "e")()',
      ...['c', 'd', 'e'].map((n) => `events:emit:${n}`),
    ],
    ['function notify(name, send = $emit) { send(`ui.${name}`) } notify("x")', 'events:emit:ui.x'],
    ['new $emit("n")', 'events:emit:n'],
    ['$lib.bus.connect($emit)', 'events:emit:*'],
    ['setTimeout(() => $emit("later"), 10)', 'events:emit:later', 'timer:sleep'],
    ['await $sleep("3d"); $emit("x")', 'events:emit:x', 'timer:sleep'],
    ['await $signal("paid")', 'signal:paid'],
    ['await $signal("paid", { timeout: "3d" })', 'signal:paid', 'timer:sleep'],
    ['await $signal(`order-${$args.id}`)', 'signal:order-*'],
    ['await $signal($args.name)', 'signal:*'],
    ['const { amount } = await $signal("paid"); $emit("paid", amount)', 'events:emit:paid', 'signal:paid'],
    ['const wait = $signal; await wait("a")', 'signal:a'],
    ['await Promise.all(["a", "b"].map((name) => $signal(name)))', 'signal:a', 'signal:b'],
    ['await $sleepUntil($args.at); setInterval($emit, 5, "tick")', 'events:emit:tick', 'timer:sleep'],
    ['await scheduler.wait(5)', 'timer:sleep'],
    ['await scheduler[$args.x](5)', 'timer:sleep'],
    ['$lib.f(setTimeout)', 'timer:sleep'],
    ['$lib.f(scheduler)', 'timer:sleep'],
    ['const { setTimeout: later } = globalThis; later(() => {}, 1)', 'timer:sleep'],
    ['AbortSignal.timeout(5)', 'timer:sleep'],
    ['clearTimeout(1)'],
    ['await fetch("https://api.example.com/users")', 'net:GET:api.example.com'],
    ['await fetch("https://API.example.com:443")', 'net:GET:api.example.com'],
    ['await fetch(`http://api.example.com:8080/users/${$args.id}`)', 'net:GET:api.example.com:8080'],
    ['await fetch("https://a.b?x=" + $args.x, { method: "post" })', 'net:POST:a.b'],
    ['await fetch("https://a.b/", { method: $args.m })', 'net:*:a.b'],
    ['await fetch(`https://a.b${$args.x}`)', 'net:*'],
    ['await fetch(`https://${$args.x}/`)', 'net:*'],
    ['await fetch("https://u:p@a.b/")', 'net:*'],
    ['await fetch($args.url)', 'net:*'],
    ['await fetch(new Request("https://a.b/"))', 'net:*'],
    ['await fetch(...$args.all)', 'net:*'],
    [
      'const o = { method: "PUT" }; if ($args.x) o.method = "DELETE"; await fetch("https://a.b/", o)',
      'net:DELETE:a.b',
      'net:PUT:a.b',
    ],
    ['for (const u of ["https://a.b/", "https://c.d/"]) await fetch(u)', 'net:GET:a.b', 'net:GET:c.d'],
    ['await Promise.all(["https://a.b/"].map((u) => fetch(u)))', 'net:GET:a.b'],
    ['$lib.client(fetch)', 'net:*'],
    ['globalThis.fetch.call(null, "https://a.b/")', 'net:GET:a.b'],
    [
      'const r = await fetch("https://a.b/"); const d = await r.json(); for (const i of d.items) { $emit("x"); $state[i.key] = 1 }',
      'events:emit:x',
      'net:GET:a.b',
      'state:write:*',
    ],
    [
      'const r = await fetch("https://a.b/"); (await r.json()).items.forEach((i) => $emit(i))',
      'events:emit:*',
      'net:GET:a.b',
    ],
    ['try { await fetch("https://a.b/") } catch (error) { $emit(error.name) }', 'events:emit:*', 'net:GET:a.b'],
    ['const setTimeout = (f) => f(); setTimeout(() => $emit("x"))', 'events:emit:x'],
    [
      '$view.setFilter("a"); $view.scrollTo("b"); $view.focus("c"); $view.command("d", 1)',
      ...['a', 'b', 'c', 'd'].map((n) => `view:update:${n}`),
    ],
    ['const { focus } = $view; focus("x")', 'view:update:x'],
    ['$view[$args.what]("x")', 'view:update:x'],
    ['$lib.f($view)', 'view:update:*'],
    ['return await $ext.http.get("u")', 'ext:http.get'],
    [
      'const { http } = $ext; const { get } = $ext.http; await http.post(); await get()',
      'ext:http.get',
      'ext:http.post',
    ],
    ['return await $ext.http[$args.method]()', 'ext:http.*'],
    ['return await $ext[$args.name].get()', 'ext:*'],
    ['$lib.f($ext.http)', 'ext:http.*'],
    ['$lib.f($ext)', 'ext:*'],
    ['return `${$ext.http}`', 'ext:http.*'],
    ['return JSON.stringify(Object.create($ext.http))', 'ext:http.*'],
    ['(await $ext.db.find($state.q)).rows.push(1)', 'ext:db.find', 'state:read:q'],
    ['$log($args, $scope); console.log(1); return $lib.x.y($args)'],
  ]);
});

describe('names are those of the language', () => {
  infers([
    ['function f($state) { return $state.x } return f({})'],
    ['let $emit = () => 1; $emit("x")'],
    ['{ const $emit = () => 1 } $emit("x")', 'events:emit:x'],
    ['if ($args.a) { function $emit() {} } $emit("x")', 'events:emit:x'],
    ['"use strict"; { function $emit() {} } $emit("x")', 'events:emit:x'],
    ['function f(g = () => $emit("x")) { var $emit; g() } f()', 'events:emit:x'],
    ['try { throw 1 } catch ($state) { return $state.x }'],
    ['for (const $state of []) $state.x = 1'],
    ['class $emit {} new $emit("x")'],
    ['return (function $state() { return $state.x })()'],
    ['return { $state: 1, $emit() { return this.$state } }'],
    ['label: { $state.a; break label }', 'state:read:a'],
    ['globalThis.$state.x = 1; globalThis["$emit"]("q")', 'events:emit:q', 'state:write:x'],
    ['this.$emit("t")', 'events:emit:t'],
    ['function f() { return this.$state.x } f()', 'state:read:x'],
    ['"use strict"; function f() { return this?.$state.x } f()'],
    ['$state = { a: 1 }; return $state.a', 'state:read:a'],
    ['$emit = (name) => { $state[name] = 1 }; $emit("x")', 'events:emit:x', 'state:write:x'],
    ['#!/usr/bin/env node\n$emit("x")', 'events:emit:x'],
    ['\ufeff$emit("x")', 'events:emit:x'],
  ]);
});

describe('what can be anything needs everything', () => {
  it.each([
    ['with ($args) { x = 1 }', 'a with statement'],
    ['return globalThis[$args.k]', 'computed key of globalThis'],
    ['$lib.f(globalThis)', 'globalThis escapes into a call'],
    ['return { ...globalThis }', 'all of globalThis is read'],
    ['Array.prototype.map = (f) => f($state)', 'the builtin Array.prototype is changed'],
    ['[].constructor.prototype.map = 1', 'the builtin constructor.prototype is changed'],
    ['return Symbol.species', 'Symbol.species'],
  ])('%s: %s', (source, reason) => {
    expect(inferCapabilities(source)).toEqual(EVERYTHING);
    for (const { reasons } of explainCapabilities(source)) {
      expect(reasons.map((each) => each.reason)).toContain(reason);
    }
  });

  it('a handler too entangled to be followed, within a second', () => {
    const names = Array.from({ length: 300 }, (_, i) => `v${i}`);
    const knot = names.map((name, i) => `${name} = (x) => ${names.map((other) => `${other}(${other}, v${i})`).join()}`);
    const source = `let ${names.join()};\n${knot.join(';\n')};\nv0(v1)`;
    expect(explainCapabilities(source).map(({ capability }) => capability)).toEqual(EVERYTHING);
  });

  it('a handler nested deeper than can be followed', () => {
    expect(inferCapabilities(`return ${'['.repeat(20_000)}${']'.repeat(20_000)}`)).toEqual(EVERYTHING);
  });
});

describe('the reasons', () => {
  it('name the places in the author’s text, in their order', () => {
    const source = '$state.total = $state.a;\n  $emit("done");\n$state.total++;';
    expect(explainCapabilities(source)).toEqual([
      { capability: 'events:emit:done', reasons: [{ line: 2, column: 3, reason: '$emit is called with "done"' }] },
      { capability: 'state:read:a', reasons: [{ line: 1, column: 16, reason: '$state.a is read' }] },
      { capability: 'state:read:total', reasons: [{ line: 3, column: 1, reason: '$state.total is read' }] },
      {
        capability: 'state:write:total',
        reasons: [
          { line: 1, column: 1, reason: '$state.total is written' },
          { line: 3, column: 1, reason: '$state.total is written' },
        ],
      },
    ]);
  });

  it.each([
    ['return $state[$args.k]', 'state:read:*', 1, 8, '$state under a computed key is read'],
    [
      'const s = "\u2028😀";\r"😀"; return $state[$args.k]',
      'state:read:*',
      2,
      14,
      '$state under a computed key is read',
    ],
    ['$emit($args.k)', 'events:emit:*', 1, 1, '$emit is called with a computed name'],
    ['$emit("a." + $args.k)', 'events:emit:a.*', 1, 1, '$emit is called with a name that begins with "a."'],
    ['\n$lib.f(\n  $state)', 'state:write:*', 2, 1, '$state escapes into a call'],
    ['\ufeff$lib.f($emit)', 'events:emit:*', 1, 2, '$emit escapes into a call'],
    ['const o = { s: $state }; $lib.f(o)', 'state:write:*', 1, 26, '$state escapes into an object that escaped'],
    ['return Object.keys($state)', 'state:read:*', 1, 8, 'all of $state is read'],
    ['$lib.f($state.user)', 'state:write:user', 1, 1, 'a value of $state.user escapes into a call'],
    ['const { user } = $state; user.name = 1', 'state:write:user', 1, 26, 'a value of $state.user is changed'],
  ])('%j: %s at %i:%i because %s', (source, capability, line, column, reason) => {
    const found = explainCapabilities(source).find((each) => each.capability === capability);
    expect(found?.reasons).toContainEqual({ line, column, reason });
  });
});

describe('a source that is no handler', () => {
  const failure = (source: string): NexusError => {
    try {
      inferCapabilities(source);
    } catch (error) {
      if (error instanceof NexusError) return error;
      throw error;
    }
    throw new Error('it was taken');
  };

  it.each([
    ['const x = ;', 1, 11],
    ['return 1;\n  let a = 1, a = 2;', 2, 14],
    ['if (true) {', 1, 11],
    ['\ufeff)', 1, 2],
    ['"use strict"; with ({}) {}', 1, 15],
  ])('%j is a COMPILATION_ERROR at %i:%i, with a snippet', (source, line, column) => {
    const { code, context } = failure(source);
    expect({ code, location: context['location'] }).toEqual({ code: 'COMPILATION_ERROR', location: { line, column } });
    expect(context['snippet']).toContain('^');
  });

  it('a source that closes its function is an INVALID_HANDLER', () => {
    expect(failure('}); steal(); (async function(){').code).toBe('INVALID_HANDLER');
    expect(() => inferCapabilities(1 as never)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('is none that the engine compiles', () => {
    const programs = SUBJECTS.flatMap((subject) => subject.programs).filter(({ ends }) => ends !== 'syntax error');
    expect(programs.length).toBeGreaterThan(300);
    for (const { body } of programs) expect(() => inferCapabilities(body), body).not.toThrow();
  });
});

describe('the examples', () => {
  it.each([
    ['price-order', ['events:emit:order.priced', 'state:read:customer', 'state:read:rules', 'state:write:lastQuote']],
    ['render-markdown', []],
  ])('%s needs what it says', async (name, tokens) => {
    const source = await readFile(new URL(`../../examples/handlers/${name}.js`, import.meta.url), 'utf8');
    expect(inferCapabilities(source)).toEqual(tokens);
  });
});

describe('the parser', () => {
  it('is loaded by whoever infers, and by nobody else', async () => {
    const program = `
      import { createRequire } from 'node:module';
      import { inferCapabilities } from '${await bundleSource('src/index.ts')}';
      const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/acorn/'));
      const before = isLoaded();
      console.log(before, inferCapabilities('$state.a').join(), isLoaded());
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(stdout.trim()).toBe('false state:read:a true');
  });
});
