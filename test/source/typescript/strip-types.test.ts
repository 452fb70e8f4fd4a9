import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inCodePoints, isTypeScript, STRIPPER, stripTypes } from '#src/source/typescript/strip-types.js';
import { toAuthorLocation, wrapHandler } from '#src/source/wrapper.js';
import { SUBJECTS } from '../../engine/conformance/catalogue.js';

const PREFIX = '(async function(){'.length;

function strip(source: string): string {
  const stripped = stripTypes(wrapHandler(source));
  if (!stripped.ok) throw new Error(JSON.stringify(stripped.problem));
  return stripped.script.slice(PREFIX, -'\n})'.length);
}

function problemOf(source: string) {
  const stripped = stripTypes(wrapHandler(source));
  return stripped.ok ? undefined : stripped.problem;
}

/** Of the problem, in the author's text. */
function placeOf(source: string) {
  const { line, column } = problemOf(source) ?? {};
  if (line === undefined || column === undefined) throw new Error('there is no place');
  return toAuthorLocation({ line, column }, source);
}

describe('the name of a file', () => {
  it.each(['a.ts', 'rules/vat.mts', 'a.cts', 'a.test.ts'])('%s is TypeScript', (name) => {
    expect(isTypeScript(name)).toBe(true);
  });
  it.each(['a.js', 'a.mjs', 'ts', 'a.ts.js', 'a.tsx', 'a.TS', 'handler'])('%s is not', (name) => {
    expect(isTypeScript(name)).toBe(false);
  });
});

describe('types', () => {
  it.each([
    ['const a: number = 1; return a', 'const a         = 1; return a'],
    ['return await $ext.a.b() as string', 'return await $ext.a.b()          '],
    ['return x! satisfies Y', 'return x             '],
    ['type A = import("./x.ts").A; return 1', '                             return 1'],
    ['function f(this: X, a?: number): a is 1 {} return 1', 'function f(         a         )         {} return 1'],
    ['declare const q: 1; return q', '                    return q'],
    ['const x = 1\ntype Y = 2\n;[1].map(f)', 'const x = 1\n          \n;[1].map(f)'.replace(';', ' ')],
    ['let x = 1\ninterface Y {}\n(x)', 'let x = 1\n;             \n(x)'],
    [
      'abstract class Q<T> implements I { m(): void; m() {} }',
      '         class Q                 {            m() {} }',
    ],
  ])('stripping types of %j leaves %j', (source, expected) => {
    const stripped = strip(source);
    expect(stripped).toHaveLength(source.length);
    // A semicolon may stand where a statement of types was: two statements stay two.
    expect(stripped).toBe(expected);
  });

  it('leave every other character where it was, whatever they are written with', () => {
    const text = fc.stringMatching(/^[^`\\$]*$/, { size: 'medium' });
    fc.assert(
      fc.property(text, text, (type, value) => {
        const before = `const ü: \`${type}\` | Ü = \``;
        const source = `${before}${value}\` as /* ${type.replaceAll('*', '')} */ any; return ü`;
        const stripped = strip(source);
        expect(stripped).toHaveLength(source.length);
        expect(stripped.slice(before.length, before.length + value.length)).toBe(value);
        expect(stripped).toMatch(/; return ü$/);
        expect(stripped.match(/\r\n|[\r\n]/g)).toEqual(source.match(/\r\n|[\r\n]/g));
      }),
    );
  });
});

it('a script for the engine has as many code points before each place as its author wrote', () => {
  const word = fc.stringMatching(/^[^`\\$*\n\r]*$/, { size: 'small' });
  fc.assert(
    fc.property(word, word, (type, value) => {
      const script = wrapHandler(`let ü: \`${type}\` = \`${value}\`, v /* 😀 */: "😀"; HERE`);
      const stripped = stripTypes(script);
      if (!stripped.ok) throw new Error(stripped.problem.message);
      const before = (text: string) => [...text.slice(0, text.indexOf('; HERE'))].length;
      expect(before(inCodePoints(script, stripped.script))).toBe(before(script));
    }),
  );
});

it('JavaScript is left as it is, every program of the conformance suite that TypeScript has a grammar for', () => {
  const scripts = SUBJECTS.flatMap(({ programs }) => programs.map(({ body }) => wrapHandler(body)));
  const stripped = scripts.map((script) => [script, stripTypes(script)] as const);
  const taken = stripped.flatMap(([script, result]) => (result.ok ? [[script, result.script] as const] : []));
  // The others are no programs, or have `with` or numbers like 010.
  expect(taken.length).toBeGreaterThan(scripts.length * 0.9);
  for (const [script, result] of taken) expect(result).toBe(script);
});

describe('what is more than a type', () => {
  it.each([
    ['enum A { B }', 'an enum', 1, 1],
    ['let x = 1;\n  const enum A { B }', 'an enum', 2, 3],
    ['namespace N { export const x = 1 }', 'a namespace', 1, 1],
    ['class A { constructor(private x: number) {} }', 'a parameter property', 1, 31],
    ['return <string>$args', 'angle brackets', 1, 8],
    ['import type { A } from "./a.ts"', 'imports and exports nothing', 1, 1],
    ['export {}', 'imports and exports nothing', 1, 1],
  ])('%j is a problem with a place and a remedy: %s', (source, remedy, line, column) => {
    expect(problemOf(source)).toMatchObject({ kind: 'syntax', line, column: column + (line === 1 ? PREFIX : 0) });
    expect(problemOf(source)?.message).toContain(remedy);
  });

  it.each([
    '\t',
    '"\t\t"; ',
    'const ü = "😀中"; ',
    '/* e\u0301\u200b */\u00a0',
    '\u2003',
  ])('has the column of the author behind %j', (before) => {
    expect(placeOf(`\n${before}enum A {}`)).toEqual({ line: 2, column: before.length + 1 });
  });

  it('is found behind any text', () => {
    const text = fc.stringMatching(/^[^"\\\n\r]*$/, { size: 'small' });
    fc.assert(
      fc.property(text, (before) => {
        expect(placeOf(`\n"${before}";enum A {}`)).toEqual({ line: 2, column: before.length + 4 });
      }),
    );
  });
});

describe('a source that is too much', () => {
  it.each([
    ['parentheses', `return ${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
    ['types', `type A = ${'['.repeat(50_000)}1${']'.repeat(50_000)}`],
  ])('a source with too many %s is a problem, and the next source is none', (_, source) => {
    expect(problemOf(source)).toMatchObject({ kind: 'nesting' });
    expect(strip('return 1 as number')).toBe('return 1          ');
  });
});

it('the key of a handler names the version that is installed', () => {
  const manifest = new URL('../../../node_modules/@swc/wasm-typescript/package.json', import.meta.url);
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string };
  expect(STRIPPER).toBe(`${name} ${version}`);
});
