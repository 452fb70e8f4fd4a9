import { execFile } from 'node:child_process';
import { mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { installed } from '../support/package-tree.js';
import { type Files, LinkerCases } from './cases.js';

const ESM = { type: 'module' };
const cases = await LinkerCases.create(
  {
    'secret.json': { secret: 1 },
    '.env.json': { secret: 1 },
    ...installed(
      'good',
      {
        'index.js': 'export const a = 1',
        'style.css': 'a {}',
        'x.wasm': '',
        'x.node': '',
        'deep/b.js': 'export const b = 1',
      },
      ESM,
    ),
    ...installed('closed', { 'index.js': '', 'private.js': '' }, { ...ESM, exports: './index.js' }),
    ...installed('thief', { 'index.js': `import secret from '../../.env.json'; export default secret` }, ESM),
    ...installed('cjs-thief', { 'index.js': `module.exports = require('../../.env.json')` }),
    ...installed('stylish', { 'index.js': `import './a.css'; export const a = 1`, 'a.css': '' }, ESM),
    ...installed('native', { 'index.js': `module.exports = require('./a.node')`, 'a.node': '' }),
    ...installed('reads', { 'index.js': `import fs from 'node:fs'; export const a = fs.readFileSync` }, ESM),
    ...installed('mainthief', { 'x.js': '' }, { main: '../../secret.json' }),
    ...installed('exportsthief', { 'x.js': '' }, { ...ESM, exports: '../../secret.json' }),
    ...installed(
      'linkthief',
      { 'index.js': `export { default } from './link.json'`, 'link.json': { link: '../../secret.json' } },
      ESM,
    ),
    ...installed(
      'browserthief',
      { 'index.js': 'export const a = 1' },
      { ...ESM, browser: { './index.js': '../../secret.json' } },
    ),
    ...installed('unlisted', { 'index.js': 'export const a = 1' }, ESM),
  },
  {
    packages: [
      'good',
      'closed',
      'thief',
      'cjs-thief',
      'stylish',
      'native',
      'reads',
      'absent',
      'mainthief',
      'exportsthief',
      'linkthief',
      'browserthief',
    ],
    hoist: [],
  },
);
afterAll(() => cases[Symbol.asyncDispose]());

type Case = readonly [what: string, specifier: string, reason: string, message: RegExp, files?: Files];

const REFUSED: readonly Case[] = [
  ['a package that is not listed', 'unlisted', 'not-listed', /not among the packages.*good/],
  ['a misspelt package', 'goood', 'not-listed', /Did you mean "good"/],
  ['a package of the prototype', '__proto__', 'not-listed', /not among/],
  ['a part of a package that is not listed', 'unlisted/x.js', 'not-listed', /not among/],
  ['a missing file', './nope.js', 'missing-file', /no file "case-\d+\/nope\.js"/],
  ['a misspelt file', './mony.js', 'missing-file', /Did you mean "case-\d+\/money\.ts"/, { 'money.ts': '' }],
  ['a folder without an index', './lib', 'missing-file', /no file/, { 'lib/a.js': '' }],
  ['a folder of the handler', '.', 'missing-file', /no file/, { 'a.js': '' }],
  ['what lies above', '../../x.js', 'outside', /leads out/],
  ['what lies above, by detours', './a/../../../etc/passwd', 'outside', /leads out/],
  ['the root', '../..', 'outside', /leads out/],
  ['an absolute path', '/etc/passwd', 'kind', /neither a relative path nor a package/],
  ['a file URL', 'file:///etc/passwd', 'kind', /neither/],
  ['a data URL', 'data:text/javascript,export default 1', 'kind', /neither/],
  ['a URL', 'https://example.com/x.js', 'kind', /neither/],
  ['a URL without a scheme', '//example.com/x.js', 'kind', /neither/],
  ['a path of Windows', 'C:\\\\x.js', 'kind', /neither/],
  ['backslashes', '.\\\\..\\\\..\\\\x.js', 'kind', /neither/],
  ['backslashes behind ./', './..\\\\..\\\\x.js', 'missing-file', /no file/],
  ['a NUL', './a.js\\0.ts', 'missing-file', /no file/, { 'a.js': '' }],
  ['our own scheme', 'nexus:library/good', 'kind', /neither/],
  ['a namespace of the image', 'import:good', 'kind', /neither/],
  ['our namespaces', 'own:handler.js', 'kind', /neither/],
  ['a subpath import', '#inner', 'not-listed', /not among/],
  ['a path behind a package', 'good/../../secret.json', 'outside', /leads out of its package/],
  ['a package behind a package', 'good/deep/../../unlisted/index.js', 'outside', /leads out of its package/],
  ['a name with a query', './a.js?x', 'missing-file', /no file/, { 'a.js': '' }],
  ['encoded dots', './%2e%2e/%2e%2e/x.js', 'missing-file', /no file/],
  ['nothing', '', 'kind', /neither/],
  ['a builtin', 'fs', 'builtin', /no modules of Node/],
  ['a builtin with its scheme', 'node:child_process', 'builtin', /no modules of Node/],
  ['a part of a builtin', 'fs/promises', 'builtin', /no modules of Node/],
  ['a builtin that is not there', 'node:nope', 'builtin', /no modules of Node|not among/],
  ['a style sheet', './a.css', 'kind', /is no module.*\.json/, { 'a.css': '' }],
  ['WebAssembly', './a.wasm', 'kind', /is no module/, { 'a.wasm': '' }],
  ['an addon', './a.node', 'kind', /is no module/, { 'a.node': '' }],
  ['a link out of the folder', './link.js', 'outside', /leads out/, { 'link.js': { link: '/etc/hostname' } }],
  ['a link to a folder outside', './out/hostname', 'outside', /leads out/, { out: { link: '/etc' } }],
  [
    'a name that is nearly in a folder outside',
    './out/hostnam',
    'outside',
    /handlers may import$/,
    { out: { link: '/etc' } },
  ],
];

describe('what cannot be imported', () => {
  it.each(
    REFUSED.map(([what, specifier, reason, message, files = {}]) => [what, specifier, reason, message, files] as const),
  )('%s: %s', async (_what, specifier, reason, message, files) => {
    for (const code of [
      `\nimport x from '${specifier}';\nexport default x`,
      `\nexport { x } from '${specifier}';\n`,
      `export default async () => (\nawait import('${specifier}'))`,
    ]) {
      const error = await cases.error(code, files);
      expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: 2 }, context: { reason } });
      expect(error.message).toMatch(message);
      expect(error.snippet).toContain('2 |');
    }
  });

  it('in a file that the handler imports, at the place there', async () => {
    const error = await cases.error(`import './a.js';\nexport default 1`, { 'a.js': `// ä\n/* ä */ import './b.js'` });
    expect(error).toMatchObject({ location: { line: 2, file: expect.stringMatching(/^case-\d+\/a\.js$/) } });
    expect(error.location?.column).toBeGreaterThan(9);
    expect(error.snippet).toContain('b.js');
  });

  it.each([
    ['import(`./x/${ctx}.js`)'],
    [`import('./x/' + ctx + '.js')`],
    ['import(ctx)'],
  ])('a computed name reads no disk: %s', async (call) => {
    const error = await cases.error(`import './a.js';\nexport default async (ctx) => ${call}`, {
      'a.js': '',
      'b.js': '',
      'x/a.js': `throw new Error('read')`,
      'x/b.js': 'this is no JavaScript',
    });
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: 2 } });
    expect(error.message).toMatch(/`import\(\)` needs the name of a module as text/);
  });

  it('an attribute that nothing is known of', async () => {
    const error = await cases.error(`\nimport x from './a.json' with { type: 'css' };\nexport default x`, {
      'a.json': {},
    });
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: 2 } });
  });

  it.each<[string, RegExp]>([
    ['closed/private.js', /private\.js/],
    ['absent', /absent/],
    ['good/nope.js', /nope\.js/],
    ['good/style.css', /style sheet/],
    ['good/x.wasm', /\.wasm/],
    ['good/x.node', /\.node/],
    ['good/%2e%2e/%2e%2e/secret.json', /good/],
    ['mainthief', /outside of its package.*secret\.json/],
    ['exportsthief', /exportsthief/],
    ['linkthief', /outside of its package.*secret\.json/],
    ['browserthief', /outside of its package.*secret\.json/],
    ['thief', /outside of its package.*\.env\.json/],
    ['cjs-thief', /outside of its package.*\.env\.json/],
    ['stylish', /style sheet/],
    ['native', /\.node/],
    ['reads', /fs/],
  ])('of packages: %s', async (specifier, message) => {
    const error = await cases.error(`\nimport * as x from '${specifier}';\nexport default x`);
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR' });
    expect(error.message).toMatch(message);
    expect(JSON.stringify(error)).not.toContain('"secret":1');
  });

  it('a syntax error in an own file, at its place there', async () => {
    const error = await cases.error(`import './a.js'; export default 1`, { 'a.js': 'const a = 1;\nconst = 2;' });
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', name: 'SyntaxError', location: { line: 2, column: 7 } });
    expect(error.location).toMatchObject({ file: expect.stringMatching(/a\.js$/) });
    expect(error.snippet).toContain('const = 2');
  });

  it('a name that an own file does not export', async () => {
    const error = await cases.error(`import { nope } from './a.js'; export default nope`, {
      'a.js': 'export const a = 1',
    });
    expect(error.message).toMatch(/No matching export in "case-\d+\/a\.js" for import "nope"/);
  });

  it('a folder that is replaced by a link out of it after the first read', async () => {
    const folder = await cases.write({ 'lib/a.js': 'export const a = 1' });
    const call = (code: string) => cases.runtime.executeHandler(code, {}, { filename: `${folder}/handler.js` });
    expect((await call(`import { a } from './lib/a.js'; export default a`)).returnValue).toBe(1);
    await mkdir(join(cases.root, '..', 'outside'), { recursive: true });
    await writeFile(join(cases.root, '..', 'outside', 'a.js'), 'export const a = 2');
    await rm(join(cases.root, folder, 'lib'), { recursive: true });
    await symlink(join(cases.root, '..', 'outside'), join(cases.root, folder, 'lib'));
    const { error } = await call(`import { a } from './lib/a.js'; export default [a]`);
    expect(error).toMatchObject({ context: { reason: 'outside' } });
    await rm(await realpath(join(cases.root, '..', 'outside')), { recursive: true });
  });

  it('a file that never ends, and a folder with the name of a file', async () => {
    const folder = await cases.write({ 'folder.js/x.txt': '' });
    await promisify(execFile)('mkfifo', [join(cases.root, folder, 'fifo.js')]);
    for (const name of ['fifo', 'folder']) {
      const { error } = await cases.runtime.executeHandler(
        `import './${name}.js'; export default 1`,
        {},
        { filename: `${folder}/h.js` },
      );
      expect(error).toMatchObject({ code: 'COMPILATION_ERROR', context: { reason: 'missing-file' } });
    }
  });
});

