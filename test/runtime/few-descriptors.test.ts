import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { bundleSource } from '../support/sources/bundle-source.js';

const SCRIPT = fileURLToPath(await bundleSource('test/runtime/few-descriptors.mjs'));
/** A process with one worker has some 30 of its own. */
const DESCRIPTORS = 64;

describe.skipIf(process.platform !== 'linux')('a process with few descriptors', () => {
  it('loses none of many calls that read and write files at once', { timeout: 120_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nexus-descriptors-'));
    try {
      const command = `ulimit -n ${DESCRIPTORS} && exec "$0" "$1" "$2"`;
      const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, SCRIPT, directory]);
      expect(JSON.parse(stdout)).toEqual({ suspended: 400, fromDisk: 400, ended: 400 });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
