import type { BuildOptions } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createRuntime,
  explainCapabilities,
  inferCapabilities,
  type NexusRuntime,
  type WasmError,
} from '#src/index.js';
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
    '  price: () => price({ items: [] }),',
    '  later: () => later(),',
    '  legacy: () => legacy.explode(3),',
    '  windows,',
    '  own(): never {',
    "    const face: string = '😀😀'; throw new RangeError«own»(face);",
    '  },',
    '  member: () => ($args as any).missing«member».deep.deeper,',
    '  call: () => { const obj: any = {}; const s = "😀"; return s + obj.run«call»(1); },',
    '  cause: () => {',
    '    try { price({ items: [] }); } catch (error) {',
    "      throw new Error«outer»('wrapped', { cause: error });",
    '    }',
    '  },',
    '  many: () => {',
    "    throw new AggregateError«many»([new TypeError('a'), caught(() => legacy.explode(1))], 'both');",
    '  },',
    '  denied: () => $state«denied».total,',
    '  busy: () => { «busy»for (;;); },',
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
    "    throw new Error«price»('empty basket');",
    '  }',
    '  return items.reduce((a, b) => a + b);',
    '}',
    'export async function later() {',
    "  const answer: any = await «asks»$ext.http.get('/x');",
    '  return (await step(answer)) + 1;',
    '}',
    'async function step(answer: unknown) { await null; throw new Error«later»(`no ${answer}`); }',
  ].join('\n'),
  'src/windows.js':
    "// é 😀\r\nexport function windows() {\r\n\tconst a = '😀';\r\n\treturn JSON.parse«windows»(a + '}');\r\n}\r\n",
  'lib/legacy.cjs':
    'exports.explode = function (n) {\n  if (n > 0) return exports.explode(n - 1);\n  throw new TypeError«legacy»("legacy");\n};\n',
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

  it.each([
    'own',
    'price',
    'later',
    'legacy',
    'windows',
    'member',
  ])('tells the place of what fails: %s', async (what) => {
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

  it('tells where a call was denied, and where a handler was when its time was over', async () => {
    expect((await failing(code, 'denied')).location).toEqual(PROJECT.place('denied'));
    const { code: reason, location, stack } = await failing(code, 'busy');
    expect(reason).toBe('TIMEOUT');
    expect(location).toMatchObject({ file: 'src/main.ts', line: PROJECT.place('busy').line });
    expect(stack).toContain('(src/main.ts:');
  });

  it('names what fails as its author wrote it', async () => {
    expect((await failing(code, 'member')).message).toContain("(reading 'deep'), of ($args as any).missing");
    expect((await failing(code, 'call')).message).toContain('obj.run is not a function');
  });

  it('tells why a capability is needed', () => {
    const [reason] = explainCapabilities(code).find(({ capability }) => capability === 'ext:http.get')?.reasons ?? [];
    expect(reason).toMatchObject(PROJECT.place('asks'));
    expect(inferCapabilities(code)).toEqual(['ext:http.get', 'state:read:total']);
  });
});

describe('a renamed name', () => {
  it('does not keep a message from naming what failed', async () => {
    const project = new Project({
      'src/count.ts':
        'interface Order { readonly lines?: readonly number[] }\nexport default (order: Order): number => order.lines!«length».length;\n',
    });
    const { code } = await project.bundle('src/count.ts', { minify: true });
    const { error } = await runtime.executeHandler(code, { args: {} });
    expect(error?.location).toEqual(project.place('length'));
    expect(error?.message).toContain("(reading 'length'), of order.lines");
  });
});

describe('a bundle that does not compile', () => {
  const BROKEN = new Project({
    'main.ts': "import { x } from './b.js';\nexport default () => x;\n",
    'b.js': '// 😀\nexport const x = () => «syntax»ab;\n',
  });

  it('tells the place of what is wrong', async () => {
    const { code } = await BROKEN.bundle('main.ts');
    const broken = code.replace('=> ab;', '=> @@;');
    const place = { ...BROKEN.place('syntax') };
    const { error } = await runtime.executeHandler(broken);
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: place });
    expect(error?.snippet).toContain('export const x = () => ab;');
    expect(await rejection(runtime.precompileHandler(broken))).toMatchObject({ context: { location: place } });
    // The other parser may say it of the place beside.
    expect(() => inferCapabilities(broken)).toThrow(
      expect.objectContaining({
        context: expect.objectContaining({ location: expect.objectContaining({ file: 'b.js', line: 2 }) }),
      }),
    );
  });

  it('tells the place of what closes the function of a handler', async () => {
    const project = new Project({ 'body.js': 'const a = 1;\n«brace»const b = 2;\n' });
    const { code } = await project.bundle('body.js', { bundle: false });
    const { error } = await runtime.executeHandler(code.replace('const b = 2;', '}), (function () {'));
    expect(error).toMatchObject({ code: 'INVALID_HANDLER', location: project.place('brace') });
    expect(error?.snippet).toContain('2 | const b = 2;');
  });
});

describe('code that a map does not know', () => {
  const HELPER = 'globalThis.helper = (f) => { if (f) return f(); throw new Error("helper"); };';
  const project = new Project({
    'main.js': 'export default ({ f }) => globalThis.helper«call»(f && (() => { throw new Error«own»("own"); }));\n',
  });
  const run = async (f: boolean) => {
    const { code } = await project.bundle('main.js', { banner: { js: HELPER } });
    return (await runtime.executeHandler(code, { args: { f } })).error;
  };

  it('is left out where the place of an error is looked for, and stays in the stack', async () => {
    const error = await run(false);
    expect(error?.location).toEqual(project.place('call'));
    expect(error?.stack?.split('\n')[1]).toMatch(/\(handler\.js:1:\d+\)$/);
  });

  it('does not hide what it calls', async () => {
    expect((await run(true))?.location).toEqual(project.place('own'));
  });

  it('has its place in what was passed, if the map knows nothing', async () => {
    const { code } = await project.bundle('main.js', { banner: { js: `${HELPER} globalThis.helper();` } });
    const { error } = await runtime.executeHandler(code);
    expect(error?.location).toEqual({ line: 1, column: HELPER.indexOf('("helper")') + 1 });
    expect(error?.snippet).toContain(HELPER.slice(0, 40));
  });
});
