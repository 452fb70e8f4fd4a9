import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';

/** The files that handlers may import, by paths with `/`, relative to their root. */
export interface ModuleFiles {
  /**
   * The file that a path stands for.
   *
   * @returns its path, or what is there instead
   */
  find(path: string): Promise<FoundFile>;
  /** @throws RangeError for a file of more than `maxBytes` */
  read(path: string, maxBytes: number): Promise<string>;
}

export type FoundFile =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing' /** Names beside it. */; readonly names: readonly string[] }
  | { readonly kind: 'outside' };

/** Endings that an import may leave out, and those of TypeScript that it names as JavaScript. */
const ENDINGS = ['.ts', '.js', '.mts', '.mjs', '.json'];
const INDEX = ENDINGS.slice(0, 4).map((ending) => `/index${ending}`);
const TYPED: Readonly<Record<string, string>> = { '.js': '.ts', '.mjs': '.mts' };

/** The paths that an import of `file` may mean, the first that exists counts. */
export function candidatesFor(file: string): string[] {
  const ending = path.posix.extname(file);
  const typed = TYPED[ending];
  const bare = typed === undefined ? [] : [file.slice(0, -ending.length) + typed];
  return [file, ...bare, ...ENDINGS.map((added) => file + added), ...INDEX.map((added) => file + added)];
}

/** Whether a normalised path leads out of the root. */
export function leadsOut(file: string): boolean {
  return file === '..' || file.startsWith('../') || path.posix.isAbsolute(file);
}

/** A map of sources. */
export class MappedFiles implements ModuleFiles {
  readonly #sources: ReadonlyMap<string, string>;

  constructor(files: Readonly<Record<string, string>>) {
    this.#sources = new Map(Object.entries(files).map(([name, source]) => [path.posix.normalize(name), source]));
  }

  async find(file: string): Promise<FoundFile> {
    if (leadsOut(file)) return { kind: 'outside' };
    const found = candidatesFor(file).find((candidate) => this.#sources.has(candidate));
    return found === undefined ? { kind: 'missing', names: [...this.#sources.keys()] } : { kind: 'found', path: found };
  }

  async read(file: string, maxBytes: number): Promise<string> {
    return bounded(this.#sources.get(file) ?? '', file, maxBytes);
  }
}

/** A folder. Links that lead out of it are not followed. */
export class FolderFiles implements ModuleFiles {
  readonly #folder: string;
  #root: Promise<string> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async find(file: string): Promise<FoundFile> {
    if (leadsOut(file)) return { kind: 'outside' };
    for (const candidate of candidatesFor(file)) {
      const real = await this.#real(candidate);
      if (real === undefined) continue;
      return real === 'outside' ? { kind: 'outside' } : { kind: 'found', path: candidate };
    }
    const beside = path.posix.dirname(file);
    const real = await this.#inside(beside);
    // Names outside are told to nobody.
    if (real === 'outside') return { kind: 'outside' };
    const names = real === undefined ? [] : await readdir(real).catch(() => []);
    return { kind: 'missing', names: names.map((name) => path.posix.join(beside, name)) };
  }

  async read(file: string, maxBytes: number): Promise<string> {
    const real = await this.#real(file);
    if (real === undefined || real === 'outside') throw new RangeError(`${file} is no longer there`);
    const { size } = await stat(real);
    if (size > maxBytes) throw tooLarge(file, size, maxBytes);
    return bounded(await readFile(real, 'utf8'), file, maxBytes);
  }

  /** Undefined for what is no file. */
  async #real(file: string): Promise<string | undefined> {
    const real = await this.#inside(file);
    if (real === undefined || real === 'outside') return real;
    const isFile = await stat(real).then(
      (found) => found.isFile(),
      () => false,
    );
    return isFile ? real : undefined;
  }

  /** Where a path leads. Undefined for what is not there. */
  async #inside(file: string): Promise<string | undefined> {
    this.#root ??= realpath(this.#folder);
    const root = await this.#root.catch(() => undefined);
    const real = await realpath(path.join(this.#folder, file)).catch(() => undefined);
    if (root === undefined || real === undefined) return undefined;
    return real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep) ? real : 'outside';
  }
}

/** Several, of which the first that has a file counts. */
export class LayeredFiles implements ModuleFiles {
  readonly #layers: readonly ModuleFiles[];

  constructor(layers: readonly ModuleFiles[]) {
    this.#layers = layers;
  }

  async find(file: string): Promise<FoundFile> {
    const names: string[] = [];
    for (const layer of this.#layers) {
      const found = await layer.find(file);
      if (found.kind !== 'missing') return found;
      names.push(...found.names);
    }
    return { kind: 'missing', names };
  }

  async read(file: string, maxBytes: number): Promise<string> {
    for (const layer of this.#layers) {
      const found = await layer.find(file);
      if (found.kind === 'found' && found.path === file) return layer.read(file, maxBytes);
    }
    throw new RangeError(`${file} is no longer there`);
  }
}

function bounded(text: string, file: string, maxBytes: number): string {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > maxBytes) throw tooLarge(file, bytes, maxBytes);
  return text;
}

function tooLarge(file: string, bytes: number, maxBytes: number): RangeError {
  return new RangeError(`${file} has ${bytes} bytes; maxSourceBytes is ${maxBytes}`);
}
