import { type Area, combine } from './area.js';

const LOG = `const log = []; const note = (v) => { log.push(v); return v; };
const source = ({ end = 3, failAt = -1, fails = 'none' } = {}) => ({ [Symbol.iterator]() { note('open'); let i = 0; return {
  next(v) { note('next'); if (i === failAt) throw new RangeError('next'); return { done: i >= end, value: i++ }; },
  return(v) { note('return'); if (fails === 'return') throw new SyntaxError('return'); return fails === 'primitive' ? 1 : {}; },
  throw(e) { note('throw'); throw e; } }; } });
const stop = (n) => { note(n); if (n === 1) throw new EvalError('stop'); return n; };`;

const SOURCES: Record<string, string> = {
  'of three': 'source()',
  'without end': 'source({ end: 9 })',
  'that fails at the second': 'source({ failAt: 1 })',
  'whose return fails': 'source({ end: 9, fails: "return" })',
  'whose return gives a primitive': 'source({ end: 9, fails: "primitive" })',
  'of none': 'source({ end: 0 })',
};

const CONSUMERS: Record<string, string> = {
  'for of to its end':
    'const all = []; for (const x of SOURCE) { all.push(x); if (all.length > 5) break; } return all;',
  'for of with break': 'for (const x of SOURCE) { note(x); break; } return "left";',
  'for of with return': 'return (() => { for (const x of SOURCE) return x; })();',
  'for of with throw': 'for (const x of SOURCE) stop(x);',
  'for of with continue of an outer loop':
    'o: for (const y of [1, 2]) for (const x of SOURCE) { note(x); continue o; } return "out";',
  destructuring: 'const [x, y] = SOURCE; return [x, y];',
  'destructuring with a default that throws':
    'const [x = stop(1), y = stop(1), z, w = stop(1)] = SOURCE; return [x, y];',
  'yield*, left early':
    'function* g() { try { yield* SOURCE; } finally { note("finally"); } } const i = g(); i.next(); return i.return(7);',
  'yield*, thrown into':
    'function* g() { yield* SOURCE; } const i = g(); i.next(); return i.throw(new TypeError("in"));',
  'Array.from with a function': 'return Array.from(SOURCE, stop);',
  'new Map': 'return new Map(SOURCE);',
  'new Set with an add that throws':
    'class S extends Set { add(x) { stop(x); return super.add(x); } } return new S(SOURCE);',
  'Object.fromEntries': 'return Object.fromEntries(SOURCE);',
  'Promise.all': 'return await Promise.all(SOURCE === undefined ? [] : takeFew(SOURCE));',
  'Promise.all with a resolve that throws':
    'class P extends Promise { static resolve(x) { stop(x); return super.resolve(x); } } return await P.all(SOURCE);',
  'Promise.race': 'return await Promise.race(takeFew(SOURCE));',
  'for await': 'for await (const x of SOURCE) { note(x); if (x === 1) break; } return "left";',
  'Object.groupBy': 'return Object.groupBy(SOURCE, stop);',
  'a loop in a generator that is left':
    'function* g() { for (const x of SOURCE) yield x; } for (const x of g()) { note(x); break; } return "left";',
  'new Uint8Array': 'return new Uint8Array(takeFew(SOURCE));',
};

const FEW = `const takeFew = (it) => ({ [Symbol.iterator]() { const i = it[Symbol.iterator](); let n = 0; return { next: () => (n++ > 4 ? { done: true } : i.next()), return: () => i.return() }; } });`;
const wrap = (body: string) =>
  `${LOG}\n${FEW}\nlet result; try { result = await (async () => { ${body} })(); } catch (e) { result = e.name; } return [result, log];`;

const ASYNC_LOG = `const log = []; const note = (v) => { log.push(v); return v; };
async function* steps(n = 3) { try { for (let i = 0; i < n; i++) { note('yield ' + i); yield i; } } finally { note('closing'); await null; note('closed'); } }
const byHand = ({ rejects } = {}) => ({ [Symbol.asyncIterator]() { let i = 0; return { next: async () => ({ done: i >= 3, value: i++ }), return: async (v) => { note('return'); await null; note('returned'); if (rejects) throw new RangeError('return'); return {}; } }; } });`;
const ASYNC_SOURCES: Record<string, string> = {
  'of an async generator': 'steps()',
  'of an async iterator': 'byHand()',
  'of an async iterator whose return rejects': 'byHand({ rejects: true })',
  'of an array of promises': '[Promise.resolve(0), 1, Promise.resolve(2)]',
  'of a sync generator': '(function* () { try { yield Promise.resolve(0); yield 1; } finally { note("closed"); } })()',
};
const ASYNC_ENDS: Record<string, string> = {
  'to its end': 'for await (const x of SOURCE) note(x);',
  'with break': 'for await (const x of SOURCE) { note(x); break; }',
  'with return': 'return await (async () => { for await (const x of SOURCE) return x; })();',
  'with throw': 'for await (const x of SOURCE) { throw new TypeError("body"); }',
  'with continue of an outer loop': 'o: for (const y of [1, 2]) for await (const x of SOURCE) { note(x); continue o; }',
  'with break in try': 'for await (const x of SOURCE) { try { break; } finally { note("finally"); } }',
  'with a closure':
    'const fs = []; for await (const x of SOURCE) { fs.push(() => x); if (x === 0) continue; note("x"); } note(fs.map((f) => f()));',
};
const asyncWrap = (body: string) =>
  `${ASYNC_LOG}\nlet result; try { result = await (async () => { ${body} note("after"); })(); } catch (e) { result = e.name; } return [result, log];`;

export const iteration: Area = {
  area: 'the iterator protocol',
  programs: [
    ...combine(CONSUMERS, SOURCES)
      // It waits for ever.
      .filter(([title]) => title !== 'Promise.race, of none')
      .map(([title, consumer, source]) => ({
        title,
        body: wrap(consumer.replaceAll('SOURCE', `(${source})`)),
      })),
    ...combine(ASYNC_SOURCES, ASYNC_ENDS).map(([title, source, end]) => ({
      title: `for await ${title}`,
      body: asyncWrap(end.replaceAll('SOURCE', `(${source})`)),
    })),
  ],
};
