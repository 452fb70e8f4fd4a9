import { js, type Subject } from '../program.js';

export const proxies: Subject = {
  subject: 'Proxy and Reflect',
  programs: [
    {
      title: 'every trap sees its operation',
      body: js`
        const log = [];
        const handler = new Proxy({}, {
          get: (_, trap) => (...args) => { log.push(trap); return Reflect[trap](...args); } });
        const p = new Proxy(function f() {}, handler);
        p.a = 1; p.a; 'a' in p; delete p.a; p(); new p(); Object.keys(p); Object.getPrototypeOf(p);
        Object.setPrototypeOf(p, null);
        Object.defineProperty(p, 'b', { value: 1, configurable: true }); Object.getOwnPropertyDescriptor(p, 'b');
        Object.isExtensible(p); Object.preventExtensions(p);
        for (const k in p);
        return log;
      `,
    },
    {
      title: 'traps must respect the invariants of the target',
      body: js`
        const target = Object.freeze({ fixed: 1 });
        const p = new Proxy(target, { get: () => 2, has: () => false, ownKeys: () => [], deleteProperty: () => true,
          getPrototypeOf: () => Array.prototype, isExtensible: () => true, set: () => true });
        const out = [];
        for (const f of [() => p.fixed, () => 'fixed' in p, () => Object.keys(p), () => delete p.fixed,
          () => Object.getPrototypeOf(p), () => Object.isExtensible(p), () => { p.fixed = 3; }]) {
          try { out.push(f()); } catch (e) { out.push(e.name); } }
        return out;
      `,
    },
    {
      title: 'a trap that returns false fails in strict mode only',
      body: js`
        const p = new Proxy({}, { set: () => false, deleteProperty: () => false, defineProperty: () => false });
        p.x = 1;
        const sloppy = delete p.x;
        const strict = (function () { 'use strict'; const out = [];
          try { p.x = 1; } catch (e) { out.push(e.name); } try { delete p.x; } catch (e) { out.push(e.name); }
          return out; })();
        return [sloppy, strict, Reflect.set(p, 'x', 1), Reflect.defineProperty(p, 'x', {})];
      `,
    },
    {
      title: 'revoked proxies throw for everything but typeof',
      body: js`
        const { proxy, revoke } = Proxy.revocable(() => 1, {});
        const before = proxy();
        revoke(); revoke();
        const out = [before, typeof proxy];
        for (const f of [() => proxy.x, () => proxy(), () => Object.keys(proxy), () => Array.isArray(proxy)]) {
          try { f(); } catch (e) { out.push(e.name + ': ' + e.message); } }
        return out;
      `,
    },
    {
      title: 'negative indices, default values and observers through proxies',
      body: js`
        const negative = (a) => new Proxy(a,
          { get: (t, k, r) => (typeof k === 'string' &&
          /^-\d+$/.test(k) ? t[t.length + Number(k)] : Reflect.get(t, k, r)) });
        const changes = [];
        const watch = (o, path = '') =>
          new Proxy(o, { get(t, k, r) { const v = Reflect.get(t, k, r);
          return typeof v === 'object' && v ? watch(v, path + String(k) + '.') : v; },
          set(t, k, v, r) { changes.push(path + String(k) + '=' + v); return Reflect.set(t, k, v, r); } });
        const o = watch({ a: { b: 1 }, list: [] });
        o.a.b = 2; o.list.push('x'); o.n = null;
        return [negative([1, 2, 3])[-1], negative([1, 2, 3]).length, changes, o];
      `,
    },
    {
      title: 'the receiver reaches getters and setters behind a proxy and a prototype',
      body: js`
        const target = { get me() { return this.tag; }, set me(v) { this.tag = v; }, tag: 'target' };
        const p = new Proxy(target, {});
        const child = Object.create(p, { tag: { value: 'child', writable: true } });
        child.me = 'changed';
        return [p.me, child.me, target.tag, Reflect.get(target, 'me', { tag: 'receiver' }),
          Reflect.set(target, 'me', 1, child), child.tag];
      `,
    },
    {
      title: 'Reflect.construct, apply and ownKeys',
      body: js`
        class A { constructor(x) { this.x = x; this.target = new.target.name; } }
        class B {}
        const made = Reflect.construct(A, [1], B);
        const out = [made instanceof B, made instanceof A, made, Reflect.apply(Math.max, null, [1, 3, 2]),
          Reflect.apply(String.prototype.slice, 'hello', [1, 3]), Reflect.has({ x: 1 }, 'x'), Reflect.ownKeys([1])];
        try { Reflect.construct(() => {}, []); } catch (e) { out.push(e.name); }
        try { Reflect.ownKeys(1); } catch (e) { out.push(e.name); }
        return out;
      `,
    },
    {
      title: 'proxies of arrays, classes and callables keep their nature',
      body: js`
        const array = new Proxy([1, 2], {});
        const C = new Proxy(class Base { static s = 's'; m() { return 'm'; } },
          { construct: (t, a, n) => Object.assign(Reflect.construct(t, a, n), { via: 'proxy' }) });
        class D extends C {}
        let error;
        try { C(); } catch (e) { error = e.name; }
        return [Array.isArray(array), array.concat([3]), JSON.stringify(array), new D(), D.s, new D().m(), error,
          Object.prototype.toString.call(array), typeof C];
      `,
    },
    {
      title: 'with, in, for-in and spread go through traps',
      body: js`
        const log = [];
        const p = new Proxy({ a: 1, b: 2 },
          { has(t, k) { log.push('has ' + String(k)); return k in t; },
          get(t, k) { log.push('get ' + String(k)); return t[k]; },
          ownKeys(t) { log.push('ownKeys'); return Reflect.ownKeys(t).reverse(); } });
        with (p) { log.push(a); }
        const copy = { ...p };
        const { a, ...rest } = p;
        return [log, copy, a, rest];
      `,
    },
  ],
};
