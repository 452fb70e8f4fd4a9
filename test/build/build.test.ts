import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuildProgress, BuildReport } from '#src/build/index.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { installed } from '../support/package-tree.js';
import { rejection } from '../support/runtime-helpers.js';
import { type BuildTree, buildTree } from './tree.js';

const ESM = { type: 'module' };

/** NEXUS_BUILD_HANDLERS=200 is the long form. */
const HANDLERS = Number(process.env['NEXUS_BUILD_HANDLERS'] ?? 60);

describe(`${HANDLERS} handlers with 20 packages`, () => {
  let tree: BuildTree;
  let report: BuildReport;
  let runtime: NexusRuntime;
  const progress: BuildProgress[] = [];
  const packages = Array.from({ length: 17 }, (_, i) => `p${i}`);

  beforeAll(async () => {
    const files: Record<string, string | object> = {
      'lib/shared.ts': 'export const twice = (n: number): number => n * 2;',
    };
    for (const [i, name] of packages.entries())
      Object.assign(
        files,
        installed(name, { 'index.js': i % 2 ? `exports.n = ${i};` : `export const n = ${i};` }, i % 2 ? {} : ESM),
      );
    for (let i = 0; i < HANDLERS; i++) {
      const a = packages[i % 16];
      const b = packages[(i + 5) % 16];
      const uses = i % 2 === 0 ? `import { twice } from '../../lib/shared';` : 'const twice = (n) => n * 2;';
      files[`handlers/g${i % 10}/h${i}.js`] =
        `import { n as a } from '${a}';\nimport { n as b } from '${b}';\n${uses}\nexport default ({ n }) => [${i}, twice(n), a, b];`;
    }
    files['handlers/real.ts'] =
      `import _ from 'lodash';\nimport { parse } from 'yaml';\nimport { z } from 'zod';\nimport { n } from 'p16';\nexport default (args: { text: string }) => _.chunk(z.array(z.number()).parse(parse(args.text)), n - 14);`;
    files['handlers/real2.ts'] =
      `import { chunk } from 'lodash';\nexport const schema = { args: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }, result: { type: 'array' } };\nexport default async (args: { n: number }) => chunk([await $ext.db.get(args.n), 2, 3], 2);`;
    files['handlers/body.js'] = 'return $args.n + 1';
    files['handlers/broken.js'] = `import x from 'unknown-package';\nexport default x;`;
    files['handlers/syntax.js'] = `export default (\n`;
    tree = await buildTree(files, { packages: [...packages, 'lodash', 'yaml@^2', 'zod'] }, ['lodash', 'yaml', 'zod']);
    report = await tree.build({ onProgress: (step) => progress.push(step) });
    runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  }, 120_000);
  afterAll(async () => {
    await runtime.shutdown();
    await tree[Symbol.asyncDispose]();
  });

  it('are built, apart from those that are listed with their errors', () => {
    expect(report.built).toHaveLength(HANDLERS + 3);
    expect(report.unchanged).toEqual([]);
    expect(report.failures.map(({ name, file, error }) => [name, file, error.code, error.location?.line])).toEqual([
      ['broken', 'handlers/broken.js', 'COMPILATION_ERROR', 1],
      ['syntax', 'handlers/syntax.js', 'COMPILATION_ERROR', 1],
    ]);
    for (const { error } of report.failures) expect(error.snippet).toContain('|');
    expect(progress).toHaveLength(HANDLERS + 5);
    expect(progress.map(({ done }) => done)).toEqual(Array.from({ length: HANDLERS + 5 }, (_, i) => i + 1));
    expect(new Set(progress.map(({ total }) => total))).toEqual(new Set([HANDLERS + 5]));
    expect(
      progress
        .filter(({ status }) => status === 'failed')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['broken', 'syntax']);
  });

  it('share the packages that several import, and the manifest says what is where', () => {
    const { handlers, libraries } = report.manifest;
    expect(libraries?.names).toEqual([...packages.slice(0, 16), 'lodash'].sort());
    expect(libraries?.packages.find(({ name }) => name === 'p0')).toEqual({ name: 'p0', version: '1.2.3' });
    expect(handlers['g0/h0']).toMatchObject({
      entries: ['default'],
      capabilities: [],
      imports: ['p0', 'p5'],
      source: 'handlers/g0/h0.js',
      file: 'g0/h0.qjsc',
      packages: [],
    });
    expect([...(handlers['g0/h0']?.files ?? [])].sort()).toEqual(['handlers/g0/h0.js', 'lib/shared.ts']);
    expect(handlers['real']?.packages.map(({ name }) => name)).toEqual(['p16', 'yaml', 'zod']);
    expect(handlers['real2']).toMatchObject({
      capabilities: ['ext:db.get'],
      imports: ['lodash'],
      schema: { result: { type: 'array' } },
    });
    expect(handlers['body']).toMatchObject({ imports: [], files: [], packages: [] });
  });

  it('are executed without their sources', async () => {
    const copy = join(tree.directory, 'shipped');
    await cp(join(tree.directory, 'out'), copy, { recursive: true });
    const set = await runtime.load(join(copy, 'manifest.json'));
    expect(set.names).toHaveLength(HANDLERS + 3);
    for (const i of [0, 1, 37, HANDLERS - 1]) {
      const result = await set.execute(`g${i % 10}/h${i}`, { args: { n: 4 } });
      expect(result.error).toBeUndefined();
      expect(result.returnValue).toEqual([i, 8, i % 16, (i + 5) % 16]);
    }
    expect((await set.execute('real', { args: { text: '[1, 2, 3]' } })).returnValue).toEqual([[1, 2], [3]]);
    expect((await set.execute('body', { args: { n: 4 } })).returnValue).toBe(5);
    const ran = await set.run(
      'real2',
      { args: { n: 7 }, capabilities: ['ext:db.get'] },
      { extensions: { db: { get: (n: number) => n } } },
    );
    expect(ran.returnValue).toEqual([[7, 2], [3]]);
    expect(await rejection(set.execute('real2', { args: {} }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await rejection(set.execute('g0/h', {}))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/the nearest is g0\/h/),
    });
  });

  it('are left as they are when nothing has changed', async () => {
    const before = await readFile(report.manifestPath, 'utf8');
    const again = await tree.build();
    expect(again.built).toEqual([]);
    expect(again.unchanged).toHaveLength(HANDLERS + 3);
    expect(await readFile(report.manifestPath, 'utf8')).toBe(before);
  });

  it('are built again where an own file that they import has changed, and nowhere else', async () => {
    await writeFile(join(tree.directory, 'lib/shared.ts'), 'export const twice = (n: number): number => n + n + 0;');
    const { built, unchanged } = await tree.build();
    expect(built).toHaveLength(HANDLERS / 2);
    expect(built.every((name) => Number(/h(\d+)$/.exec(name)?.[1]) % 2 === 0)).toBe(true);
    expect(unchanged).toHaveLength(HANDLERS / 2 + 3);
  });

  it('are built again where a package becomes shared, and its artifact of one that is gone is removed', async () => {
    await rm(join(tree.directory, 'handlers/g1/h1.js'));
    await writeFile(join(tree.directory, 'handlers/new.js'), `import { n } from 'p16';\nexport default n;`);
    const { built, manifest } = await tree.build();
    expect([...built].sort()).toEqual(['new', 'real']);
    expect(manifest.libraries?.names).toContain('p16');
    expect(Object.keys(manifest.handlers)).not.toContain('g1/h1');
    expect(await readdir(join(tree.directory, 'out/g1'))).not.toContain('h1.qjsc');
    const set = await runtime.load(report.manifestPath);
    expect((await set.execute('new')).returnValue).toBe(16);
    expect((await set.execute('real', { args: { text: '[1, 2, 3]' } })).returnValue).toEqual([[1, 2], [3]]);
    expect((await set.execute('g2/h2', { args: { n: 1 } })).returnValue).toEqual([2, 2, 2, 7]);
  });

  it('are built again where a shared package has changed in its files', async () => {
    await writeFile(join(tree.directory, 'node_modules/p16/index.js'), 'export const n = 17;');
    const refused = await rejection(tree.build());
    expect(refused).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/p16.*other files.*updateLock/),
    });
    const { manifestPath } = await tree.build({ updateLock: true });
    const set = await runtime.load(manifestPath);
    expect((await set.execute('new')).returnValue).toBe(17);
  });
});

