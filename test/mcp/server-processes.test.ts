// Processes of servers that ignore the end of their input, and SIGTERM: they end with the connection, and with the command.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openTools } from '#src/mcp/index.js';
import { ended, Folder, printed } from '../cli/support/nexus.js';
import { configOf, SERVER } from './support.js';

let folder: Folder;
let pids = 0;
beforeAll(async () => {
  folder = await Folder.create();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A configuration with one such server, and the file that has its pid. */
function stubborn(mode: 'stubborn' | 'stubborn-silent', more: object = {}) {
  const pidFile = join(folder.path, `pid-${++pids}`);
  const shop = { command: process.execPath, args: [SERVER, mode, pidFile], ...more };
  return { pidFile, config: { mcpServers: { shop } } };
}

/** Waits until the server has said which process it is. */
async function pidIn(file: string): Promise<number> {
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text !== '') return Number(text);
    await pause(20);
  }
}

async function isThere(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that has ended, and whose parent has not asked for its end, is still listed.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/^\d+ \(.*\) [ZX]/.test(stat);
}

/** Resolves when a process that was ended is not there any more; the test fails by its time when it stays. */
async function gone(pid: number): Promise<void> {
  while (await isThere(pid)) await pause(20);
}

describe('a server that ignores the end of its input, and SIGTERM', () => {
  it('ends with its connection', async () => {
    const { config, pidFile } = stubborn('stubborn');
    const opened = await openTools(configOf(config), '1');
    const pid = await pidIn(pidFile);
    expect(await isThere(pid)).toBe(true);
    await opened.close();
    expect(await isThere(pid)).toBe(false);
  });

  it('ends when it never answers', async () => {
    const { config, pidFile } = stubborn('stubborn-silent', { timeoutMs: 2_000 });
    await expect(openTools(configOf(config), '1')).rejects.toThrow(/cannot be reached/);
    await gone(await pidIn(pidFile));
  });
});

describe('nexus mcp, with a server that ignores the end of its input, and SIGTERM', () => {
  async function start(mode: Parameters<typeof stubborn>[0], more: readonly string[] = []) {
    const { config, pidFile } = stubborn(mode);
    await folder.write(`mcp-${pids}.json`, JSON.stringify(config));
    const child = folder.start(['mcp', '--servers', `mcp-${pids}.json`, '--suspension-dir', 'runs', ...more]);
    const end = ended(child);
    if (mode === 'stubborn') await printed(child, /Serving \d+ tools/);
    return { child, end, pid: await pidIn(pidFile) };
  }

  it.each([
    ['the end of its input', 0, (child: Started) => child.stdin.end()],
    ['SIGTERM', 0, (child: Started) => child.kill('SIGTERM')],
    ['SIGINT', 0, (child: Started) => child.kill('SIGINT')],
    ['SIGINT, and another one at once', undefined, (child: Started) => [child.kill('SIGINT'), child.kill('SIGTERM')]],
    ['a client that reads no more', undefined, (child: Started) => [child.stdout.destroy(), child.stdin.end('{}\n')]],
  ])('leaves nothing when it ends because of %s', async (_name, code, stop) => {
    const { child, end, pid } = await start('stubborn');
    stop(child);
    const how = await end;
    if (code !== undefined) expect(how).toMatchObject({ code });
    await gone(pid);
  });

  it('ends at a signal while the server has not answered yet, and leaves nothing', async () => {
    const { child, end, pid } = await start('stubborn-silent');
    child.kill('SIGTERM');
    expect(await end).toMatchObject({ code: 130 });
    await gone(pid);
  });
});

type Started = ReturnType<Folder['start']>;
