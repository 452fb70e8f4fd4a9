import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { createRuntime } from '#src/index.js';
import { describe as describeProblem } from '#src/support/files/private-directory.js';

const { getuid, platform } = process;
let folder: string;
let warnings: string[];
const note = ({ message, name }: Error) => {
  if (!message.startsWith('A handler called an extension')) warnings.push(`${name}: ${message}`);
};

/** A process as Windows has it: no ids of users, and directories that cannot be synced. */
function pretendWindows(): void {
  Object.defineProperty(process, 'platform', { value: 'win32' });
  Object.defineProperty(process, 'getuid', { value: undefined, configurable: true, writable: true });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-platform-'));
  warnings = [];
  process.on('warning', note);
});
afterEach(async () => {
  process.off('warning', note);
  Object.defineProperty(process, 'platform', { value: platform });
  Object.defineProperty(process, 'getuid', { value: getuid, configurable: true, writable: true });
  await rm(folder, { recursive: true, force: true });
});

it('without ids of users and with modes that say nothing, handlers are cached on disk, kept in files and resumed by another runtime', async () => {
  pretendWindows();
  const options = {
    cacheDir: join(folder, 'cache'),
    suspensionDir: join(folder, 'suspended'),
    suspensionSecret: 'a secret of at least 16 bytes',
    maxInstances: 1,
  };
  const first = await createRuntime(options);
  const waiting = await first.executeHandler('return 1 + await $ext.a.b()', { capabilities: ['ext:a.b'] });
  await first.shutdown();
  // All that a drive without modes shows.
  for (const name of ['cache', 'suspended']) await chmod(join(folder, name), 0o777);
  const second = await createRuntime(options);
  const resumed = await second.resumeHandler(waiting.suspension?.suspensionId ?? '', { success: true, value: 41 });
  const again = await second.executeHandler('return 1 + await $ext.a.b()', { capabilities: ['ext:a.b'] });
  await second.shutdown();
  expect([resumed.returnValue, again.metrics.cacheTier, warnings]).toEqual([42, 'disk', []]);
});

it("a directory that Node's permission model refuses is told with the flags that grant it, and an unknown failure with one full stop", () => {
  const denied = Object.assign(new Error('Access to this API has been restricted.'), { code: 'ERR_ACCESS_DENIED' });
  expect(describeProblem(denied, '/data', 'cacheDir')).toEqual({
    reason: "/data: Node's permission model does not allow it (ERR_ACCESS_DENIED)",
    remedy: 'Start Node with --allow-fs-read=/data --allow-fs-write=/data, or give another cacheDir.',
  });
  expect(describeProblem(new Error('It is gone.'), '/data', 'cacheDir').reason).toBe('/data: It is gone');
});
