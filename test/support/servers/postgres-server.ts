import { execFile } from 'node:child_process';
import { chownSync, mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { POSTGRES, unprivilegedUser } from './installed.mjs';
import { freePorts, supervise } from './supervised.mjs';

/** Whether PostgreSQL is installed. */
export const hasPostgres = POSTGRES !== undefined;

/** A PostgreSQL that a test stops and starts again: its port and its data stay. */
export class PostgresServer {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'nexus-postgres-data-'));
  readonly #user = unprivilegedUser();
  #server: Awaited<ReturnType<typeof supervise>> | undefined;

  private constructor(port: number) {
    this.port = port;
    this.#own(this.#directory);
  }

  static async start(): Promise<PostgresServer> {
    const [port] = (await freePorts(1)) as [number];
    const server = new PostgresServer(port);
    const settings = ['-D', server.#directory, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8'];
    const initdb = join(POSTGRES as string, 'initdb');
    await promisify(execFile)(initdb, settings, { ...server.#user, cwd: server.#directory });
    await server.restart();
    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it again with the data that it had, and resolves when it answers. */
  async restart(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'nexus-postgres-'));
    this.#own(folder);
    const settings = [
      '-D',
      this.#directory,
      '-p',
      `${this.port}`,
      '-h',
      '127.0.0.1',
      '-k',
      folder,
      '-c',
      'max_connections=300',
    ];
    this.#server = await supervise({
      command: [join(POSTGRES as string, 'postgres'), ...settings],
      folder,
      ready: /database system is ready to accept/,
      signal: 'QUIT',
      ...(this.#user && { user: this.#user }),
    });
  }

  /** It ends without a checkpoint, and repeats its log at the next start. */
  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #own(path: string): void {
    if (this.#user !== undefined) chownSync(path, this.#user.uid, this.#user.gid);
  }
}
