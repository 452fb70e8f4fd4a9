import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ended, Folder, printed } from './support/nexus.js';

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create({
    'count.js':
      "$state.count += $args.by; $log('counting', $args.by); $emit('counted', $state.count); return $state.count",
    'order.ts': 'const id: number = $args.id; return await $ext.orders.find(id)',
    'mocks.mjs': "export const orders = { find: async (id) => ({ id, name: 'lamp' }) };",
    'state.json': '{ "count": 1 }',
    'wrong.json': '{\n  "a": 1,\n  b: 2\n}',
    'broken.js': 'return (',
    'endless.js': 'for (;;);',
    'module.js': 'export const double = ({ n }) => n * 2;\nexport default () => 0;',
  });
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('nexus run', () => {
  it('prints what the handler returns to stdout, and its log and effects to stderr', async () => {
    const args = [
      'run',
      'count.js',
      '--args',
      '{ "by": 2 }',
      '--state',
      '@state.json',
      '--allow',
      'state:*',
      '--allow',
      'events:emit:a,events:emit:counted',
    ];
    const { code, stdout, stderr } = await folder.nexus(args);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '3\n' });
    expect(stderr).toContain('info counting 2\n');
    expect(stderr).toContain('state count = 3\n');
    expect(stderr).toContain('event counted 3\n');
  });

  it('prints the whole result as JSON', async () => {
    const { code, value } = await folder.json([
      'run',
      'count.js',
      '--args',
      '{ "by": 2 }',
      '--state',
      '@state.json',
      '--allow',
      'state:*,events:emit:*',
    ]);
    expect(code).toBe(0);
    expect(value).toMatchObject({
      status: 'success',
      returnValue: 3,
      stateMutations: [{ operation: 'set', key: 'count', value: 3 }],
      events: [{ name: 'counted', payload: 3 }],
      logs: [{ level: 'info', message: 'counting 2' }],
    });
  });

  it('has extensions of a module, TypeScript and the standard input', async () => {
    const called = await folder.nexus([
      'run',
      'order.ts',
      '--ext',
      'mocks.mjs',
      '--args',
      '{"id":7}',
      '--allow',
      'ext:orders.find',
    ]);
    expect(called).toMatchObject({ code: 0, stdout: '{"id":7,"name":"lamp"}\n' });
    expect(await folder.nexus(['run', '-'], { input: 'return 6 * 7' })).toMatchObject({ code: 0, stdout: '42\n' });
    expect(await folder.nexus(['run', 'module.js', '--entry', 'double', '--args', '{"n":4}'])).toMatchObject({
      stdout: '8\n',
    });
  });

  it('has the real clock and fresh randomness, unless a seed fixes it', async () => {
    const now = async () => Number((await folder.nexus(['run', '-'], { input: 'return Date.now()' })).stdout);
    const before = Date.now();
    expect(await now()).toBeGreaterThanOrEqual(before);
    const random = async (...more: string[]) =>
      (await folder.nexus(['run', '-', ...more], { input: 'return Math.random()' })).stdout;
    expect(await random()).not.toBe(await random());
    expect(await random('--seed', '7')).toBe(await random('--seed', '7'));
  });

  it.each([
    ['a handler that fails', ['run', 'count.js', '--args', '{"by":1}'], 1, 'hint allow it with --allow state:'],
    ['a handler that does not compile', ['run', 'broken.js'], 1, 'COMPILATION_ERROR'],
    ['a handler that does not end', ['run', 'endless.js', '--timeout-ms', '100'], 1, 'TIMEOUT'],
    ['a missing file', ['run', 'none.js'], 2, 'error none.js does not exist.'],
    ['a directory', ['run', '.'], 2, 'error . is a directory, not a file.'],
    [
      'wrong JSON',
      ['run', 'count.js', '--args', '@wrong.json'],
      2,
      'error wrong.json:3:3: this is not JSON: "b" is not expected here.',
    ],
    [
      'JSON that ends',
      ['run', 'count.js', '--args', '{"a":'],
      2,
      'error --args:1:6: this is not JSON: it ends too early.',
    ],
    [
      'an unknown option',
      ['run', 'count.js', '--arg', '1'],
      2,
      'error Unknown option --arg. Did you mean --args? See nexus run --help.',
    ],
    [
      'an unknown command',
      ['rum', 'count.js'],
      2,
      'error There is no command "rum". Did you mean run? See nexus --help.',
    ],
    [
      'a forgotten value',
      ['run', 'count.js', '--args', '--watch'],
      2,
      'error --args needs a value: --args JSON|@FILE.',
    ],
    [
      'a wrong option of the runtime',
      ['run', 'count.js', '--timeout-ms', '0'],
      2,
      'error Option timeoutMs is 0; it must be',
    ],
    [
      'a wrong number',
      ['run', 'count.js', '--timeout-ms', 'soon'],
      2,
      'error Option --timeout-ms is "soon"; it must be a whole number.',
    ],
    ['no file', ['run'], 2, 'error Something is missing: nexus run FILE [options].'],
    ['one too many', ['run', 'count.js', 'x.js'], 2, 'error "x.js" is too much'],
    ['a wrong capability', ['run', 'count.js', '--allow', 'everything'], 2, 'everything'],
    ['a configuration that is not there', ['run', 'count.js', '--config', 'none.json'], 2, 'error none.json'],
  ])('%s: one line, and an exit code by fault', async (_, args, code, text) => {
    const found = await folder.nexus(args);
    expect(found.stderr).toContain(
      text.replace('none.json', found.stderr.includes(folder.path) ? `${folder.path}/none.json` : 'none.json'),
    );
    expect(found.code).toBe(code);
    expect(found.stdout).toBe('');
    expect(found.stderr).not.toMatch(/^\s+at /m);
    if (code === 2) expect(found.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('a failure is JSON with --json, and has its stack with --debug', async () => {
    const { code, value } = await folder.json(['run', 'none.js']);
    expect({ code, value }).toEqual({
      code: 2,
      value: { error: { code: 'INVALID_ARGUMENT', fault: 'caller', message: 'none.js does not exist.' } },
    });
    expect((await folder.nexus(['run', 'none.js', '--debug'])).stderr).toMatch(/^ {4}at /m);
  });

  it('takes options of the command line before the environment, and both before the file', async () => {
    await using own = await Folder.create({
      'h.js': 'return new Intl.DateTimeFormat().resolvedOptions().locale',
      'nexus.config.mjs': "export default { runtime: { locale: 'de-DE' } };",
    });
    expect((await own.nexus(['run', 'h.js'])).stdout).toBe('"de-DE"\n');
    const env = { NEXUS_LOCALE: 'fr-FR' };
    expect((await own.nexus(['run', 'h.js'], { env })).stdout).toBe('"fr-FR"\n');
    expect((await own.nexus(['run', 'h.js', '--locale', 'es-ES'], { env })).stdout).toBe('"es-ES"\n');
    await own.write('nexus.config.mjs', 'export default { runtme: {} };');
    expect((await own.nexus(['run', 'h.js'])).stderr).toContain(
      'nexus.config.mjs: Unknown option runtme. Did you mean runtime?',
    );
  });

  it('records, and replay finds the same, or what a changed handler does differently', async () => {
    const args = ['--args', '{"id":7}', '--ext', 'mocks.mjs', '--allow', 'ext:orders.find'];
    expect((await folder.nexus(['run', 'order.ts', '--record', ...args])).code).toBe(0);
    expect(await readdir(folder.path)).toContain('order.nxrec');
    const same = await folder.json(['replay', 'order.nxrec']);
    expect(same).toMatchObject({
      code: 0,
      value: { same: true, differences: [], replayed: { returnValue: { id: 7, name: 'lamp' } } },
    });
    await folder.write('changed.js', 'return (await $ext.orders.find($args.id)).name');
    const changed = await folder.json(['replay', 'order.nxrec', '--code', 'changed.js']);
    expect(changed).toMatchObject({ code: 1, value: { same: false } });
    const described = await folder.json(['inspect', 'order.nxrec']);
    expect(described.value).toMatchObject({
      kind: 'recording',
      filename: 'order.ts',
      calls: ['orders.find'],
      capabilities: ['ext:orders.find'],
    });
    expect((await folder.nexus(['inspect', 'order.nxrec', '--source'])).stdout).toContain(
      'return await $ext.orders.find(id)',
    );
    expect(await folder.nexus(['replay', 'state.json'])).toMatchObject({ code: 2 });
  });

  it('ends a native loop in a worker', async () => {
    // It asks no interrupt: only ending its thread stops it.
    const loop = "const a = 'a'.repeat(2 ** 21); return a.indexOf('a'.repeat(2 ** 20) + 'b')";
    const { code, stderr } = await folder.nexus(['run', '-', '--worker', '--timeout-ms', '200'], { input: loop });
    expect(code).toBe(1);
    expect(stderr).toContain('TIMEOUT');
  });

  it('runs again when a file changes', async () => {
    await using own = await Folder.create({ 'h.js': "return 'first'" });
    const child = own.start(['run', 'h.js', '--watch']);
    await printed(child, /"first"[\s\S]*waiting for a change/);
    const again = printed(child, /"second"/);
    await writeFile(join(own.path, 'h.js'), "return 'second'");
    await again;
    const failed = printed(child, /COMPILATION_ERROR[\s\S]*waiting for a change/);
    await writeFile(join(own.path, 'h.js'), 'return (');
    await failed;
    const end = ended(child);
    child.kill('SIGINT');
    await end;
    expect(child.signalCode).toBe('SIGINT');
  });

  it('ends quietly when nobody reads its output', async () => {
    const child = folder.start(['run', '-', '--json']);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.end("return 'x'.repeat(2 ** 20)");
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('writes no control characters of a handler to a terminal', async () => {
    const input = "$log('\\u001b[2Jgone'); throw new Error('\\u001b]0;title\\u0007')";
    const { stderr } = await folder.nexus(['run', '-'], { input });
    expect(stderr).toContain('\\x1b[2Jgone');
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('\u0007');
  });
});
