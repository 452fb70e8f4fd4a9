// biome-ignore-all lint/suspicious/noExplicitAny: a manifest that is changed in every way
import { execFile } from 'node:child_process';
import { chmod, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type Manifest, type NexusRuntime } from '#src/index.js';
import { createTestRuntime } from '#src/testing/index.js';
import { type BuildTree, buildTree } from '../../build/tree.js';
import { installed } from '../../support/package-tree.js';
import { rejection } from '../../support/runtime-helpers.js';
import { bundleSource } from '../../support/sources/bundle-source.js';

const INDEX = await bundleSource('src/index.ts');
const ESM = { type: 'module' };
const ANY = { capabilities: ['ext:*'] } as const;
/** Keeps what it is given, to see who sees it. */
const filesOf = (version: string) => ({
  'handlers/a.js': `import { n, keep, kept } from 'lib';\nexport default async ({ secret }) => { keep(secret); return [n, kept(), await $ext.db.get(1)] };\nexport const named = () => n;`,
  'handlers/b.js': `import { n, kept } from 'lib';\nexport default () => [n, kept()];`,
  ...installed(
    'lib',
    {
      'index.js': `let it; export const n = '${version}'; export const keep = (x) => { it = x }; export const kept = () => it;`,
    },
    { ...ESM, version },
  ),
});

let one: BuildTree;
let two: BuildTree;
let manifestPath: string;
let runtime: NexusRuntime;
const folders: string[] = [];

