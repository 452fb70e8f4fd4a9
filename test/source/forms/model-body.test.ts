import { describe, expect, it } from 'vitest';

import { readForm } from '#src/source/forms/read-form.js';
import { shapeOf } from '#src/source/forms/source-shape.js';

const shape = shapeOf({ normalise: 'model' }, undefined);
const kindOf = (source: string) => {
  const form = readForm(source, 'handler.js', { shape });
  return form.kind === 'rewritten' ? 'value' : form.kind;
};

describe('the last expression of a body that a language model wrote', () => {
  it.each([
    'function f() {} f();',
    'function f() {}\nawait f()\n;;',
    'const f = async () => 1; f().then((x) => x).catch(() => 0)',
    '(() => 1)();',
    '(async function () {})().finally(() => 1)',
    'class A { run() {} }\nnew A(1).run();',
    'class A { run() {} }\nawait new A(1).b?.run()',
    'const a = 1; a',
    'const a = {}; a.b?.c',
    '({ a: 1, b: [() => 1], ...$args })',
    '$args.length > 1 ? "many" : `${$args[0]}`',
    '-1',
    '!$args',
    '(1, 2)',
    '[1, 2]',
  ])('%j is the result', (source) => {
    expect(kindOf(source)).toBe('value');
  });

  it.each([
    'return 1',
    'if ($args) { return 1 }\n[2]',
    'const f = () => 1; f(); return 2',
    '$emit("a")',
    'console.log(1)',
    'const a = []; a.push(1)',
    'const a = []; a.map((x) => x)',
    '$state.count += 1',
    'let a = 1; a++',
    'delete $state.a',
    'function f() {}\nconst a = f();',
    'class A {}\nnew A()',
    'const o = { run() {} }; o.run()',
    'function f() {} $args.map(f)',
    '"use strict"',
    'f`a`',
    'await $ext.a.b()',
    'for (const a of $args) a;',
  ])('%j is left as it is', (source) => {
    expect(kindOf(source)).toBe('body');
  });
});

describe('a body that only declares', () => {
  it.each([
    'function a() {} function b() {}',
    'const a = () => 1;',
    '"use strict"; const a = function () { $emit("x") }; ;',
    'const LIMIT = 5, a = (x) => x + LIMIT;',
    'const m = new Map([[1, Object.freeze([2])]]); async function a() { return m }',
    'class A { x = 1; static y = [2]; run() { return $args } }',
    'const A = class { run() {} }',
    'const a = () => b(); const b = () => a();',
  ])('%j is refused', (source) => {
    expect(kindOf(source)).toBe('refused');
  });

  it.each([
    'const a = 1;',
    'const a = () => 1; const b = a();',
    'const a = () => 1; const b = [1].map(a);',
    'function a() {} const b = $args.map((x) => x);',
    'function a() {} $emit("x")',
    'function a() {} const { b } = $state;',
    'function a() {} if ($args) console.log(1)',
    'function a() {} const b = console.log("x");',
    'function a() {} const b = globalThis.f();',
    'class A { static { $emit("x") } }',
    'class A { static x = $emit("x") }',
    'function f() {} class A extends f() {}',
    'function a() {} return 1',
    'function a() {} throw new Error("x")',
    'const a = () => 1; const b = await null;',
  ])('%j is left as it is', (source) => {
    expect(kindOf(source)).toBe('body');
  });

  it('is executed as ever without the option, and with code around it', () => {
    const source = 'function a() {} function b() {}';
    expect(readForm(source, 'handler.js').kind).toBe('body');
    const wrapped = shapeOf({ normalise: 'model', wrap: { epilogue: 'return a()' } }, undefined);
    expect(readForm(source, 'handler.js', { shape: wrapped }).kind).toBe('rewritten');
  });
});
