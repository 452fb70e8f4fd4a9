import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { PAGES_URL } from '../../assets.js';
import { Problem } from '../problem.js';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  wasm: 'application/wasm',
};

/** One file of the pages. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly compressed: Uint8Array<ArrayBuffer>;
}

/** The pages, as they were built. Each file is read and compressed once, when it is first asked for. */
export class PageFiles {
  readonly #pages: readonly string[];
  readonly #folder: URL;
  readonly #files = new Map<string, Promise<PageFile>>();
  #names: Promise<ReadonlySet<string>> | undefined;

  /** @param pages names of the pages to serve; the files in `assets` are always served */
  constructor(pages: readonly string[], folder: URL = PAGES_URL) {
    this.#pages = pages;
    this.#folder = folder;
  }

  /** Names of the pages: `status`, `runs`. */
  async pages(): Promise<readonly string[]> {
    const files = await this.#list();
    return this.#pages.filter((page) => files.has(`${page}.html`));
  }

  /**
   * @param name from the folder of the pages: `status.html`, `assets/status-….js`
   * @returns undefined if there is none of this name
   * @throws Problem 404 if there are no pages at all
   */
  async get(name: string): Promise<PageFile | undefined> {
    // What is asked for is looked up in the list, and never becomes a path by itself.
    if (!(await this.#list()).has(name)) return undefined;
    let file = this.#files.get(name);
    if (file === undefined) {
      file = this.#read(name);
      this.#files.set(name, file);
      file.catch(() => this.#files.delete(name));
    }
    return file;
  }

  async #read(name: string): Promise<PageFile> {
    const bytes = new Uint8Array(await readFile(new URL(name, this.#folder)));
    const compressed = new Uint8Array(await promisify(gzip)(bytes, { level: 9 }));
    return { type: TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream', bytes, compressed };
  }

  #list(): Promise<ReadonlySet<string>> {
    this.#names ??= readdir(this.#folder, { recursive: true }).then(
      (names) => new Set(names.map((name) => name.replaceAll('\\', '/')).filter((name) => this.#isServed(name))),
      () => {
        this.#names = undefined;
        throw new Problem(
          404,
          'NOT_FOUND',
          'The pages are not beside the server, as it was bundled without them. Leave nexus-runtime out of the bundle.',
        );
      },
    );
    return this.#names;
  }
  #isServed(name: string): boolean {
    const page = /^(\w+)\.html$/.exec(name)?.[1];
    return page === undefined ? name.includes('.') : this.#pages.includes(page);
  }
}
