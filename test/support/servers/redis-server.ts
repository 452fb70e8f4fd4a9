import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { REDIS } from './installed.js';
import { freePorts, type Supervised, supervise } from './supervised.js';

/** Whether redis-server is installed. */
export const hasRedis = REDIS !== undefined;

/** A Redis that a test stops and starts again: its port and its data stay. */
export class RedisServer {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'nexus-redis-data-'));
  readonly #options: readonly string[];
  #server: Supervised | undefined;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.#options = options;
  }

  /** @param options as on the command line */
  static async start(options: readonly string[] = ['--appendonly', 'yes']): Promise<RedisServer> {
    const [port] = (await freePorts(1)) as [number];
    const server = new RedisServer(port, options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again with the data that it had, and resolves when it answers. */
  async restart(): Promise<void> {
    const settings = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#directory, '--save', ''];
    this.#server = await supervise({
      command: [REDIS as string, ...settings, ...this.#options],
      folder: await mkdtemp(join(tmpdir(), 'nexus-redis-')),
      ready: /Ready to accept connections/,
      signal: 'TERM',
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }

  /** Ends it at this instruction. */
  async kill(): Promise<void> {
    if (this.#server !== undefined) process.kill(this.#server.pid, 'SIGKILL');
    await this.stop();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
