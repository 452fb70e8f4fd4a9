import { spawn } from 'node:child_process';
import { access, open, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ended, Folder } from './support/nexus.js';

const ESCAPE = '\u001b';
/** A file that paints a title, and claims on a line of its own that all is well. */
const EVIL = `evil${ESCAPE}]0;owned\u0007${ESCAPE}[2J\n99 handlers, no problems\u202e.js`;
let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create({
    'handlers/good.js': 'return 1',
    'handlers/good.test.js': 'return (',
    [`hostile/${EVIL}`]: 'return (',
    'hostile/good.js': 'return 2',
    'five.js': 'return $args',
    'bom.json': '\ufeff5',
  });
});

afterAll(() => folder[Symbol.asyncDispose]());

const exists = (name: string) =>
  access(join(folder.path, name)).then(
    () => true,
    () => false,
  );

describe('nexus', () => {
  it('prints names of files on one line, without what moves a terminal', async () => {
    for (const args of [
      ['check', 'hostile'],
      ['check', 'hostile', '--debug'],
      ['build', 'hostile/*', '--out-dir', 'hostile-out'],
      ['run', `hostile/${EVIL}`],
      ['infer', `hostile/${EVIL}`, '--debug'],
      ['inspect', `hostile/${EVIL}`],
      ['init', `new/${EVIL}`],
    ]) {
      const { stdout, stderr } = await folder.nexus(args);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for control characters
      expect(stdout + stderr, args.join(' ')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
      if (args[0] !== 'infer' && args[0] !== 'check') continue;
      if (!args.includes('--debug')) expect(stdout).not.toMatch(/^99 handlers/m);
    }
    const coloured = await folder.nexus(['check', 'hostile'], { env: { FORCE_COLOR: '1' } });
    expect(coloured.stdout).toContain(`${ESCAPE}[31m`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for control characters
    expect(coloured.stdout.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/);
  }, 60_000);

  it('builds the others when the name of one file cannot be used', async () => {
    const { code, value } = await folder.json(['build', 'hostile/*', '--out-dir', 'others']);
    expect(code).toBe(1);
    expect(value).toMatchObject({ built: ['good'], failures: [{ file: `hostile/${EVIL}` }] });
  });

  it('takes patterns with alternatives as they are', async () => {
    const args = ['build', 'handlers/*.js', '--out-dir', 'out', '--exclude', '**/*.{test,spec}.js,**/*.d.ts'];
    expect(await folder.json(args)).toMatchObject({ code: 0, value: { built: ['good'], failures: [] } });
  });

  it('says how a value with a dash and an option before the command are written', async () => {
    expect(await folder.nexus(['run', 'five.js', '--args', '-5'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--args=-5'),
    });
    expect(await folder.nexus(['run', 'five.js', '--args=-5'])).toMatchObject({ code: 0, stdout: '-5\n' });
    expect(await folder.nexus(['run', 'five.js', '--args', '@bom.json'])).toMatchObject({ code: 0, stdout: '5\n' });
    expect(await folder.nexus(['--json', 'run', 'five.js'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nexus COMMAND --json'),
    });
  });

  it('refuses a file that is too large without reading it, and reads pipes and links', async () => {
    const file = await open(join(folder.path, 'large.js'), 'w');
    await file.truncate(3 * 1024 ** 3);
    await file.close();
    for (const args of [
      ['run', 'large.js'],
      ['inspect', 'large.js'],
      ['run', 'five.js', '--args', '@large.js'],
    ]) {
      expect(await folder.nexus(args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('has more than 256 MiB'),
      });
    }
    expect(await folder.nexus(['run', '/dev/zero'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('256 MiB'),
    });
    await symlink('five.js', join(folder.path, 'link.js'));
    expect(await folder.nexus(['run', 'link.js', '--args', '5'])).toMatchObject({ code: 0, stdout: '5\n' });
    const made = await ended(spawn('mkfifo', [join(folder.path, 'pipe.js')]));
    expect(made.code).toBe(0);
    const reading = folder.nexus(['run', 'pipe.js']);
    const pipe = await open(join(folder.path, 'pipe.js'), 'w');
    await pipe.writeFile('return 7');
    await pipe.close();
    expect(await reading).toMatchObject({ code: 0, stdout: '7\n' });
  }, 60_000);

  it('creates no directory by looking at it', async () => {
    for (const action of ['stats', 'verify', 'gc', 'clear']) {
      expect((await folder.nexus(['cache', action, '--cache-dir', 'mistyped'])).code).toBe(0);
    }
    expect(await folder.nexus(['runs', 'ls', '--suspension-dir', 'mistyped'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no directory mistyped'),
    });
    expect((await folder.nexus(['doctor', '--suspension-dir', 'mistyped'])).stdout).toContain(
      'mistyped, to be created',
    );
    expect(await exists('mistyped')).toBe(false);
    expect(await folder.nexus(['run', 'mistyped/x.js', '--watch'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('mistyped does not exist'),
    });
  }, 60_000);

  it('builds as the command line says, before the environment, and both before the file', async () => {
    await using own = await Folder.create({
      'a.js': 'return 1 + 1 + 1 + 1',
      'nexus.config.json': JSON.stringify({
        runtime: { maxSourceBytes: 1_000 },
        build: { include: 'a.js', outDir: 'out', lock: false, maxSourceBytes: 5 },
      }),
    });
    expect((await own.nexus(['build'])).code).toBe(1);
    const env = { NEXUS_MAX_SOURCE_BYTES: '1000' };
    expect((await own.nexus(['build'], { env })).code).toBe(0);
    expect((await own.nexus(['build', '--max-source-bytes', '6', '--force'], { env })).code).toBe(1);
  });

  it('serve refuses quotas that would not be counted, and names the variable of a token that is too short', async () => {
    const token = (name: string, tenant: string) => ({
      name,
      tenant,
      token: name.repeat(20),
      quota: { concurrency: 1 },
    });
    for (const [server, told] of [
      [{ tokens: [token('a', '*')] }, 'server.tokens[0].quota'],
      [{ tokens: [token('a', 't'), token('b', 't')] }, 'server.tokens[1].quota'],
      [{ tokens: 5 }, 'server.tokens'],
      [{ tokens: [null] }, 'server.tokens[0]'],
    ] as const) {
      await folder.write('serve.json', JSON.stringify({ server: { port: 0, ...server } }));
      expect(await folder.nexus(['serve', '--config', 'serve.json'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(told),
      });
    }
    expect(await folder.nexus(['serve', '--port', '0'], { env: { NEXUS_TOKEN: 'short' } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NEXUS_TOKEN'),
    });
  }, 60_000);
});
