import { js, type Subject } from '../program.js';

export const scripts: Subject = {
  subject: 'top level of a script and syntax errors',
  programs: [
    {
      title: 'top-level var and function become properties of the global object',
      preamble: js`
        var globalVar = 'v'; function globalFunction() { return 'f'; } var globalFunction;
        async function later() {} function* gen() {}
      `,
      body: js`
        return [globalThis.globalVar, globalFunction(), Object.getOwnPropertyDescriptor(globalThis, 'globalVar'),
          delete globalThis.globalVar, typeof globalThis.later, 'gen' in globalThis];
      `,
    },
    {
      title: 'top-level let, const and class are shared but no properties',
      preamble: js`let counter = 0; const limit = 3; class Shared { static up() { return ++counter; } }`,
      body: js`
        let error; Shared.up(); counter += 10;
        try { limit = 4; } catch (e) { error = e.name + ': ' + e.message; }
        return [counter, Shared.up(), limit, error, 'counter' in globalThis, globalThis.Shared];
      `,
    },
    {
      title: 'top-level this, blocks and loops before the function',
      preamble: js`
        var topThis = this; var collected = [];
        for (var i = 0; i < 3; i++) { let j = i * 2; collected.push(() => i + j); }
        label: { if (collected.length) break label; collected = null; }
      `,
      body: js`return [topThis === globalThis, collected.map((f) => f()), globalThis.i];`,
    },
    {
      title: 'a "use strict" directive at the top governs the whole script',
      preamble: js`'use strict'; var strictThis = (function () { return this; })();`,
      body: js`
        let error; try { leaked = 1; } catch (e) { error = e.name; }
        return [strictThis, error, (function () { return this; })()];
      `,
    },
    {
      title: 'top-level patterns, defaults and closures over them',
      preamble: js`
        const { a, b: [c = 'dc'], ...others } = { a: 1, b: [], x: 'x' }; let [p, ...q] = 'pqr';
        var read = () => [a, c, others, p, q];
      `,
      body: js`p = 'changed'; q = []; return read();`,
    },
    {
      title: 'top-level functions in blocks follow the web semantics',
      preamble: js`
        var before = typeof blockFunction;
        { function blockFunction() { return 'called'; } } if (true) function inIf() { return 'if'; }
      `,
      body: js`return [before, blockFunction(), globalThis.blockFunction === blockFunction, inIf()];`,
    },
    {
      title: 'comments of every kind are no part of the program',
      preamble: '// line comment\n/* block */ /* multi\nline */ <!-- html-like open\n--> html-like close\n',
      body: js`/* a */ const /* b */ x /* c */ = 1 // d
        /* e
        */ return /* no newline */ [x, /* f */ 2, '/* text */', /\/\*regex\*\//.source, \`// \${x /* g */}\`]`,
    },
    {
      title: 'escaped and contextual keywords as names',
      body: js`
        var async = 1, of = 2, get = 3, set = 4, from = 5, static = 6, let_ = 7, yield = 8, let = 9, target = 10,
          implements = 11; const o = { l\u0065t: 'escaped', async: async, async *of() {} };
        async: for (of of [1]) continue async;
        return [async, of, get, set, from, static, yield, let, target, implements, o.let, typeof o.of];
      `,
    },
    ...[
      ['a reserved word as a name', js`var class = 1;`],
      ['let declared twice', js`let a; let a;`],
      ['var against let', js`let a; { var a; }`],
      ['an assignment to a literal', js`1 = 2;`],
      ['an unterminated string', `const s = 'abc\n';`],
      ['an unterminated template', js`const t = \`abc`],
      ['an invalid regular expression', js`const r = /(/;`],
      ['a break without a loop', js`break;`],
      ['an undefined label', js`for (;;) continue nowhere;`],
      ['super outside of a method', js`function f() { super.x; }`],
      ['an unknown private name', js`class A { m() { return this.#nope; } }`],
      ['a private name declared twice', js`class A { #x; #x; }`],
      ['strict code with octal literals', js`'use strict'; return 017;`],
      ['strict code with with', js`'use strict'; with ({}) {}`],
      ['duplicate parameters of an arrow', js`const f = (a, a) => a;`],
      ['a use strict directive behind defaults', js`function f(a = 1) { 'use strict'; }`],
      ['mixed ?? and ||', js`return 1 ?? 2 || 3;`],
      ['an unparenthesised negated power', js`return -2 ** 2;`],
      ['yield as a name in a generator', js`function* g() { var yield; }`],
      ['await as a name in an async function', js`var await = 1;`],
      ['a const without a value', js`const x;`],
      ['a getter with a parameter', js`return { get x(a) { return a; } };`],
      ['two constructors', js`class A { constructor() {} constructor() {} }`],
      ['super() in a base class', js`class A { constructor() { super(); } }`],
      ['a new optional chain', js`return new a?.b();`],
      ['an assignment to an optional chain', js`a?.b = 1;`],
      ['a missing bracket far down', `${'\n'.repeat(40)}return [1, (2];`],
    ].map(([what = '', body = '']) => ({
      title: `is refused: ${what}`,
      body,
      ends: 'syntax error' as const,
    })),
  ],
};
