import { js, type Subject } from '../program.js';

export const privateMembers: Subject = {
  subject: 'private members and static blocks',
  programs: [
    {
      title: 'private fields are per instance and invisible to reflection',
      body: js`
        class Counter { #n = 0; up(by = 1) { this.#n += by; return this; } get value() { return this.#n; } }
        const a = new Counter().up().up(5);
        const b = new Counter();
        return [a.value, b.value, Reflect.ownKeys(a), JSON.stringify(a), a['#n']];
      `,
    },
    {
      title: 'private methods, getters and setters, with compound assignment',
      body: js`
        class C {
          #raw = 10;
          get #half() { return this.#raw / 2; }
          set #half(v) { this.#raw = v * 2; }
          #twice(x) { return x * 2; }
          run() { this.#half += 3; this.#raw **= 2; this.#half++;
            return [this.#raw, this.#half, this.#twice(this.#raw)]; }
        }
        return new C().run();
      `,
    },
    {
      title: '#x in tells instances from other objects without throwing',
      body: js`
        class C {
          #x; static #s; #m() {}
          static has(o) { return #x in o; }
          static hasStatic(o) { return #s in o; }
          static hasMethod(o) { return #m in o; }
        }
        class D extends C {}
        let message;
        try { C.has(1); } catch (e) { message = e.name + ': ' + e.message; }
        return [C.has(new C()), C.has(new D()), C.has({}), C.hasStatic(C), C.hasStatic(D), C.hasMethod(new C()),
          message];
      `,
    },
    {
      title: 'brand checks throw TypeError for reads, writes and calls on foreign objects',
      body: js`
        class C {
          #x = 1; #m() { return 'm'; } get #g() { return 1; }
          static read(o) { return o.#x; }
          static write(o) { o.#x = 2; }
          static call(o) { return o.#m(); }
          static setMethod(o) { o.#m = 1; }
          static setGetter(o) { o.#g = 1; }
        }
        const out = [];
        for (const [name, target] of [['read', {}], ['write', {}], ['call', {}], ['setMethod', new C()],
          ['setGetter', new C()]]) {
          try { C[name](target); out.push(name + ' ok'); } catch (e) { out.push(name + ' ' + e.name); }
        }
        return out;
      `,
    },
    {
      title: 'two evaluations of one class have distinct private names',
      body: js`
        const make = () => class { #v = 'v'; static peek(o) { return o.#v; } static is(o) { return #v in o; } };
        const A = make();
        const B = make();
        let error;
        try { A.peek(new B()); } catch (e) { error = e.name; }
        return [A.peek(new A()), A.is(new B()), B.is(new B()), error];
      `,
    },
    {
      title: 'static blocks run in order, see private names and have their own this and var scope',
      body: js`
        const log = [];
        var outer = 'outer';
        class C {
          static a = log.push('a');
          static { var outer = 'inner'; log.push('block ' + outer + ' ' + (this === C) + ' ' + (#p in C)); }
          static #p = 'late';
          static { this.fromBlock = C.#p; log.push('second ' + this.fromBlock); }
          static b = log.push('b');
        }
        return [log, outer, C.fromBlock];
      `,
    },
    {
      title: 'a static block can hand out friend access',
      body: js`
        let getSecret;
        let setSecret;
        class Vault {
          #secret;
          constructor(s) { this.#secret = s; }
          static { getSecret = (v) => v.#secret; setSecret = (v, s) => { v.#secret = s; }; }
        }
        const v = new Vault('one');
        const before = getSecret(v);
        setSecret(v, 'two');
        return [before, getSecret(v)];
      `,
    },
    {
      title: 'static private methods and fields work through the class, not through subclasses',
      body: js`
        class Id { static #next = 1; static #take() { return Id.#next++; }
          static make() { return 'id' + this.#take(); } }
        class Sub extends Id {}
        const out = [Id.make(), Id.make()];
        try { Sub.make(); } catch (e) { out.push(e.name); }
        return out;
      `,
    },
    {
      title: 'nested classes reach the private names of the outer one and may shadow them',
      body: js`
        class Outer {
          #x = 'outer x';
          #y = 'outer y';
          inner() {
            const outer = this;
            return new (class { #x = 'inner x'; both(o) { return [this.#x, o.#y, #x in o]; } })().both(outer);
          }
        }
        return new Outer().inner();
      `,
    },
    {
      title: 'private access combines with optional chaining, destructuring and logical assignment',
      body: js`
        class C {
          #a; #b = { deep: [1, 2, 3] };
          run(o) {
            this.#a ??= 'filled';
            [this.#a, ...this.#b.rest] = [this.#a + '!', 4, 5];
            ({ length: this.#b.size } = 'four');
            return [o?.#a, o?.#b.deep?.[1], this.#a, this.#b];
          }
        }
        return [new C().run(undefined), new C().run(new C())];
      `,
    },
    {
      title: 'private generator, async and async generator methods',
      body: js`
        class C {
          *#gen() { yield 1; yield* [2, 3]; }
          async #later(x) { await null; return x * 2; }
          async *#stream() { for (const x of this.#gen()) yield await this.#later(x); }
          async all() { const out = []; for await (const x of this.#stream()) out.push(x); return out; }
        }
        return new C().all();
      `,
    },
    {
      title: 'initialising a private field twice on one object fails',
      body: js`
        class Base { constructor(o) { return o; } }
        class Once extends Base { #x = 1; }
        const o = {};
        new Once(o);
        new Once(o);
      `,
      ends: 'exception',
    },
  ],
};
