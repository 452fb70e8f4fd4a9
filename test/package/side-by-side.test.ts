import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { REWRITE_VERSION } from '#src/engine/binary-interface.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'nexus-side-'));
const modules = join(folder, 'node_modules');
/** Of the other build. It is as long as that of this one, so that it can take its place in images. */
const OTHER_VERSION = REWRITE_VERSION + 1;

/** Installs this build as it ships, and beside it under an alias one whose engine is of another rewrite, as an application has both. */
beforeAll(async () => {
  const newer = join(modules, 'nexus-runtime');
  const older = join(modules, 'nexus-runtime-before');
  await mkdir(modules, { recursive: true });
  for (const at of [newer, older]) {
    await mkdir(at);
    await cp(join(root, 'dist'), join(at, 'dist'), { recursive: true });
    await cp(join(root, 'package.json'), join(at, 'package.json'));
  }
  // What both depend on.
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  let places = 0;
  for (const name of await readdir(join(older, 'dist'))) {
    if (!/\.c?js$/.test(name)) continue;
    const path = join(older, 'dist', name);
    const text = await readFile(path, 'utf8');
    // Lines are broken where they are long.
    const assigned = new RegExp(`(REWRITE_VERSION\\s*=\\s*)${REWRITE_VERSION}\\b`, 'g');
    const changed = text.replaceAll(assigned, `$1${OTHER_VERSION}`);
    places += changed === text ? 0 : 1;
    await writeFile(path, changed);
  }
  expect(places).toBeGreaterThan(0);
  const inMessagePack = (version: number) => `rewriteVersion${String.fromCharCode(version)}`;
  for (const [name, inThis, inOther] of [
    ['guest/prelude.image', `+${REWRITE_VERSION}`, `+${OTHER_VERSION}`],
    ['engine.image', inMessagePack(REWRITE_VERSION), inMessagePack(OTHER_VERSION)],
  ] as const) {
    const path = join(older, 'dist', name);
    const image = await readFile(path, 'latin1');
    expect(image).toContain(inThis);
    await writeFile(path, image.replaceAll(inThis, inOther), 'latin1');
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a program prints that has both packages, as `before` and `now`. */
async function print(body: string): Promise<string> {
  const code = `
    import * as now from 'nexus-runtime';
    import * as before from 'nexus-runtime-before';
    const options = { suspensionDir: ${JSON.stringify(join(folder, 'waiting'))}, suspensionSecret: 'a secret of at least 16 bytes', cacheDir: false, maxInstances: 1 };
    ${body}
  `;
  const args = ['--no-warnings', '--input-type=module', '-e', code];
  return (await run(process.execPath, args, { cwd: folder })).stdout.trim();
}

describe('two versions with different engines on one store', () => {
  it('each take the runs of their own, and claim none of the other', async () => {
    const printed = await print(`
      const old = await before.createRuntime(options);
      await old.start('return [await $ext.ask.me(), "old"]', { capabilities: ['ext:ask.me'] }, { runId: 'older' });
      const begin = await old.work();
      while ((await old.getRun('older').describe()).calls.length === 0) await new Promise((done) => setTimeout(done, 10));
      const single = await old.executeHandler('return await $ext.ask.me()', { capabilities: ['ext:ask.me'] });
      await begin.close();
      await old.shutdown();

      const runtime = await now.createRuntime(options);
      const beside = await before.createRuntime(options);
      console.log(runtime.deployment !== beside.deployment, (await runtime.deployments()).length);
      const { suspensionId } = single.suspension;
      const refused = await runtime.resumeHandler(suspensionId, { success: true }).catch((error) => error);
      console.log(refused.code, refused.context.problem, (await runtime.inspectSuspension(suspensionId)).state);
      // Whoever it belongs to, it is answered by who has the answer.
      console.log(await runtime.completeCall('older:c1', { success: true, value: 1 }));
      await runtime.start('return [await $ext.ask.me(), "new"]', { capabilities: ['ext:ask.me'] }, { runId: 'newer' });
      const extensions = { ask: { me: () => 2 } };
      const workers = [await runtime.work({ extensions }), await beside.work({ extensions })];
      for (const id of ['older', 'newer']) console.log(JSON.stringify((await runtime.getRun(id).result()).returnValue));
      for (const worker of workers) await worker.close();
      console.log((await beside.resumeHandler(suspensionId, { success: true, value: 3 })).returnValue);
      await Promise.all([runtime.shutdown(), beside.shutdown()]);
    `);
    expect(printed.split('\n')).toEqual([
      'true 1',
      'SUSPENSION_INCOMPATIBLE image suspended',
      'accepted',
      '[1,"old"]',
      '[2,"new"]',
      '3',
    ]);
  });
});