beforeAll(async () => {
  [one, two] = await Promise.all([
    buildTree(filesOf('1.0.0'), { packages: ['lib'] }),
    buildTree(filesOf('2.0.0'), { packages: ['lib'] }),
  ]);
  const [built] = await Promise.all([one.build(), two.build()]);
  manifestPath = built.manifestPath;
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(async () => {
  await runtime.shutdown();
  await Promise.all([one, two].map((tree) => tree[Symbol.asyncDispose]()));
});

/** A copy of the build, whose manifest is changed. */
async function changed(change: (manifest: Record<string, any>, folder: string) => unknown): Promise<string> {
  const folder = join(one.directory, `copy-${folders.length}`);
  folders.push(folder);
  await cp(join(one.directory, 'out'), folder, { recursive: true });
  const file = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, any>;
  const text = await change(manifest, folder);
  await writeFile(file, typeof text === 'string' ? text : JSON.stringify(manifest));
  return file;
}

describe('a manifest that is not as it was written', () => {
  it.each<[string, (manifest: any, folder: string) => unknown, RegExp]>([
    ['empty', () => '', /is no JSON/],
    ['cut', (manifest) => JSON.stringify(manifest).slice(0, -2), /is no JSON/],
    ['null', () => 'null', /is no object/],
    ['a list', () => '[]', /manifestVersion/],
    ['a text', () => '"x"', /is no object/],
    [
      'of another version',
      (m) => {
        m.manifestVersion = 2;
      },
      /manifestVersion 2, and this version reads 1/,
    ],
    [
      'of another engine',
      (m) => {
        m.engine = 'x'.repeat(64);
      },
      /was built for engine x/,
    ],
    ['without an engine', (m) => void delete m.engine, /names no engine/],
    ['without handlers', (m) => void delete m.handlers, /has no handlers/],
    [
      'with a list of handlers',
      (m) => {
        m.handlers = [1];
      },
      /has no handlers/,
    ],
    [
      'with handlers that are null',
      (m) => {
        m.handlers.a = null;
      },
      /handler/,
    ],
    [
      'with handlers that are text',
      (m) => {
        m.handlers = 'abc';
      },
      /handlers/,
    ],
    [
      'with a file that leads out',
      (m) => {
        m.handlers.a.file = '../out/a.qjsc';
      },
      /no file and digest for the handler a/,
    ],
    [
      'with a file that leads out behind a folder',
      (m) => {
        m.handlers.a.file = 'x/../../out/a.qjsc';
      },
      /no file and digest/,
    ],
    [
      'with an absolute file',
      (m) => {
        m.handlers.a.file = '/etc/passwd';
      },
      /no file and digest/,
    ],
    [
      'with a file of Windows',
      (m) => {
        m.handlers.a.file = 'c:\\a';
      },
      /no file and digest/,
    ],
    [
      'with a NUL',
      (m) => {
        m.handlers.a.file = 'a\0';
      },
      /no file and digest/,
    ],
    [
      'with a file that is a number',
      (m) => {
        m.handlers.a.file = 1;
      },
      /no file and digest/,
    ],
    [
      'with a file that is empty',
      (m) => {
        m.handlers.a.file = '';
      },
      /no file and digest/,
    ],
    ['without a digest', (m) => void delete m.handlers.a.digest, /no file and digest/],
    [
      'with libraries that are null',
      (m) => {
        m.libraries = null;
      },
      /libraries/,
    ],
    [
      'with libraries that lead out',
      (m) => {
        m.libraries.file = '../x';
      },
      /libraries without a file/,
    ],
    ['with libraries without an id', (m) => void delete m.libraries.id, /libraries without a file/],
    [
      'with another digest of its libraries',
      (m) => {
        m.libraries.digest = '0'.repeat(64);
      },
      /another digest/,
    ],
    [
      'with a handler as its libraries',
      (m) => void Object.assign(m.libraries, { file: m.handlers.a.file, digest: m.handlers.a.digest }),
      /holds no libraries/,
    ],
    ['without the file of its libraries', (m, folder) => rm(join(folder, m.libraries.file)), /cannot be read/],
    [
      'with another id of its libraries',
      (m) => {
        m.libraries.id = 'f'.repeat(64);
      },
      /libraries/,
    ],
    [
      'with a MAC',
      (m) => {
        m.mac = '00';
      },
      /cacheSecret/,
    ],
    [
      'with entries that are no list',
      (m) => {
        m.handlers.a.entries = 5;
      },
      /entries|handler a/,
    ],
    [
      'with a schema that is a text',
      (m) => {
        m.handlers.a.schema = 'x';
      },
      /schema|handler a/,
    ],
  ])('%s', async (_what, change, message) => {
    const error = await rejection(runtime.load(await changed(change)));
    expect(error).toMatchObject({ code: 'INVALID_ARTIFACT', message: expect.stringMatching(message) });
  });

  it.each<[string, (manifest: any, folder: string) => unknown, RegExp]>([
    [
      'another digest',
      (m) => {
        m.handlers.a.digest = '0'.repeat(64);
      },
      /another digest/,
    ],
    [
      'the artifact of another handler',
      (_m, folder) => cp(join(folder, 'b.qjsc'), join(folder, 'a.qjsc')),
      /another digest/,
    ],
    ['no artifact', (_m, folder) => rm(join(folder, 'a.qjsc')), /cannot be read/],
    [
      'libraries as its artifact',
      (m) => void Object.assign(m.handlers.a, { file: m.libraries.file, digest: m.libraries.digest }),
      /artifact|INVALID/i,
    ],
  ])('with a handler that has %s, which is noticed when it is called', async (_what, change, message) => {
    const set = await runtime.load(await changed(async (m, folder) => void (await change(m, folder))));
    expect(await rejection(set.execute('a', {}))).toMatchObject({
      code: 'INVALID_ARTIFACT',
      message: expect.stringMatching(message),
    });
    expect((await set.execute('b')).returnValue).toEqual(['1.0.0', undefined]);
  });

  it.each([
    'nowhere/manifest.json',
    '',
    5,
    null,
    new URL('https://x.example/manifest.json'),
    '\0',
  ])('given as %s', async (given) => {
    expect(await rejection(runtime.load(given as string))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a secret', () => {
  const secret = 'a secret of at least 32 characters, all of them';

  it('seals the manifest: changed in any field, it is refused', async () => {
    const { manifestPath: sealed } = await one.build({ cacheSecret: secret, outDir: 'sealed' });
    const original = JSON.parse(await readFile(sealed, 'utf8')) as Manifest & Record<string, any>;
    expect(original.mac).toMatch(/^[0-9a-f]{64}$/);
    expect(await rejection(runtime.load(sealed))).toMatchObject({
      code: 'INVALID_ARTIFACT',
      message: expect.stringMatching(/cacheSecret, which this runtime does not have/),
    });
    await using holder = await createRuntime({ cacheDir: false, maxInstances: 1, cacheSecret: secret });
    expect((await (await holder.load(sealed)).execute('b')).returnValue).toEqual(['1.0.0', undefined]);
    const changes: ((m: any) => void)[] = [
      (m) => void delete m.mac,
      (m) => {
        m.mac = '';
      },
      (m) => {
        m.mac = m.mac.replace(/^../, 'zz');
      },
      (m) => {
        m.mac = [m.mac];
      },
      (m) => {
        m.handlers.a.capabilities = ['ext:other.*'];
      },
      (m) => {
        m.handlers.c = m.handlers.b;
      },
      (m) => {
        [m.handlers.a, m.handlers.b] = [m.handlers.b, m.handlers.a];
      },
      (m) => void delete m.libraries,
      (m) => {
        m.handlers.b.sizes.sourceBytes += 1;
      },
      (m) => {
        m.added = 1;
      },
    ];
    for (const change of changes) {
      const manifest = structuredClone(original);
      change(manifest);
      await writeFile(sealed, JSON.stringify(manifest));
      expect(await rejection(holder.load(sealed))).toMatchObject({
        code: 'INVALID_ARTIFACT',
        message: expect.stringMatching(/cacheSecret/),
      });
    }
    await writeFile(sealed, JSON.stringify(original));
    expect((await holder.load(sealed)).names).toEqual(['a', 'b']);
    expect(await rejection(holder.load(manifestPath))).toMatchObject({ code: 'INVALID_ARTIFACT' });
    await using other = await createRuntime({ cacheDir: false, maxInstances: 1, cacheSecret: `${secret}!` });
    expect(await rejection(other.load(sealed))).toMatchObject({ code: 'INVALID_ARTIFACT' });
  });
});

describe.each([
  ['in workers', createRuntime],
  ['in the test kit', createTestRuntime],
] as const)('two builds with other libraries %s', (_where, create) => {
  it('are executed by turns, each with its own, and nothing stays', async () => {
    const both = await create({ cacheDir: false, maxInstances: 1 });
    const sets = await Promise.all([one, two].map((tree) => both.load(join(tree.directory, 'out/manifest.json'))));
    for (const round of [1, 2]) {
      for (const [i, set] of sets.entries()) {
        const version = `${i + 1}.0.0`;
        const secret = `${round} of ${version}`;
        const ran = await set.run('a', { ...ANY, args: { secret } }, { extensions: { db: { get: (n: number) => n } } });
        expect(ran.returnValue).toEqual([version, secret, 1]);
        expect((await set.execute('b')).returnValue).toEqual([version, undefined]);
        expect((await set.execute('a', ANY, { entry: 'named' })).returnValue).toBe(version);
      }
    }
    const [first, second] = await Promise.all(sets.map((set, i) => set.execute('a', { ...ANY, args: { secret: i } })));
    expect([first?.status, second?.status]).toEqual(['suspended', 'suspended']);
    const answer = (result: typeof first) =>
      both.resumeHandler(result?.suspension?.suspensionId as string, { success: true, value: 'x' });
    expect((await answer(second)).returnValue).toEqual(['2.0.0', 1, 'x']);
    expect((await answer(first)).returnValue).toEqual(['1.0.0', 0, 'x']);
    await both.shutdown();
  });
});

describe('a build that is shipped', () => {
  it('is loaded read-only', async () => {
    const file = await changed(() => undefined);
    const folder = join(file, '..');
    for (const name of await readdir(folder)) await chmod(join(folder, name), 0o444);
    await chmod(folder, 0o555);
    const set = await runtime.load(file);
    expect((await set.execute('b')).returnValue).toEqual(['1.0.0', undefined]);
    await chmod(folder, 0o755);
  });

  it('with 10,000 handlers', async () => {
    const file = await changed((m) => {
      for (let i = 0; i < 10_000; i++) m['handlers'][`many/${i}`] = m['handlers'].b;
    });
    const set = await runtime.load(file);
    expect(set.names).toHaveLength(10_002);
    expect((await set.execute('many/9999')).returnValue).toEqual(['1.0.0', undefined]);
    expect((await rejection(set.execute('many'))) as Error).toMatchObject({
      message: expect.stringMatching(/10002 handlers/),
    });
  });
});

describe('other processes', () => {
  it('load a build, and resume what another suspended, without the sources and without a bundler', async () => {
    const file = await changed(() => undefined);
    const options = { cacheDir: false, maxInstances: 1, suspensionDir: join(one.directory, 'suspended') } as const;
    const first = await createRuntime(options);
    const suspended = await (await first.load(file)).execute('a', { ...ANY, args: { secret: 5 } });
    await first.shutdown();
    const script = `
      import { createRuntime } from ${JSON.stringify(INDEX)};
      const runtime = await createRuntime(${JSON.stringify(options)});
      const id = ${JSON.stringify(suspended.suspension?.suspensionId)};
      const answer = { success: true, value: 'x' };
      // Its image is in the store.
      const early = (await runtime.resumeHandler(id, answer)).returnValue;
      const set = await runtime.load(${JSON.stringify(file)});
      const { returnValue } = await runtime.resumeHandler(id, answer);
      const other = (await set.execute('b')).returnValue;
      await runtime.shutdown();
      const loaded = process.moduleLoadList?.length >= 0 && Object.keys((await import('node:module')).default._cache).some((name) => name.includes('esbuild'));
      console.log(JSON.stringify({ early, returnValue, other, loaded }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: '/' });
    expect(JSON.parse(stdout)).toEqual({
      early: ['1.0.0', 5, 'x'],
      returnValue: ['1.0.0', 5, 'x'],
      other: ['1.0.0', null],
      loaded: false,
    });
  });
});
