import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ended, Folder, printed } from './support/nexus.js';

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create({
    'handlers/greet.js': 'return `Hello ${await $ext.users.name($args)}!`',
    'mocks.mjs': 'export const users = { name: (id) => `user ${id}` };',
  });
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('nexus dev', () => {
  it('serves the playground of a folder to whoever has its address, and ends in order', async () => {
    const child = folder.start(['dev', '--ext', 'mocks.mjs', '--args', '7', '--port', '0']);
    const end = ended(child);
    const text = await printed(child, /#token=\S+/);
    const { origin, pathname, hash } = new URL(/http:\S+/.exec(text)?.[0] ?? '');
    expect(await (await fetch(`${origin}${pathname}`)).text()).toContain('<title>Playground');
    const headers = { authorization: `Bearer ${hash.slice('#token='.length)}` };
    const project = await (await fetch(`${origin}/playground/project`, { headers })).json();
    expect(project).toMatchObject({
      files: ['greet.js'],
      base: 'handlers/',
      extensions: { users: ['name'] },
      inputs: { args: '7' },
    });
    const code = await (await fetch(`${origin}/playground/file?name=greet.js`, { headers })).json();
    const body = JSON.stringify({
      code: (code as { text: string }).text,
      filename: 'handlers/greet.js',
      inputs: { args: '7', state: '', scope: '' },
    });
    const run = await fetch(`${origin}/playground/run`, { method: 'POST', headers, body });
    expect(await run.text()).toContain('"returned":"\\"Hello user 7!\\""');
    // Another file of extensions counts from the next run on.
    await folder.write('mocks.mjs', 'export const users = { name: (id) => `number ${id}` };');
    await expect
      .poll(async () => (await fetch(`${origin}/playground/run`, { method: 'POST', headers, body })).text(), {
        timeout: 20_000,
      })
      .toContain('Hello number 7!');
    child.kill('SIGINT');
    expect((await end).code).toBe(0);
  });

  it('says what is wrong with its arguments', async () => {
    const failure = async (...args: string[]) => {
      const { code, stderr } = await folder.nexus(['dev', ...args]);
      expect(code).toBe(2);
      return stderr;
    };
    expect(await failure('nowhere')).toContain('nowhere does not exist');
    expect(await failure('mocks.txt')).toContain('mocks.txt does not exist');
    expect(await failure('handlers', '--args', '{')).toContain('--args:1:2: this is not JSON');
    expect(await failure('handlers', '--port', 'x')).toContain('--port x is not a number');
    await folder.write('notes.txt', '');
    expect(await failure('notes.txt')).toContain('neither a handler, nor a folder, nor a recording');
    await folder.write('bad.nxrec', 'no recording');
    expect(await failure('bad.nxrec')).toContain('bad.nxrec cannot be replayed');
  });
});
