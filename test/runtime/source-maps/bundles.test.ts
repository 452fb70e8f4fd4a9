import type { BuildOptions } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, explainCapabilities, inferCapabilities, type NexusRuntime, type WasmError } from '#src/index.js';
import { rejection } from '../../support/runtime-helpers.js';
import { Project } from './project.js';

const PROJECT = new Project({
  'src/main.ts': [
    "import { price, later } from './price';",
    "import legacy from '../lib/legacy.cjs';",
    "import { windows } from './windows.js';",
    'interface Args { readonly what: keyof typeof doing }',
    '',
    'const doing = {',
    "  price: () => price({ items: [] }),",
    "  later: () => later(),",
    '  legacy: () => legacy.explode(3),',
    '  windows,',
    '  own(): never {',
    "    const face: string = '😀😀'; «own»throw new RangeError(face);",
    '  },',
    '  member: () => ($args as any).missing«member».deep.deeper,',
    '  call: () => { const o: any = {}; const s = "😀"; return s + o.run«call»(1); },',
    '  cause: () => {',
    '    try { price({ items: [] }); } catch (error) {',
    "      «outer»throw new Error('wrapped', { cause: error });",
    '    }',
    '  },',
    '  many: () => {',
    "    «many»throw new AggregateError([new TypeError('a'), caught(() => legacy.explode(1))], 'both');",
    '  },',
    '  denied: () => «denied»$state.total,',
    '  loop: () => { for (;;) «loop»; },',
    '};',
    'function caught(f: () => unknown) { try { f(); } catch (e) { return e; } }',
    '',
    'export default async ({ what }: Args): Promise<unknown> => await doing[what]();',
  ].join('\n'),
  'src/price.ts': [
    '/** What the basket costs. */',
    'export interface Basket { readonly items: readonly number[] }',
    'export function price({ items }: Basket): number {',
    '  if (items.length === 0) {',
    "    «price»throw new Error('empty basket');",
    '  }',
    '  return items.reduce((a, b) => a + b);',
    '}',
    'export async function later() {',
    "  const answer: any = await $ext.http.get('/x');",
    "  return (await step(answer)) + 1;",
    '}',
    'async function step(answer: unknown) { await null; «later»throw new Error(`no ${answer}`); }',
  ].join('\n'),
  'src/windows.js': "// é 😀\r\nexport function windows() {\r\n\tconst a = '😀';\r\n\treturn «windows»JSON.parse(a + '}');\r\n}\r\n",
  'lib/legacy.cjs': 'exports.explode = function (n) {\n  if (n > 0) return exports.explode(n - 1);\n  «legacy»throw new TypeError("legacy");\n};\n',
});

/** Ways to bundle: what comes out differs in every column, and mostly in every line. */
const WAYS: readonly (readonly [string, BuildOptions])[] = [
  ['as it is', {}],
  ['minified', { minify: true }],
  ['with a banner and a hashbang', { banner: { js: '#!/usr/bin/env node\n/* 😀 */' } }],
];

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

const CAPABILITIES = ['ext:http'];

async function failing(code: string, what: string): Promise<WasmError> {
  const extensions = { http: { get: async () => 'answer' } };
  const options = { extensions, timeoutMs: 300 };
  const { error } = await runtime.run(code, { args: { what }, capabilities: CAPABILITIES }, options);
  if (error === undefined) throw new Error(`${what} does not fail`);
  return error;
}

/** The line of a mark, in a snippet. */
function lineOf(name: string): string {
  const { file, line } = PROJECT.place(name);
  return PROJECT.files[file]?.text.split(/\r\n|\n/)[line - 1] as string;
}

describe.each(WAYS)('a bundle, %s', (_way, options) => {
  let code: string;
  beforeAll(async () => {
    ({ code } = await PROJECT.bundle('src/main.ts', options));
  });

  it.each(['own', 'price', 'later', 'legacy', 'windows', 'member'])('tells the place of what fails: %s', async (what) => {
    const error = await failing(code, what);
    expect(error.location).toEqual(PROJECT.place(what));
    expect(error.snippet).toContain(lineOf(what).trimEnd());
    const { file, line, column } = PROJECT.place(what);
    expect(error.stack).toContain(`(${file}:${line}:${column})`);
  });

  it('tells the places of causes and of errors in errors', async () => {
    const { location, cause } = await failing(code, 'cause');
    expect(location).toEqual(PROJECT.place('outer'));
    expect(cause?.location).toEqual(PROJECT.place('price'));
    const { location: many, errors } = await failing(code, 'many');
    expect(many).toEqual(PROJECT.place('many'));
    expect(errors?.[1]?.location).toEqual(PROJECT.place('legacy'));
  });
});
