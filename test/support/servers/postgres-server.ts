import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';

import { endProcess, freePort, runProgram } from './processes.js';

const LIBRARIES = '/usr/lib/postgresql';

/** The newest that is installed. */
function findBinaries(): string | undefined {
  const versions = existsSync(LIBRARIES) ? readdirSync(LIBRARIES).map(Number).filter(Number.isFinite) : [];
  const newest = versions.sort((a, b) => b - a)[0];
  const found = newest === undefined ? undefined : join(LIBRARIES, String(newest), 'bin');
  return found !== undefined && existsSync(join(found, 'initdb')) ? found : undefined;
}

/** It refuses to run as root. */
function findUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(spawnSync('id', [flag, 'postgres']).stdout);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

const binaries = findBinaries();

/** Whether PostgreSQL is installed. */
export const hasPostgres = binaries !== undefined;

/** A PostgreSQL of the test's own: its port, its directory, its data. */
export class PostgresServer {
  readonly port: number;
  readonly #directory: string;
  readonly #user = findUser();
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
    this.#directory = mkdtempSync(join(tmpdir(), 'nexus-postgres-'));
    if (this.#user.uid !== undefined) chownSync(this.#directory, this.#user.uid, this.#user.gid as number);
  }

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort());
    const settings = ['-D', server.#directory, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8'];
    await runProgram(join(binaries as string, 'initdb'), settings, server.#user);
    await server.restart();
    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it again with the data that it had, and resolves when it answers. */
  async restart(): Promise<void> {
    const settings = ['-D', this.#directory, '-p', String(this.port), '-h', '127.0.0.1', '-k', this.#directory];
    this.#child = spawn(join(binaries as string, 'postgres'), settings, { stdio: 'ignore', ...this.#user });
    for (;;) {
      const client = new Client({ connectionString: this.url });
      const error = await client.connect().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) {
        await client.end();
        return;
      }
      if (this.#child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${String(error)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** SIGINT is its fast shutdown, SIGQUIT its crash. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    if (this.#child !== undefined) await endProcess(this.#child, signal);
  }

  async dispose(): Promise<void> {
    await this.stop('SIGQUIT');
    await rm(this.#directory, { recursive: true, force: true });
  }
}
