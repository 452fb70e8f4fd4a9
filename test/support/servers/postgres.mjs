import { execFile } from 'node:child_process';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { POSTGRES, unprivilegedUser } from './installed.mjs';
import { freePorts, supervise } from './supervised.mjs';
export const PASSWORD = 'the password of the tests';
/**
 * PostgreSQL on a port and in a directory of its own, with the user `nexus`.
 *
 * @param {object} [options]
 * @param {Record<string, string>} [options.settings] of postgresql.conf; default: without fsync
 * @param {readonly string[]} [options.hosts] lines of pg_hba.conf; default: everybody who has a password
 * @param {boolean} [options.isStandby] waits for a primary that never comes, and answers queries meanwhile
 * @returns {Promise<{ port: number, url: string, pid: number, stop(): Promise<void> }>}
 */
export async function startPostgres({
  settings = { fsync: 'off' },
  hosts = ['host all all 127.0.0.1/32 scram-sha-256'],
  isStandby = false,
} = {}) {
  if (POSTGRES === undefined) throw new Error('PostgreSQL is not installed.');
  const user = unprivilegedUser();
  const folder = await mkdtemp(join(tmpdir(), 'nexus-postgres-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, PASSWORD);
  if (user !== undefined) for (const path of [folder, passwordFile]) await chown(path, user.uid, user.gid);
  await promisify(execFile)(
    join(POSTGRES, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'nexus',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...user, cwd: folder },
  );
  await writeFile(join(data, 'pg_hba.conf'), `${hosts.join('\n')}\n`);
  if (isStandby) await writeFile(join(data, 'standby.signal'), '');
  const [port] = await freePorts(1);
  const all = { listen_addresses: '127.0.0.1', port: `${port}`, unix_socket_directories: folder, ...settings };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const supervised = await supervise({
    command: [join(POSTGRES, 'postgres'), '-D', data, ...options],
    folder,
    ready: /database system is ready to accept/,
    signal: 'QUIT',
    ...(user && { user }),
  });
  return { ...supervised, port, url: `postgres://nexus:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/postgres` };
}
