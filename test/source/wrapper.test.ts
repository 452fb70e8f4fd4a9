import { beforeAll, describe, expect, it } from 'vitest';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import { toAuthorLocation, wrapHandler } from '#src/source/wrapper.js';
import { isSingleClosure } from '#src/worker/script-shape.js';

let compiler: SourceCompiler;

beforeAll(async () => {
  compiler = await SourceCompiler.create(await loadEngine(), 128 * 1024);
});

async function compile(source: string) {
  return compiler.compile(wrapHandler(source), 'handler.js');
}

describe('a handler that stays inside its wrapper', () => {
  it.each([
    'return 1',
    '',
    '// only a comment',
    'return 1 // no newline at the end',
    '/* block */ return /}\\)/.test("})")',
    'return `})${"}"}`',
    'function f() {} class A { #x } return async () => { await f() }',
    '"use strict"; return this',
    'const { a, ...b } = $args; return $state.x + $scope.y + a + b',
    '\ufeffreturn 1',
    '#!/usr/bin/env node\nreturn 1',
    '{ label: { break label } }',
  ])('is one closure: %j', async (source) => {
    const outcome = await compile(source);
    expect(outcome.ok && isSingleClosure(outcome.bytecode)).toBe(true);
  });
});

describe('a handler that closes its wrapper', () => {
  it.each([
    '}); evil(); (async function(){',
    '})(); (async function(){',
    '}, async function(){',
    '}, evil(), async function(){',
    '} + function(){',
    '} * {',
    '} ? a : function(){',
    '}), (async function(){',
    '}.constructor, function(){',
    '}); var x = 1; (async function(){',
    '}); { (async function(){ }); } (async function(){',
    '} = {',
    '}(), function(){',
    '}[function(){',
    '} in {',
    '} && function(){',
    '}) => {',
    '}); // (async function(){',
    '});\n<!-- \n(async function(){',
  ])('is caught, or does not parse: %j', async (source) => {
    const outcome = await compile(source);
    expect(outcome.ok && isSingleClosure(outcome.bytecode)).toBe(false);
  });
});

describe('places', () => {
  it.each([
    [{ line: 1, column: 19 }, 'return x', { line: 1, column: 1 }],
    [{ line: 1, column: 19 }, '\ufeffreturn x', { line: 1, column: 2 }],
    [{ line: 3, column: 7 }, 'a\nb\ncccccccc', { line: 3, column: 7 }],
    [{ line: 3, column: 1 }, 'if (a) {\n  b', { line: 2, column: 4 }],
  ])('%j of the script is the author’s place in %j', (place, source, expected) => {
    expect(toAuthorLocation(place, source)).toEqual(expected);
  });

  it('the same source gives the same bytecode, whatever was compiled before', async () => {
    const first = await compile('return $args.map((x) => x ** 2)');
    await compile('class Unrelated { static names = ["a", "b"] }');
    await compile('return )');
    const second = await compile('return $args.map((x) => x ** 2)');
    expect(first.ok && second.ok && Buffer.from(first.bytecode).equals(second.bytecode)).toBe(true);
  });

  it('nesting deeper than the stack is an error, and the next source compiles', async () => {
    const deep = await compile(`return ${'('.repeat(50_000)}1${')'.repeat(50_000)}`);
    expect(deep).toMatchObject({ ok: false, problem: { kind: 'nesting' } });
    expect((await compile('return 1')).ok).toBe(true);
  });
});
