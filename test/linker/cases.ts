import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type {
  CompileOptions,
  ModulesOptions,
  NexusRuntime,
  RuntimeOptions,
  WasmError,
  WasmResult,
} from '#src/index.js';
import { createTestRuntime } from '#src/testing/index.js';
import { packageTree } from '../support/package-tree.js';

/** Texts by path; an object is written as JSON, and `{ link }` makes a symbolic link. */
export type Files = Readonly<Record<string, string | object>>;

/** One runtime for many handlers, each in a folder of its own. */
export class LinkerCases implements AsyncDisposable {
  readonly root: string;
  readonly runtime: NexusRuntime;
  readonly #remove: () => PromiseLike<void>;
  #cases = 0;

  static async create(
    files: Files,
    modules: Omit<ModulesOptions, 'from'> = {},
    options: RuntimeOptions = {},
  ): Promise<LinkerCases> {
    const tree = await packageTree({ 'handlers.txt': '', ...files });
    const remove = () => tree[Symbol.asyncDispose]();
    try {
      const runtime = await createTestRuntime({
        cacheDir: false,
        ...options,
        modules: { from: tree.directory, lock: false, ...modules },
      });
      return new LinkerCases(tree.directory, runtime, remove);
    } catch (error) {
      await remove();
      throw error;
    }
  }

  private constructor(root: string, runtime: NexusRuntime, remove: () => PromiseLike<void>) {
    this.root = root;
    this.runtime = runtime;
    this.#remove = remove;
  }

  /** Writes files beside a handler, and executes it. */
  async execute(
    code: string,
    files: Files = {},
    options: CompileOptions & { entry?: string } = {},
  ): Promise<WasmResult> {
    const folder = await this.write(files);
    const filename = `${folder}/${options.filename ?? 'handler.js'}`;
    return this.runtime.executeHandler(code, { args: { n: 2 } }, { ...options, filename });
  }

  /** The returned value; the test fails on any error. */
  async value(code: string, files: Files = {}, options: CompileOptions & { entry?: string } = {}): Promise<unknown> {
    const result = await this.execute(code, files, options);
    expect(result.error).toBeUndefined();
    return result.returnValue;
  }

  async error(code: string, files: Files = {}, options: CompileOptions = {}): Promise<WasmError> {
    const result = await this.execute(code, files, options);
    expect(result.status).toBe('error');
    return result.error as WasmError;
  }

  /** @returns the new folder, relative to the root */
  async write(files: Files): Promise<string> {
    const folder = `case-${++this.#cases}`;
    for (const [name, content] of Object.entries(files)) {
      const file = join(this.root, folder, name);
      await mkdir(dirname(file), { recursive: true });
      if (typeof content === 'string') await writeFile(file, content);
      else if ('link' in content) await symlink(String(content.link), file);
      else await writeFile(file, JSON.stringify(content));
    }
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime.shutdown({ drainTimeoutMs: 0 });
    await this.#remove();
  }
}
