import { type Area, combine } from './area.js';

type Piece = (body: string) => string;

/** Loops with a variable `i` that takes 0, 1, 2; `outer` is the label of each. */
const LOOPS: Record<string, Piece> = {
  'for with let': (body) => `outer: for (let i = 0; i < 3; i++) { ${body} }`,
  'for with two variables': (body) => `outer: for (let i = 0, up = () => i; i < 3; i++) { f.push(up); ${body} }`,
  'for with a function in its head': (body) =>
    `outer: for (let i = 0, g = () => i; g() < 3 && i < 3; f.push(() => i), i++) { ${body} }`,
  'for that changes its variable inside': (body) =>
    `outer: for (let i = 0; i < 3; ) { const at = i; f.push(() => i + at); i++; { const i = at; ${body} } }`,
  'for of with const': (body) => `outer: for (const i of [0, 1, 2]) { ${body} }`,
  'for of with let': (body) => `outer: for (let i of [0, 1, 2]) { f.push(() => i); ${body} }`,
  'for of with a pattern': (body) =>
    `outer: for (const { i = 7, ...rest } of [{ i: 0 }, { i: 1, r: 1 }, { i: 2 }]) { f.push(() => rest.r); ${body} }`,
  'for in': (body) => `outer: for (const key in { a: 0, b: 1, c: 2 }) { let i = key.charCodeAt(0) - 97; ${body} }`,
  while: (body) => `let n = 0; outer: while (n < 3) { let i = n++; ${body} }`,
  'do while': (body) => `let n = 0; outer: do { let i = n++; ${body} } while (n < 3);`,
  'for with var': (body) => `outer: for (var i = 0; i < 3; i++) { ${body} }`,
};

/** What is captured, and how the iteration ends. */
const ENDS: Record<string, string> = {
  'runs to its end': 'f.push(() => i);',
  'continues after the capture': 'f.push(() => i); if (i < 2) continue; f.push(() => i * 10);',
  'continues before the capture': 'if (i === 0) continue; f.push(() => i);',
  'breaks after the capture': 'f.push(() => i); if (i === 1) break;',
  'continues by label from an inner loop':
    'for (let j = 0; j < 3; j++) { if (j === 2) continue outer; f.push(() => i * 10 + j); }',
  'breaks by label from an inner loop':
    'for (const j of [0, 1, 2]) { f.push(() => i * 10 + j); if (j + i === 2) break outer; }',
  'continues in try': 'try { f.push(() => i); if (i < 2) continue; } finally { f.push(() => -i); }',
  'continues in catch':
    'try { throw i; } catch (e) { f.push(() => [i, e]); if (e < 2) continue; } f.push(() => "end");',
  'continues in finally': 'try { f.push(() => i); } finally { if (i < 2) continue; } f.push(() => "end");',
  'continues in switch':
    'switch (i) { case 1: f.push(() => i); continue outer; case 0: { let i = 5; f.push(() => i); continue; } default: f.push(() => i); }',
  'breaks out of a block by label': 'block: { f.push(() => i); if (i === 1) break block; f.push(() => i + 100); }',
};

const AROUND: Record<string, Piece> = {
  'in a function': (code) => `const f = []; (() => { ${code} })(); return f.map((g) => g());`,
  'in an async function': (code) =>
    `const f = []; await (async () => { await null; ${code.replaceAll('f.push(() => i);', 'f.push(() => i); await null;')} })(); return f.map((g) => g());`,
  'in a generator': (code) =>
    `const f = []; function* g() { ${code.replaceAll('f.push(() => i);', 'f.push(() => i); yield i;')} } const seen = [...g()]; return [seen, f.map((h) => h())];`,
  'in a method, strict': (code) =>
    `'use strict'; const f = []; new (class { #n = 1; run() { ${code} } })().run(); return f.map((g) => g());`,
};

export const loops: Area = {
  area: 'loops that capture their variables',
  programs: combine(LOOPS, ENDS, AROUND).map(([title, loop, end, around]) => ({ title, body: around(loop(end)) })),
};