describe('bounds', () => {
  it('the handler with what it imports has maxSourceBytes, and the largest parts are named', async () => {
    const small = { maxSourceBytes: 20_000 };
    await using few = await LinkerCases.create(
      installed('large', { 'index.js': `export const text = '${'x'.repeat(15_000)}'` }, ESM),
      { packages: ['large'], hoist: [] },
      small,
    );
    const files = {
      'a.js': `export const text = '${'y'.repeat(15_000)}'`,
      'b.js': `export const text = '${'z'.repeat(30_000)}'`,
    };
    const both = `import { text } from './a.js'; import { text as other } from 'large'; export default [text, other]`;
    const error = await few.error(both, files);
    expect(error).toMatchObject({ code: 'INVALID_HANDLER', context: { limit: 'maxSourceBytes', value: 20_000 } });
    expect(error.message).toMatch(/a\.js 15\d\d\d.*large|large.*a\.js 15\d\d\d/);
    const single = await few.error(`import { text } from './b.js'; export default text`, files);
    expect(single).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: 1 } });
    expect(single.message).toMatch(/b\.js.*30\d\d\d bytes; maxSourceBytes is 20000/);
    expect(await few.value(`import { text } from './a.js'; export default text.length`, files)).toBe(15_000);
  });

  it('1,000 imports are possible, and more are refused', async () => {
    const files = Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`m${i}.js`, `export const a = ${i}`]));
    const each = Object.keys(files)
      .map((name, i) => `import { a as a${i} } from './${name}';`)
      .join('\n');
    expect(await cases.value(`${each}\nexport default a0 + a998`, files)).toBe(998);
    const many = Array.from({ length: 10_000 }, (_, i) => `import { a as a${i} } from './m1.js';`).join('\n');
    const error = await cases.error(`${many}\nexport default a0 + a9999`, files);
    expect(error).toMatchObject({ code: 'COMPILATION_ERROR', message: expect.stringMatching(/more than 1000 times/) });
  });

  it('a handler of more than a million characters imports no files', async () => {
    const error = await cases.error(`import './a.js'; export default '${'x'.repeat(1024 * 1024)}'.length`, {
      'a.js': '',
    });
    expect(error).toMatchObject({
      code: 'INVALID_HANDLER',
      message: expect.stringMatching(/1048576 characters.*Move a part/),
    });
  });

  it.each([
    ['parentheses', `export default ${'('.repeat(50_000)}1${')'.repeat(50_000)}`],
    ['arrays', `export default ${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['functions', `export default ${'()=>'.repeat(50_000)}1`],
    ['blocks', `export default 1; ${'{'.repeat(50_000)}${'}'.repeat(50_000)}`],
    ['many nested blocks', `export default 1; ${`${'{'.repeat(400)}${'}'.repeat(400)}`.repeat(100)}`],
  ])('deep nesting never reaches the bundler: %s', async (what, text) => {
    const result = await cases.execute(`import './a.js'; ${text}`, { 'a.js': '' });
    if (what === 'parentheses') expect(['success', 'error']).toContain(result.status);
    else expect(result.error).toMatchObject({ code: 'COMPILATION_ERROR' });
    if (what !== 'parentheses' && what !== 'arrays') expect(result.error?.message).toMatch(/nested too deeply/);
  });
});
