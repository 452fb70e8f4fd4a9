import { type Area, combine } from './area.js';

const MEMBERS: Record<string, string> = {
  'a field': 'NAME = note("value");',
  'a field without a value': 'NAME;',
  'a field that uses this': 'NAME = this === undefined ? 0 : typeof this;',
  'a method': 'NAME(x = 1, ...r) { return [x, r.length, typeof this]; }',
  'a getter': 'get NAME() { return note("get"); }',
  'a getter and a setter': 'get NAME() { return this.kept; } set NAME(v) { this.kept = [v]; }',
  'a generator': '*NAME() { yield note("yield"); return 1; }',
  'an async method': 'async NAME() { return await note("await"); }',
  'an arrow in a field': 'NAME = () => [typeof this, new.target];',
};
const NAMES: Record<string, string> = {
  named: 'm',
  'with a text': '"x y"',
  'with a number': '1',
  computed: '[note("key")]',
  'of a symbol': '[S]',
  private: '#p',
};
const STATICS: Record<string, string> = { '': '', static: 'static ' };

function memberProgram(member: string, name: string, isStatic: string): string {
  const access = name === '#p' ? `o.#p` : `o[K]`;
  const key = { m: '"m"', '"x y"': '"x y"', '1': '1', '[note("key")]': '"key"', '[S]': 'S', '#p': '""' }[name];
  return `const log = []; const note = (v) => { log.push(v); return v; }; const S = Symbol('s'); const K = ${key};
    class C { ${isStatic}${member.replace(' set NAME', ` ${isStatic}set NAME`).replaceAll('NAME', name)} static use(o) { const v = ${access}; return typeof v === 'function' ? v.call(o) : v; } static put(o) { try { ${access} = 5; return ${access}; } catch (e) { return e.name; } } }
    const o = ${isStatic === '' ? 'new C()' : 'C'};
    const first = C.use(o); const value = first && first.next ? [...first] : await first;
    return [value, C.put(o), Object.getOwnPropertyNames(C), Object.getOwnPropertyNames(C.prototype), Reflect.ownKeys(new C()).length, log];`;
}

const BASES: Record<string, string> = {
  'no base': '',
  'a class': 'extends Base',
  'a function': 'extends Old',
  null: 'extends null',
  Array: 'extends Array',
  Error: 'extends Error',
  Map: 'extends Map',
  Promise: 'extends Promise',
  'what is no constructor': 'extends (() => {})',
};
const CONSTRUCTORS: Record<string, string> = {
  'the constructor that is implied': '',
  'super first': 'constructor(...a) { super(...a); this.own = note("own"); }',
  'super late': 'constructor() { note("before"); const f = () => super(2); f(); this.own = 1; }',
  'no super': 'constructor() { this.own = 1; }',
  'super twice': 'constructor() { super(); super(); }',
  'an object returned': 'constructor() { return { other: new.target === C }; }',
  'a primitive returned': 'constructor(x) { super(x); return 1; }',
  'super of a property': 'constructor() { super(1); this.up = [super.hello?.(), super.missing]; super.set = 3; }',
};

const inheritance = (base: string, made: string) => `const log = []; const note = (v) => { log.push(v); return v; };
    class Base { kept = note('base field'); constructor(x) { this.x = x; note(new.target.name); } hello() { return 'hello ' + (this.x ?? this.length); } static make(...a) { return new this(...a); } }
    function Old(x) { this.x = x; } Old.prototype.hello = function () { return 'old'; };
    let result; try { class C ${base} { field = note('field'); ${made} hello() { return [super.hello?.(), 'more']; } }
      const o = new C(${base.includes('Promise') ? '(r) => r(1)' : '1'}); result = [Object.keys(o), o.x, o.own, o.up, o.set, o.length, o.other, o instanceof C, typeof o.hello?.(), C.name, C.length, Object.getPrototypeOf(C) === Function.prototype];
    } catch (e) { result = e.name; } return [result, log];`;

