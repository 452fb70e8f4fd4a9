import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Extension } from '#src/api/extension.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import type { Inputs } from '#src/playground/contract.js';
import { type Playground, startPlayground } from '#src/playground/playground.js';

export const NO_INPUTS: Inputs = { args: '', state: '', scope: '' };

export interface BenchOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly file?: string;
  readonly extensions?: Readonly<Record<string, Extension>>;
  readonly inputs?: Partial<Inputs>;
  readonly recording?: { readonly name: string; readonly bytes: Uint8Array };
}

/** A playground on a folder of its own. */
export class Bench implements AsyncDisposable {
  readonly folder: string;
  readonly runtime: NexusRuntime;
  readonly playground: Playground;
  extensions: Readonly<Record<string, Extension>>;

  private constructor(
    folder: string,
    runtime: NexusRuntime,
    playground: Playground,
    extensions: { current: BenchOptions['extensions'] },
  ) {
    this.folder = folder;
    this.runtime = runtime;
    this.playground = playground;
    this.extensions = extensions.current ?? {};
  }

  static async start({ files = {}, file, extensions = {}, inputs, recording }: BenchOptions = {}): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), 'nexus-playground-'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
    const playground = await startPlayground({
      runtime,
      root: folder,
      file,
      extensions: () => extensions,
      inputs: { ...NO_INPUTS, ...inputs },
      port: 0,
      recording,
    });
    return new Bench(folder, runtime, playground, { current: extensions });
  }

  get url(): string {
    return this.playground.url;
  }

  /** Asks as the page does. */
  ask(path: string, init: RequestInit & { readonly token?: string } = {}): Promise<Response> {
    const { origin, hash } = new URL(this.url);
    const { token = hash.replace('#token=', ''), headers, ...rest } = init;
    return fetch(`${origin}/${path}`, { ...rest, headers: { authorization: `Bearer ${token}`, ...headers } });
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const response = await this.ask(path, { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.playground.close();
    await this.runtime.shutdown();
    await rm(this.folder, { recursive: true, force: true });
  }
}
