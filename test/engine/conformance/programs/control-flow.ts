import { js, type Subject } from '../program.js';

export const controlFlow: Subject = {
  subject: 'loops, labels and switch',
  programs: [
    {
      title: 'labelled break and continue cross several loops',
      body: js`
        const out = [];
        outer: for (let i = 0; i < 4; i++) {
          inner: for (let j = 0; ; j++) {
            if (j === 3) continue outer;
            if (i === 2) break outer;
            if (j === 1) continue inner;
            out.push(i * 10 + j);
          }
        }
        return out;
      `,
    },
    {
      title: 'labelled blocks can be left by break',
      body: js`
        const out = [];
        block: { out.push('in'); if (out.length) break block; out.push('never'); }
        a: b: { if (out.length === 1) break a; out.push('never'); }
        choice: if (true) { out.push('if'); break choice; }
        sw: switch (1) { case 1: for (;;) break sw; }
        return out;
      `,
    },
    {
      title: 'for-let makes a binding per iteration, closures see their own',
      body: js`
        const fs = [];
        for (let i = 0, step = () => i; i < 3; i++) { fs.push(() => i, step); i += 0; }
        const vars = [];
        for (var v = 0; v < 3; v++) vars.push(() => v);
        const updated = [];
        for (let i = 0; i < 4; updated.push(() => i), i++) i++;
        return [fs.map((f) => f()), vars.map((f) => f()), updated.map((f) => f())];
      `,
    },
    {
      title: 'while, do-while and comma conditions',
      body: js`
        let n = 0, trace = '';
        while (n++, n < 4) trace += n;
        do trace += '.' + n; while (n-- > 2)
        do { if (n < -2) break; if (n % 2) continue; trace += '|' + n; } while (n-- > -10);
        for (;;) { if (trace.length > 3) break; }
        return [n, trace];
      `,
    },
    {
      title: 'for-in visits inherited keys, skips shadowed and deleted ones',
      body: js`
        const proto = { inherited: 1, shadowed: 1 };
        const o = Object.create(proto, { hidden: { value: 1 }, shadowed: { value: 2, enumerable: false } });
        o.a = 1; o.b = 2; o.c = 3;
        const seen = [];
        for (const k in o) { seen.push(k); if (k === 'a') delete o.b; }
        for (const k in 'hi') seen.push(k);
        for (const k in null) seen.push('never');
        for (const i in [, 'x']) seen.push(typeof i + i);
        return seen;
      `,
    },
    {
      title: 'for-of sees elements that are added while it runs',
      body: js`
        const list = [1, 2, 3];
        const seen = [];
        for (const x of list) { seen.push(x); if (x < 3 && list.length < 6) list.push(x * 10); }
        const set = new Set(['a', 'b']);
        for (const x of set) { seen.push(x);
          if (x === 'a') { set.delete('a'); set.add('a'); } if (seen.length > 12) break; }
        return seen;
      `,
    },
    {
      title: 'switch compares strictly, falls through and may have default anywhere',
      body: js`
        const f = (x) => { const out = [];
          switch (x) { case 1: out.push('one'); default: out.push('default'); case '1': out.push('text'); break;
          case NaN: out.push('never'); case null: out.push('null'); } return out.join(); };
        return [1, '1', NaN, null, undefined, -0].map(f);
      `,
    },
    {
      title: 'switch evaluates its cases in order and only until one matches',
      body: js`
        const log = [];
        const c = (x) => (log.push(x), x);
        switch (c('b')) { case c('a'): log.push('A'); case c('b'): log.push('B'); case c('c'): log.push('C'); }
        switch (true) { case log.length > 100: log.push('big'); break; case log.length > 2: log.push('small'); }
        return log;
      `,
    },
    {
      title: 'switch has one lexical scope with a temporal dead zone',
      body: js`
        const f = (x) => { switch (x) {
          case 0: let y = 'set'; return y; case 1: y = 2; return y; case 2: return typeof g + g();
          function g() { return 'hoisted'; } } };
        const out = [f(0), f(2)];
        try { f(1); } catch (e) { out.push(e.name); }
        return out;
      `,
    },
    {
      title: 'continue inside switch inside a loop, with finally on the way',
      body: js`
        const log = [];
        for (let i = 0; i < 4; i++) {
          try { switch (i) { case 0: continue; case 2: break; default: log.push('default' + i); } if (i === 3) break; }
          finally { log.push('f' + i); }
          log.push('end' + i);
        }
        return log;
      `,
    },
    {
      title: 'break and continue pass through nested finally blocks in order',
      body: js`
        const log = [];
        outer: for (const a of [1, 2]) {
          try { for (const b of [1, 2]) {
            try { if (b === 2) continue outer; log.push(a + '.' + b); } finally { log.push('in'); } } }
          finally { log.push('out'); }
        }
        return log.join(' ');
      `,
    },
    {
      title: 'automatic semicolons',
      body: js`
        let a = 1
        let b = a
        ++b
        const f = () => {
          return
          'unreachable'
        }
        const g = function () { return [1, 2]
          [1] }
        var x = 5; if (x) ; else x = 0
        do x--; while (x > 2) a = 'after do'
        return [a, b, f(), g(), x]
      `,
    },
    {
      title: 'completion of deeply nested conditionals',
      body: js`
        const classify = (n) => n < 0 ? 'negative' : n === 0 ? Object.is(n,
          -0) ? 'minus zero' : 'zero' : n > 100 ? 'large' : n % 2 ? 'odd' : 'even';
        const dangling = (a, b) => { if (a) if (b) return 'both'; else return 'only a'; return 'none'; };
        return [[-5, 0, -0, 101, 7, 8, NaN].map(classify), dangling(1, 1), dangling(1, 0), dangling(0, 1)];
      `,
    },
    {
      title: 'the value of a long loop is exact',
      body: js`
        let hash = 2166136261;
        for (let i = 0; i < 20000; i++) hash = Math.imul(hash ^ (i & 255), 16777619) >>> 0;
        let collatz = 0;
        for (let n = 97; n !== 1; n = n % 2 ? 3 * n + 1 : n / 2) collatz++;
        return [hash, collatz];
      `,
    },
  ],
};
