import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

function onPath(name) {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
/** Where Debian and Ubuntu put each version. */
const DEBIAN = '/usr/lib/postgresql';
function findPostgres() {
  const onIt = onPath('postgres');
  if (onIt !== undefined) return join(onIt, '..');
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(DEBIAN, version, 'bin')).find((folder) => existsSync(join(folder, 'postgres')));
}
/** The folder with the binaries of PostgreSQL; undefined where it is not installed. `NEXUS_NO_SERVERS=1` tests as if nothing were. */
export const POSTGRES = process.env['NEXUS_NO_SERVERS'] ? undefined : findPostgres();
export const REDIS = process.env['NEXUS_NO_SERVERS'] ? undefined : onPath('redis-server');
/** A browser that pages are tested in. `NEXUS_NO_BROWSER=1` tests as if there were none. */
export const CHROMIUM = process.env['NEXUS_NO_BROWSER']
  ? undefined
  : ['chromium', 'chromium-browser', 'google-chrome'].map(onPath).find(Boolean);
/** PostgreSQL does not run as root. */
export function unprivilegedUser() {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const idOf = (option) => Number(execFileSync('id', [option, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    return { uid: 65_534, gid: 65_534 };
  }
}
/** A title that says why the tests under it are left out. */
export function titleOf(title, binary, name) {
  return binary === undefined ? `${title} (left out: ${name} is not installed)` : title;
}