const SMALL = {
  'handlers/a.js': `import { n } from 'one';\nimport { x } from '../lib/x.js';\nexport default [n, x];`,
  'handlers/b.js': `import { n } from 'one';\nexport default n;`,
  'handlers/c.js': `import { m } from 'two';\nexport default m;`,
  'lib/x.js': 'export const x = 1;',
  ...installed('one', { 'index.js': 'export const n = 1' }, ESM),
  ...installed('two', { 'index.js': 'export const m = 2' }, ESM),
};
const SMALL_OPTIONS = { packages: ['one', 'two'] };

describe('capabilities', () => {
  it('are those of shared packages as well, and are found again when only the package has changed', async () => {
    const mailer = (method: string) => `export const send = (text) => $ext.mail.${method}(text);`;
    const files = {
      'handlers/user.js': `import { send } from 'mailer';\nexport default () => send('x');`,
      'handlers/other.js': 'export default () => 1;',
      ...installed('mailer', { 'index.js': mailer('send') }, ESM),
    };
    await using tree = await buildTree(files, { packages: ['mailer'], hoist: 'all', lock: false });
    const { manifest } = await tree.build();
    expect(manifest.handlers['user']?.capabilities).toEqual(['ext:mail.send']);
    expect(manifest.handlers['other']?.capabilities).toEqual([]);
    await writeFile(join(tree.directory, 'node_modules/mailer/index.js'), mailer('queue'));
    const again = await tree.build();
    expect(again.built).toEqual(['user']);
    expect(again.manifest.handlers['user']?.capabilities).toEqual(['ext:mail.queue']);
  });
});

