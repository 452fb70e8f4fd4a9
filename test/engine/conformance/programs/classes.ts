import { js, type Subject } from '../program.js';

export const classes: Subject = {
  subject: 'classes and inheritance',
  programs: [
    {
      title: 'fields are initialised in order, after super() and before the rest of the constructor',
      body: js`
        const log = [];
        const note = (x) => (log.push(x), x);
        class Base { a = note('base field'); constructor() { note('base constructor'); } }
        class Derived extends Base {
          b = note('derived field ' + this.a);
          constructor() { note('before super'); super(); note('after super ' + this.b); }
          [note('computed key')] = note('last field');
        }
        const made = new Derived();
        return { log, made };
      `,
    },
    {
      title: 'a derived constructor must call super() exactly once',
      body: js`
        const errors = [];
        const attempt = (f) => { try { f(); } catch (e) { errors.push(e.name + ': ' + e.message); } };
        class Base {}
        attempt(() => new (class extends Base { constructor() {} })());
        attempt(() => new (class extends Base { constructor() { this.x = 1; super(); } })());
        attempt(() => new (class extends Base { constructor() { super(); super(); } })());
        attempt(() => new (class extends Base { constructor() { super(); return 1; } })());
        attempt(() => Base());
        return errors;
      `,
    },
    {
      title: 'a constructor may return another object, and fields of a subclass land on it',
      body: js`
        class Stamp { constructor(target) { return target; } }
        class Marked extends Stamp { mark = 'yes'; #secret = 42; static read(o) { return o.#secret; } }
        const plain = { plain: true };
        const result = new Marked(plain);
        return [result === plain, plain, Marked.read(plain), result instanceof Marked];
      `,
    },
    {
      title: 'super in methods, getters, static methods and arrows uses the home object',
      body: js`
        class A {
          get kind() { return 'A:' + this.tag; }
          hello() { return 'hello from A to ' + this.tag; }
          static make() { return 'A.make on ' + this.name; }
        }
        class B extends A {
          tag = 'b';
          get kind() { return 'B>' + super.kind; }
          hello() { return [1, 2].map((n) => super.hello() + n).join('|'); }
          static make() { return 'B>' + super.make(); }
          borrowed = () => super.hello();
        }
        const other = { tag: 'other', hello: B.prototype.hello };
        const b = new B();
        return [b.kind, b.hello(), B.make(), b.borrowed(), other.hello()];
      `,
    },
    {
      title: 'super property assignment writes to this, reading finds the prototype',
      body: js`
        const proto = { x: 'proto', set y(v) { this.seen = v; } };
        const object = {
          __proto__: proto,
          run() { super.x = 'own'; super.y = 5; return [super.x, this.x, this.seen, Object.keys(this)]; },
        };
        return object.run();
      `,
    },
    {
      title: 'class declarations are in TDZ in their own heritage and computed keys',
      body: js`
        const errors = [];
        try { class C extends C {} } catch (e) { errors.push(e.name); }
        try { class D { [D.name]() {} } } catch (e) { errors.push(e.name); }
        try { new E(); class E {} } catch (e) { errors.push(e.name); }
        return errors;
      `,
    },
    {
      title: 'the inner class binding is constant, the outer one is not',
      body: js`
        class C { static rebind() { C = 1; } }
        let message;
        try { C.rebind(); } catch (e) { message = e.name + ': ' + e.message; }
        const before = typeof C;
        C = 'outer';
        return [message, before, C];
      `,
    },
    {
      title: 'extending builtins gives instances with the internal slots',
      body: js`
        class Stack extends Array { top() { return this.at(-1); } static get [Symbol.species]() { return Array; } }
        class Fault extends Error { constructor(m) { super(m, { cause: 'why' }); this.name = 'Fault'; } }
        class Table extends Map { get(k) { return super.get(k) ?? 'none'; } }
        const s = Stack.of(1, 2, 3);
        const f = new Fault('broken');
        const t = new Table([['a', 1]]);
        return [s, s.top(), s.map((x) => x) instanceof Stack, f, String(f), t.get('a'), t.get('b'), t];
      `,
    },
    {
      title: 'extends null and non-constructors',
      body: js`
        class N extends null { static s() { return 's'; } }
        const errors = [];
        const attempt = (f) => { try { f(); } catch (e) { errors.push(e.name + ': ' + e.message); } };
        attempt(() => new N());
        attempt(() => { class X extends 5 {} });
        attempt(() => { class X extends (() => {}) {} });
        attempt(() => { function F() {} F.prototype = 3; class X extends F {} });
        return [N.s(), Object.getPrototypeOf(N.prototype), errors];
      `,
    },
    {
      title: 'methods are not enumerable, not constructors and named after their keys',
      body: js`
        const key = Symbol('key');
        class C { plain() {} *gen() {} async later() {} get prop() { return 1; } static s() {} [key]() {}
          'quoted name'() {} 12() {} }
        const names = Reflect.ownKeys(C.prototype).map((k) => {
          const d = Object.getOwnPropertyDescriptor(C.prototype, k);
          const f = d.value ?? d.get;
          return [String(k), d.enumerable, f.name, Object.hasOwn(f, 'prototype')];
        });
        let message;
        try { new C.prototype.plain(); } catch (e) { message = e.name + ': ' + e.message; }
        return [names, message, Object.keys(C)];
      `,
    },
    {
      title: 'anonymous classes take the name of what they are assigned to, static name wins',
      body: js`
        const A = class {};
        const B = class Inner { static who() { return Inner.name; } };
        const C = class { static name = 'custom'; };
        const o = { D: class {}, ['E' + 1]: class {} };
        const [F = class {}] = [];
        let G; G ??= class {};
        return [A.name, B.name, B.who(), C.name, o.D.name, o.E1.name, F.name, G.name, (class {}).name];
      `,
    },
    {
      title: 'mixins compose and instanceof follows the prototype chain',
      body: js`
        const Walks = (S) => class Walks extends S { move() { return [...(super.move?.() ?? []), 'walk']; } };
        const Swims = (S) => class Swims extends S { move() { return [...(super.move?.() ?? []), 'swim']; } };
        class Animal { constructor(name) { this.name = name; } }
        class Duck extends Swims(Walks(Animal)) { move() { return [this.name, ...super.move()]; } }
        const d = new Duck('d');
        const chain = [];
        for (let p = Duck; p !== Function.prototype; p = Object.getPrototypeOf(p)) chain.push(p.name);
        return [d.move(), chain, d instanceof Animal];
      `,
    },
    {
      title: 'the class body is strict code and its prototype property is fixed',
      body: js`
        class C { m() { return this; } assign() { undeclared = 1; } }
        const { m, assign } = new C();
        let error;
        try { assign(); } catch (e) { error = e.name; }
        return [m(), error, Object.getOwnPropertyDescriptor(C, 'prototype').writable, typeof C];
      `,
    },
    {
      title: 'old-style constructors and classes inherit from each other',
      body: js`
        function Old(x) { this.x = x; }
        Old.prototype.get = function () { return 'old ' + this.x; };
        class New extends Old { get() { return 'new ' + super.get(); } }
        function Older(x) { return Reflect.construct(New, [x], Older); }
        Older.prototype = Object.create(New.prototype, { constructor: { value: Older } });
        const o = new Older(7);
        return [new New(1).get(), o.get(), o instanceof Older, Object.getPrototypeOf(o) === Older.prototype];
      `,
    },
  ],
};
