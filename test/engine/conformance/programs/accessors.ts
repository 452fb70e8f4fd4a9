import { js, type Subject } from '../program.js';

export const accessors: Subject = {
  subject: 'getters, setters and property attributes',
  programs: [
    {
      title: 'object literal accessors merge, and a later data property replaces them',
      body: js`
        const o = { get a() { return 1; }, set a(v) { this.b = v; }, get c() { return 2; }, c: 3, set d(v) {} };
        o.a = 9;
        return [o, Object.getOwnPropertyDescriptors(o)];
      `,
    },
    {
      title: 'inherited setters catch assignments, inherited read-only properties refuse them',
      body: js`
        'use strict';
        const proto = Object.defineProperty({ set s(v) { this.caught = v; } }, 'fixed', { value: 1 });
        const o = Object.create(proto);
        o.s = 'assigned';
        const errors = [];
        try { o.fixed = 2; } catch (e) { errors.push(e.name + ': ' + e.message); }
        try { ({ get g() { return 1; } }).g = 2; } catch (e) { errors.push(e.name + ': ' + e.message); }
        return [o, errors];
      `,
    },
    {
      title: 'defineProperty keeps unspecified attributes when it redefines',
      body: js`
        const o = { x: 1 };
        Object.defineProperty(o, 'x', { enumerable: false });
        Object.defineProperty(o, 'y', { get: () => 'y', configurable: true });
        Object.defineProperty(o, 'y', { enumerable: true });
        Object.defineProperty(o, 'z', { value: 1 });
        const errors = [];
        try { Object.defineProperty(o, 'z', { value: 2 }); } catch (e) { errors.push(e.message); }
        try { Object.defineProperty(o, 'w', { get() {}, value: 1 }); } catch (e) { errors.push(e.message); }
        return [o, errors];
      `,
    },
    {
      title: 'freeze, seal and preventExtensions in sloppy and strict mode',
      body: js`
        const frozen = Object.freeze({ a: 1, nested: { b: 2 } });
        frozen.a = 2; frozen.c = 3; delete frozen.a; frozen.nested.b = 4;
        const sealed = Object.seal([1, 2]);
        sealed[0] = 'changed'; sealed[5] = 'no';
        const closed = Object.preventExtensions({ d: 1 });
        closed.e = 1; delete closed.d;
        const strict = (function () { 'use strict';
          try { frozen.a = 5; } catch (e) { return e.name + ': ' + e.message; } })();
        const push = (() => { try { sealed.push(3); } catch (e) { return e.name; } })();
        return [frozen, sealed, closed, strict, push, Object.isFrozen(frozen), Object.isSealed(sealed),
          Object.isExtensible(closed)];
      `,
    },
    {
      title: 'computed accessor names and accessors on classes',
      body: js`
        const s = Symbol('temp');
        const n = (x) => 'n' + x;
        class T {
          static #c = 0;
          get [s]() { return ++T.#c; }
          static get [n(1)]() { return 'static'; }
          set [n(2)](v) { this.got = [...(this.got ?? []), v]; }
        }
        const t = new T();
        t.n2 = 1; t.n2 = 2;
        return [t[s], t[s], T.n1, t, t.n2];
      `,
    },
    {
      title: 'a lazy getter replaces itself by a value',
      body: js`
        let computed = 0;
        const o = {
          get heavy() {
            computed++;
            Object.defineProperty(this, 'heavy', { value: 'done', enumerable: true });
            return this.heavy;
          },
        };
        return [o.heavy, o.heavy, computed, o];
      `,
    },
    {
      title: '__proto__ in literals sets the prototype once, shorthand and computed ones do not',
      body: js`
        const __proto__ = 'own';
        const base = { inherited: true };
        const a = { __proto__: base };
        const b = { __proto__ };
        const c = { ['__proto__']: base };
        const d = { __proto__() { return 'method'; } };
        return [a.inherited, Object.keys(a), Object.keys(b), b, Object.getPrototypeOf(c) === Object.prototype,
          d.__proto__()];
      `,
    },
    {
      title: 'own keys come as integers ascending, then strings, then symbols by insertion',
      body: js`
        const o = { b: 1, 10: 1, a: 1, [Symbol('s')]: 1, 2: 1, '-1': 1, '01': 1, 4294967295: 1, 4294967294: 1 };
        o.c = 1; delete o.b; o.b = 2; o[0] = 1;
        const seen = [];
        for (const k in Object.assign(Object.create({ inherited: 1, a: 2 }), o)) seen.push(k);
        return [Reflect.ownKeys(o), seen, Object.entries(o)];
      `,
    },
  ],
};