describe('the lock file', () => {
  it('records what was bundled, in the same bytes everywhere', async () => {
    await using first = await buildTree(SMALL, SMALL_OPTIONS);
    await using second = await buildTree(SMALL, SMALL_OPTIONS);
    const { manifest } = await first.build();
    const other = await second.build();
    expect(other.manifest).toEqual(manifest);
    const lock = (tree: BuildTree) => readFile(join(tree.directory, 'nexus.lock'), 'utf8');
    expect(await lock(first)).toBe(await lock(second));
    expect(JSON.parse(await lock(first))).toEqual({
      lockVersion: 1,
      bundler: expect.stringMatching(/^esbuild \d/),
      packages: [
        { name: 'one', version: '1.2.3', integrity: expect.stringMatching(/^sha512-/) },
        { name: 'two', version: '1.2.3', integrity: expect.stringMatching(/^sha512-/) },
      ],
    });
  });

  it.each<[string, (tree: BuildTree) => Promise<void>, RegExp]>([
    [
      'another version of a shared package',
      (tree) =>
        writeFile(
          join(tree.directory, 'node_modules/one/package.json'),
          JSON.stringify({ name: 'one', version: '1.2.4', ...ESM }),
        ),
      /one.*1\.2\.4.*1\.2\.3 in the lock file/,
    ],
    [
      'other files of a shared package',
      (tree) => writeFile(join(tree.directory, 'node_modules/one/more.js'), ''),
      /one.*other files/,
    ],
    [
      'another version',
      (tree) =>
        writeFile(
          join(tree.directory, 'node_modules/two/package.json'),
          JSON.stringify({ name: 'two', version: '2.0.0', ...ESM }),
        ),
      /two.*2\.0\.0.*1\.2\.3 in the lock file/,
    ],
    [
      'other files',
      (tree) => writeFile(join(tree.directory, 'node_modules/two/index.js'), 'export const m = 3'),
      /two.*other files/,
    ],
  ])('refuses %s, and updateLock takes it', async (_what, change, message) => {
    await using tree = await buildTree(SMALL, SMALL_OPTIONS);
    await tree.build();
    await change(tree);
    const said = await tree.build().then(
      ({ failures }) => failures.map(({ error }) => error.message).join(),
      (error: Error) => error.message,
    );
    expect(said).toMatch(message);
    const { failures } = await tree.build({ updateLock: true });
    expect(failures).toEqual([]);
    expect((await tree.build()).built).toEqual([]);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '{"lockVersion":2,"packages":[]}',
    '{"lockVersion":1,"packages":[{}]}',
    '{"lockVersion":1}',
  ])('that is damaged is no lock file: %s', async (text) => {
    await using tree = await buildTree({ ...SMALL, 'nexus.lock': text }, SMALL_OPTIONS);
    expect(await rejection(tree.build())).toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(/nexus\.lock cannot be read.*remove it and build again/s),
    });
  });
});

