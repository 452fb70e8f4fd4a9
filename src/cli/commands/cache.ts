import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { RuntimeOptions } from '../../api/options.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { actionOf, usageError } from '../parse-command-line.js';
import { bytesText } from '../support/format.js';
import { withRuntime } from '../support/open-runtime.js';
import type { Terminal } from '../terminal.js';

const DEFAULT_DIRECTORY = '.nexus-cache';
const ENTRY = /^[0-9a-f]{64}\.qjsc$/;

type Action = (options: RuntimeOptions, directory: string, terminal: Terminal) => Promise<number>;

const ACTIONS: Readonly<Record<string, Action>> = { stats, verify, gc, clear };

export const cache: Command = {
  name: 'cache',
  summary:
    'Looks after the directory of compiled handlers: stats describes it, verify removes entries that are damaged, gc also those beyond the limit, clear all of them.',
  usage: 'stats|verify|gc|clear',
  arguments: { min: 1, max: 1 },
  options: {},
  runtimeOptions: ['cache'],
  examples: [
    ['nexus cache stats', 'how much is in it'],
    ['nexus cache gc --max-disk-cache-size-bytes 10000000', 'make it smaller'],
    ['nexus cache clear --cache-dir /var/cache/nexus', 'empty another one'],
  ],
  run: async ({ positionals, terminal, configuration }) => {
    const [name = ''] = positionals;
    const action = actionOf(cache, ACTIONS, name);
    const { cacheDir = DEFAULT_DIRECTORY, cacheSecret, maxDiskCacheSizeBytes } = await configuration.runtime();
    if (cacheDir === false) throw usageError(cache, 'The configuration has cacheDir: false, so there is no directory.');
    const options = {
      cacheDir,
      ...(cacheSecret !== undefined && { cacheSecret }),
      ...(maxDiskCacheSizeBytes !== undefined && { maxDiskCacheSizeBytes }),
    };
    return action(options, resolve(cacheDir), terminal);
  },
};

interface Contents {
  readonly entries: number;
  readonly bytes: number;
  readonly oldest?: Date;
  readonly newest?: Date;
}

/** Counts entries without opening or changing anything. */
async function contentsOf(directory: string): Promise<Contents> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw new NexusError('INVALID_CONFIG', `The cache ${directory} cannot be read: ${error.message}`, {
        cause: error,
      });
    },
  );
  let bytes = 0;
  let entries = 0;
  let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const entry of found) {
    if (!entry.isFile() || !ENTRY.test(entry.name)) continue;
    const file = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    // Another process may have removed it.
    if (file === undefined) continue;
    entries++;
    bytes += file.size;
    oldest = Math.min(oldest, file.mtimeMs);
    newest = Math.max(newest, file.mtimeMs);
  }
  return { entries, bytes, ...(entries > 0 && { oldest: new Date(oldest), newest: new Date(newest) }) };
}

async function stats(_: RuntimeOptions, directory: string, terminal: Terminal): Promise<number> {
  const contents = await contentsOf(directory);
  terminal.json({ directory, ...contents });
  const { entries, bytes, oldest, newest } = contents;
  terminal.out(`${directory}: ${entries} entries, ${bytesText(bytes)}`);
  if (oldest !== undefined) terminal.out(`used between ${oldest.toISOString()} and ${newest?.toISOString()}`);
  return EXIT.ok;
}

const NOTHING = { checked: 0, valid: 0, removed: [] } as const;

/** A directory that is not there is left so: its name may be mistyped. */
async function withCache<T>(
  options: RuntimeOptions,
  directory: string,
  use: (runtime: NexusRuntime) => Promise<T>,
): Promise<T | undefined> {
  const isThere = await stat(directory).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  return isThere ? withRuntime(options, use) : undefined;
}

async function verify(options: RuntimeOptions, directory: string, terminal: Terminal): Promise<number> {
  const report = (await withCache(options, directory, (runtime) => runtime.verifyCache())) ?? NOTHING;
  terminal.json({ directory, ...report });
  for (const { key, reason } of report.removed) terminal.out(`${terminal.style('red', 'removed')} ${key}: ${reason}`);
  terminal.out(`${report.checked} entries checked, ${report.valid} valid, ${report.removed.length} removed`);
  return report.removed.length === 0 ? EXIT.ok : EXIT.guest;
}

async function gc(options: RuntimeOptions, directory: string, terminal: Terminal): Promise<number> {
  const before = await contentsOf(directory);
  // Opening a cache removes what was left behind, and what is beyond the limit.
  await withCache(options, directory, (runtime) => runtime.verifyCache());
  const after = await contentsOf(directory);
  terminal.json({ directory, before, after });
  terminal.out(
    `${before.entries} entries, ${bytesText(before.bytes)} before; ${after.entries} entries, ${bytesText(after.bytes)} now`,
  );
  return EXIT.ok;
}

async function clear(options: RuntimeOptions, directory: string, terminal: Terminal): Promise<number> {
  const before = await contentsOf(directory);
  await withCache(options, directory, (runtime) => runtime.clearCache({ disk: true }));
  const after = await contentsOf(directory);
  terminal.json({ directory, removed: before.entries - after.entries, left: after.entries });
  terminal.out(`${before.entries - after.entries} entries removed, ${bytesText(before.bytes - after.bytes)}`);
  return EXIT.ok;
}
