import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

import { NexusError } from '../errors/nexus-error.js';
import { clearTimeout, setTimeout } from '../support/timers.js';
import type { FileView } from './contract.js';

const HANDLER = /(?<!\.d)\.[cm]?[jt]s$/;
const IGNORED = /^(\.|node_modules$)/;
/** More is no list that a person looks through. */
const MAX_FILES = 1_000;
const MAX_DEPTH = 8;
/** What an editor in a page still takes without delay. */
export const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** Editors write a file in several steps. */
const SETTLE_MS = 50;

/** The handlers in a folder: nothing else can be read or written. */
export class HandlerFiles {
  readonly root: string;
  #watcher: FSWatcher | undefined;

  constructor(root: string) {
    this.root = resolve(root);
  }

  /** Names relative to the folder, with `/`. */
  async list(): Promise<string[]> {
    const found: string[] = [];
    const visit = async (folder: string, depth: number): Promise<void> => {
      const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        if (found.length >= MAX_FILES) return;
        if (IGNORED.test(entry.name)) continue;
        const path = join(folder, entry.name);
        if (entry.isDirectory() && depth < MAX_DEPTH) await visit(path, depth + 1);
        else if (entry.isFile() && HANDLER.test(entry.name)) found.push(this.nameOf(path));
      }
    };
    await visit(this.root, 0);
    return found;
  }

  nameOf(path: string): string {
    return relative(this.root, path).split(sep).join('/');
  }

  /** @throws NexusError INVALID_ARGUMENT if it is no handler in the folder */
  pathOf(name: string): string {
    const path = resolve(this.root, name);
    const within = relative(this.root, path);
    const isWithin = within !== '' && !isAbsolute(within) && !within.split(sep).some((part) => IGNORED.test(part));
    if (name.includes('\0') || !isWithin || !HANDLER.test(name))
      throw refused(name, `is not a handler in ${this.root}: a file that ends in .js, .mjs, .cjs, .ts, .mts or .cts`);
    return path;
  }

  /** @throws NexusError INVALID_ARGUMENT naming the file */
  async read(name: string): Promise<FileView> {
    const path = await this.#inside(name);
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES)
      throw refused(name, `has ${size} bytes; files of up to ${MAX_FILE_BYTES} are edited here`);
    const text = await readFile(path, 'utf8');
    return { name, text, version: versionOf(text) };
  }

  /**
   * Writes a file.
   *
   * @param version what was read; a file that has another by now is not overwritten. Empty for a file that is not there yet
   * @returns undefined if it has another version
   * @throws NexusError INVALID_ARGUMENT naming the file
   */
  async write(name: string, text: string, version: string): Promise<FileView | undefined> {
    if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw refused(name, `would be larger than ${MAX_FILE_BYTES} bytes`);
    if (version === '') {
      const path = this.pathOf(name);
      await mkdir(dirname(path), { recursive: true });
      try {
        await writeFile(path, text, { flag: 'wx' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
        throw refused(name, `cannot be written: ${(error as Error).message}`, error);
      }
      return { name, text, version: versionOf(text) };
    }
    const path = await this.#inside(name);
    if (versionOf(await readFile(path, 'utf8')) !== version) return undefined;
    await writeFile(path, text).catch((error: unknown) => {
      throw refused(name, `cannot be written: ${(error as Error).message}`, error);
    });
    return { name, text, version: versionOf(text) };
  }

  /** Tells names of handlers that changed, until closed. */
  watch(onChange: (names: readonly string[]) => void): void {
    let timer: NodeJS.Timeout | undefined;
    const changed = new Set<string>();
    const tell = () => {
      const names = [...changed];
      changed.clear();
      onChange(names);
    };
    const watcher = watch(this.root, { recursive: true, persistent: false }, (_, given) => {
      const name = given?.split(sep).join('/') ?? '';
      if (!HANDLER.test(name) || name.split('/').some((part) => IGNORED.test(part))) return;
      changed.add(name);
      clearTimeout(timer);
      timer = setTimeout(tell, SETTLE_MS);
    });
    // A folder that goes away is told when a file of it is asked for.
    watcher.on('error', () => watcher.close());
    this.#watcher = watcher;
  }

  close(): void {
    this.#watcher?.close();
  }

  /** A link may lead elsewhere. */
  async #inside(name: string): Promise<string> {
    const path = this.pathOf(name);
    const [real, root] = await Promise.all([realpath(path), realpath(this.root)]).catch((error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      throw refused(name, code === 'ENOENT' ? 'does not exist any more' : `cannot be read: ${message}`, error);
    });
    if (!real.startsWith(`${root}${sep}`)) throw refused(name, `is a link to a file outside of ${this.root}`);
    return real;
  }
}

function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function refused(name: string, why: string, cause?: unknown): NexusError {
  return new NexusError('INVALID_ARGUMENT', `${name.slice(0, 200)} ${why}.`, { context: { field: 'name' }, cause });
}