describe('versions', () => {
  it('out of the range are refused', async () => {
    await using tree = await buildTree(SMALL, { packages: ['one', 'two@^2'] });
    const { failures, built } = await tree.build();
    expect(failures).toMatchObject([
      { name: 'c', error: { message: expect.stringMatching(/two.*1\.2\.3.*wants \^2/) } },
    ]);
    expect(built).toEqual(['a', 'b']);
  });

  it('two of one package are refused', async () => {
    await using tree = await buildTree(
      {
        ...SMALL,
        'handlers/d.js': `import { m } from 'two'; import { k } from 'one'; export default m`,
        'node_modules/two/node_modules/one/package.json': { name: 'one', version: '9.0.0', ...ESM },
        'node_modules/two/node_modules/one/index.js': 'export const n = 9',
        'node_modules/two/index.js': `export { n as m } from 'one'`,
      },
      { ...SMALL_OPTIONS, hoist: 'none' },
    );
    await writeFile(
      join(tree.directory, 'handlers/d.js'),
      `import { m } from 'two'; import { n } from 'one'; export default [m, n]`,
    );
    const { failures } = await tree.build();
    expect(failures).toMatchObject([
      { name: 'd', error: { message: expect.stringMatching(/one.*two versions.*npm dedupe/) } },
    ]);
  });
});

