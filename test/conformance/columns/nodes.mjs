// The versions of Node on this machine: programs are compared with V8, and the newest one supports most of
// the language.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const NVM = join(process.env.NVM_DIR ?? join(homedir(), '.nvm'), 'versions', 'node');

/** `NEXUS_NODES` names further ones, separated as in PATH. */
function candidates() {
  const named = (process.env.NEXUS_NODES ?? '').split(delimiter).filter((path) => path !== '');
  const managed = existsSync(NVM) ? readdirSync(NVM).map((version) => join(NVM, version, 'bin', 'node')) : [];
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'));
  return [process.execPath, ...new Set([...named, ...managed, ...onPath].filter(existsSync))];
}

/** @returns `{ path, version, major }` of the newest Node */
export function newestNode() {
  const found = candidates().flatMap((path) => {
    try {
      const version = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 }).trim();
      return [{ path, version, major: Number(/^v(\d+)/.exec(version)?.[1]) }];
    } catch {
      return [];
    }
  });
  return found.reduce((newest, node) => (node.major > newest.major ? node : newest));
}
