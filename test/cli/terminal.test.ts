import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ended, Folder, inTerminal, printed } from './support/nexus.js';

const CTRL_C = '\u0003';
const HANDLERS = 1_000;
let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create({
    'good.js': "$log.warn('careful'); return { ok: true }",
    'bad.js': "throw new TypeError('no')",
    'waiting.js': "$log('begun'); await $ext.never.ends()",
    'never.mjs': 'export const never = { ends: () => new Promise(() => {}) };',
  });
  for (let i = 0; i < HANDLERS; i++) await folder.write(`handlers/h${i}.js`, `const value = ${i}; return value`);
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('nexus in a terminal', () => {
  it('has colours, and the exit code of the handler', async () => {
    const good = await ended(inTerminal(folder, ['run', 'good.js']));
    expect(good.code).toBe(0);
    expect(good.stdout).toContain('\u001b[33mwarn\u001b[0m careful');
    expect(good.stdout).toContain('{"ok":true}');
    const bad = await ended(inTerminal(folder, ['run', 'bad.js']));
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('\u001b[31mEXECUTION_ERROR\u001b[0m TypeError: no');
  });

  it('Ctrl-C ends a handler that waits', async () => {
    const child = inTerminal(folder, ['run', 'waiting.js', '--ext', 'never.mjs', '--allow', 'ext:never']);
    const end = ended(child);
    await printed(child, /begun/);
    child.stdin.write(CTRL_C);
    expect((await end).code).toBe(130);
  });

  it('draws progress of a build; Ctrl-C interrupts it, and the next call goes on', async () => {
    const args = ['build', 'handlers/*.js', '--out-dir', 'out', '--lock', 'false', '--concurrency', '1'];
    const child = inTerminal(folder, args);
    const end = ended(child);
    await printed(child, /░ (?:[1-9]\d)\/1000/);
    child.stdin.write(CTRL_C);
    const interrupted = await end;
    expect(interrupted.code).toBe(130);
    const done = Number(/Interrupted after (\d+) of 1000 handlers/.exec(interrupted.stdout)?.[1]);
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(HANDLERS);

    const { code, value } = await folder.json(args);
    expect(code).toBe(0);
    const [built, unchanged] = [value['built'] as string[], value['unchanged'] as string[]];
    expect(built.length + unchanged.length).toBe(HANDLERS);
    expect(unchanged.length).toBeGreaterThan(0);
    const manifest = JSON.parse(await readFile(join(folder.path, 'out/manifest.json'), 'utf8')) as { handlers: object };
    expect(Object.keys(manifest.handlers)).toHaveLength(HANDLERS);
  }, 120_000);

  it('serve says where it listens and that it serves this machine only, and ends by Ctrl-C', async () => {
    const child = inTerminal(folder, ['serve', '--port', '0', '--cache-dir', 'false', '--log-requests', 'false']);
    const end = ended(child);
    const text = await printed(child, /only programs of this machine are served/);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] as string;
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    child.stdin.write(CTRL_C);
    expect((await end).code).toBe(0);
  });
});