describe('a build', () => {
  it('that is cancelled ends with CANCELLED, and the next one completes it', async () => {
    await using tree = await buildTree(SMALL, { ...SMALL_OPTIONS, concurrency: 1 });
    const stop = new AbortController();
    const error = await rejection(tree.build({ signal: stop.signal, onProgress: () => stop.abort() }));
    expect(error).toMatchObject({ code: 'CANCELLED' });
    expect(await readdir(join(tree.directory, 'out'))).not.toContain('manifest.json');
    expect((await tree.build()).failures).toEqual([]);
  });

  it('two at once into one folder leave a whole one', async () => {
    await using tree = await buildTree(SMALL, SMALL_OPTIONS);
    const both = await Promise.all([tree.build(), tree.build()]);
    for (const { failures } of both) expect(failures).toEqual([]);
    const names = await readdir(join(tree.directory, 'out'));
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const set = await runtime.load(both[0].manifestPath);
    expect((await set.execute('a')).returnValue).toEqual([1, 1]);
  });

  it('runs nothing of a package on the host', async () => {
    const marks = (name: string) => `require('node:fs').writeFileSync(__dirname + '/../../mark-${name}', '')`;
    await using tree = await buildTree(
      {
        'handlers/a.js': `import { n } from 'evil';\nexport default n;`,
        'handlers/b.js': `import { n } from 'evil';\nexport default [n];`,
        ...installed(
          'evil',
          {
            'index.js': `globalThis.process?.exit?.(7); export const n = typeof process + typeof fetch;`,
            'esbuild.config.js': marks('config'),
            'plugin.js': marks('plugin'),
            'install.js': marks('install'),
            'tsconfig.json': { compilerOptions: { paths: { evil: ['../../../etc/passwd'] } } },
          },
          {
            ...ESM,
            main: 'index.js',
            scripts: { install: 'node install.js', postinstall: 'node install.js', prepare: 'node install.js' },
            esbuild: { plugins: ['./plugin.js'] },
          },
        ),
      },
      { packages: ['evil'] },
    );
    const before = await readdir(tree.directory);
    const { manifestPath, failures } = await tree.build();
    expect(failures).toEqual([]);
    const after = await readdir(tree.directory);
    expect(after.filter((name) => !before.includes(name)).sort()).toEqual(['nexus.lock', 'out']);
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const set = await runtime.load(manifestPath);
    expect((await set.execute('a')).returnValue).toBe('undefinedfunction');
  });

  it.each([
    [{ include: [] }, /options\.include/],
    [{ include: 'nothing/*.js' }, /No handler matches nothing/],
    [{ outDir: '' }, /options\.outDir/],
    [{ hoist: 'some' }, /options\.hoist.*shared, all, none/],
    [{ packages: 'one' }, /options\.packages/],
    [{ packages: ['../x'] }, /packages/],
    [{ updateLock: 1 }, /options\.updateLock/],
    [{ plugins: [] }, /options\.plugins/],
    [{ onProgress: true }, /options\.onProgress/],
    [{ include: ['handlers/*.js', 'lib/../handlers/a.js'] }, /two handlers have the name|Two handlers|^$/i],
  ])('refuses %j', async (options, message) => {
    await using tree = await buildTree(SMALL, SMALL_OPTIONS);
    const said = await tree.build(options as never).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(said).toMatch(message);
  });

  it('a file that is no program is a failure, and nothing else', async () => {
    await using tree = await buildTree({ 'handlers/a.js': 'return 1', 'handlers/a.css': 'a {}', 'handlers/b.tsx': '' });
    const { built, failures } = await tree.build({ include: 'handlers/*' });
    expect(built).toEqual(['a']);
    expect(failures).toMatchObject([
      { name: 'a.css', error: { code: 'COMPILATION_ERROR', message: expect.stringMatching(/a\.css" is no handler/) } },
      { name: 'b.tsx', error: { code: 'COMPILATION_ERROR', message: expect.stringMatching(/b\.tsx" is no handler/) } },
    ]);
  });

  it('two handlers of one name are refused', async () => {
    await using tree = await buildTree({ ...SMALL, 'handlers/a.ts': 'export default 1' }, SMALL_OPTIONS);
    expect(await rejection(tree.build())).toMatchObject({
      message: expect.stringMatching(/Two handlers have the name a: handlers\/a\.[jt]s and handlers\/a\.[jt]s/),
    });
  });

  it('names of the prototype are names of handlers', async () => {
    await using tree = await buildTree({
      'handlers/__proto__.js': 'return 1',
      'handlers/constructor.js': 'return 2',
      'handlers/toString/valueOf.js': 'return 3',
    });
    const { manifestPath, built } = await tree.build();
    expect(built).toEqual(['__proto__', 'constructor', 'toString/valueOf']);
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const set = await runtime.load(manifestPath);
    expect(set.names).toEqual(['__proto__', 'constructor', 'toString/valueOf']);
    for (const [i, name] of set.names.entries()) expect((await set.execute(name)).returnValue).toBe(i + 1);
    expect(set.has('hasOwnProperty')).toBe(false);
    expect((await tree.build()).built).toEqual([]);
  });
});