const PRIVATE: Record<string, string> = {
  'in checks':
    'class A { #p; static has(o) { try { return #p in o; } catch (e) { return e.name; } } } return [A.has(new A()), A.has({}), A.has(1)];',
  'methods cannot be assigned':
    'class A { #m() {} set() { try { this.#m = 1; } catch (e) { return e.name; } } } return new A().set();',
  accessors:
    'class A { #v = 1; get #x() { return this.#v; } set #x(v) { this.#v = v * 2; } run() { this.#x = 4; this.#x += 1; return [this.#x, this.#x++, this.#v]; } } return new A().run();',
  'getter only':
    'class A { get #x() { return 1; } run() { try { this.#x = 2; } catch (e) { return e.name; } } } return new A().run();',
  'static methods of a subclass':
    'class A { static #s() { return 1; } static run() { try { return this.#s(); } catch (e) { return e.name; } } } class B extends A {} return [A.run(), B.run()];',
  'on another object':
    'class A { #p = 1; static get(o) { try { return o.#p; } catch (e) { return e.name; } } } return [A.get(new A()), A.get({}), A.get(new Proxy(new A(), {}))];',
  'put on twice':
    'class Base { constructor(o) { return o; } } class A extends Base { #p = 1; } const o = {}; new A(o); try { new A(o); } catch (e) { return e.name; }',
  'nested classes':
    'class A { #p = 1; B = class { #p = 2; both(a) { try { return [this.#p, a.#p]; } catch (e) { return e.name; } } } } const a = new A(); return new a.B().both(a);',
  'in optional chains':
    'class A { #p = { q: 1 }; static get(o) { return o?.#p?.q; } } return [A.get(new A()), A.get(null)];',
  'logical assignment':
    'class A { #n; #z = 0; run() { this.#n ??= 5; this.#n ||= 6; this.#z &&= 7; return [this.#n, this.#z]; } } return new A().run();',
  'deferred initialisers':
    'const log = []; class A { static #c = log.push("c"); a = log.push("a"); #b = log.push("b"); static { log.push(A.#c); } constructor() { log.push("ctor"); } } new A(); return log;',
  'names in computed keys':
    'const log = []; class A { [(log.push(1), "x")] = log.push(3); static [(log.push(2), "y")] = log.push(4); } new A(); return [log, A.y];',
  'static blocks see private names': 'let get; class A { #p = 3; static { get = (o) => o.#p; } } return get(new A());',
  'this in static blocks':
    'class A { static x = 1; static { this.y = this.x + 1; } static z = this.y + 1; } return [A.x, A.y, A.z];',
  'a class that uses itself before it is there':
    'try { class A { static x = new A(); static y = A.x instanceof A; } return A.y; } catch (e) { return e.name; }',
  'a class in its own heritage': 'try { class A extends A {} return 1; } catch (e) { return e.name; }',
  'the name inside is constant':
    'class A { static run() { try { A = 1; } catch (e) { return e.name; } } } return A.run();',
  'accessors are inherited by halves':
    'class A { get x() { return 1; } set x(v) { this.v = v; } } class B extends A { set x(v) { super.x = v + 1; } } const b = new B(); b.x = 1; return [b.x, b.v];',
  'toString tags':
    'class A { get [Symbol.toStringTag]() { return "Tag"; } } return [String(new A()), Object.prototype.toString.call(A)];',
  'instanceof can be decided':
    'class A { static [Symbol.hasInstance](v) { return v === 1; } } return [1 instanceof A, new A() instanceof A];',
  species:
    'class A extends Array { static get [Symbol.species]() { return Array; } } const a = new A(1, 2, 3); return [a.map((x) => x) instanceof A, a.filter(Boolean).constructor === Array, A.from([1]) instanceof A];',
  'new.target':
    'function F() { return new.target; } class A { constructor() { this.t = new.target; } } class B extends A {} return [F(), new F() === undefined, new B().t === B, Reflect.construct(A, [], Array).t === Array];',
  'methods have no prototype':
    'class A { m() {} static s() {} get g() { return 1; } } try { new (new A().m)(); } catch (e) { return [e.name, "prototype" in A.prototype.m, "prototype" in A.s]; }',
  'class fields do not call setters':
    'let calls = 0; class A { set x(v) { calls++; } } class B extends A { x = 1; } return [new B().x, calls];',
};

export const classes: Area = {
  area: 'classes',
  programs: [
    ...combine(MEMBERS, NAMES, STATICS).map(([title, ...rest]) => ({
      title: `${title}, used and changed`,
      body: memberProgram(...rest),
    })),
    ...combine(BASES, CONSTRUCTORS)
      .filter(([, base, made]) => base !== '' || !made.includes('super'))
      .map(([title, ...[base, made]]) => ({
        title: `a class on ${title}`,
        body: inheritance(base, made),
      })),
    ...Object.entries(PRIVATE).map(([title, body]) => ({ title: `class members: ${title}`, body })),
  ],
};
