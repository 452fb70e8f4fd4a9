import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

import { endProcess, freePort } from './processes.js';

/** Whether redis-server is installed. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of the test's own: its port, its directory, its data. */
export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
    this.#directory = mkdtempSync(join(tmpdir(), 'nexus-redis-'));
  }

  /** @param options as on the command line: `['--appendonly', 'yes']` */
  static async start(options: readonly string[] = ['--appendonly', 'yes']): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again with the data that it had, and resolves when it answers. */
  async restart(): Promise<void> {
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#directory, '--save', ''];
    this.#child = spawn('redis-server', [...settings, ...this.#options], { stdio: 'ignore' });
    const client = new Redis(this.url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
    client.on('error', () => {});
    // It waits for the connection, and until the data is loaded.
    for (;;) {
      const answer = await client.ping().catch((error: Error) => error.message);
      if (answer === 'PONG') break;
    }
    client.disconnect();
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child !== undefined) await endProcess(this.#child, signal);
  }

  /** Holds it, or lets it go on: SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async dispose(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.#directory, { recursive: true, force: true });
  }
}
