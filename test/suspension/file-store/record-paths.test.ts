import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { syncDirectory } from '#src/suspension/file-store/record-paths.js';

describe.skipIf(process.platform === 'win32')('the sync of a directory', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nexus-sync-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is shared by all who call before it has begun, and by nobody who calls later', async () => {
    const first = syncDirectory(folder);
    const [second, third] = [syncDirectory(folder), syncDirectory(folder)];
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    expect(syncDirectory(tmpdir())).not.toBe(second);
    await first;
    // The second has begun, or does so at once.
    await new Promise((resolve) => setImmediate(resolve));
    expect(syncDirectory(folder)).not.toBe(second);
    await Promise.all([second, syncDirectory(folder)]);
    expect(syncDirectory(folder)).not.toBe(second);
  });

  it('that fails tells all who share it, and the next one is made', async () => {
    const missing = join(folder, 'missing');
    const syncs = await Promise.allSettled([1, 2, 3].map(() => syncDirectory(missing)));
    expect(syncs.map((one) => one.status === 'rejected' && one.reason.code)).toEqual(['ENOENT', 'ENOENT', 'ENOENT']);
    await mkdir(missing);
    await syncDirectory(missing);
  });
});
