import { mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';

import type { Manifest, ManifestHandler } from '../api/manifest.js';
import type { LibraryNeeds } from '../capabilities/library-needs.js';
import { defaultOf } from '../config/read-option.js';
import { resolveSecrets } from '../config/resolve-secrets.js';
import { resolveModules } from '../config/sections/resolve-modules.js';
import { NexusError } from '../errors/nexus-error.js';
import { libraryNames } from '../linker/library-names.js';
import type { LinkerConfig } from '../linker/linker-config.js';
import { FolderFiles } from '../linker/module-files.js';
import { PackageCheck } from '../linker/package-check.js';
import { packagesUsed, type UsedPackage } from '../linker/used-packages.js';
import { HandlerCompiler } from '../runtime/handler-compiler.js';
import { MANIFEST_NAME, MANIFEST_VERSION, renderManifest } from '../runtime/manifest/manifest-file.js';
import { replaceFile } from '../support/replace-file.js';
import { Semaphore } from '../support/semaphore.js';
import { sha256Hex } from '../support/sha256-hex.js';
import type { BuildConfig } from './build-options.js';
import { FileDigests, RECORD_NAME, type RecordedHandler, readRecord } from './build-record.js';
import type { BuildFailure, BuildReport } from './build-report.js';
import { ENDING, findHandlers, type HandlerFile } from './handler-files.js';
import { readSchemas } from './handler-schemas.js';
import { PackageLock } from './package-lock.js';
import { hoistedOf, scanImports } from './scan-imports.js';
import { bundleShared, type SharedLibraries } from './shared-libraries.js';

/** Raise it whenever the same sources give other files. */
const BUILD_VERSION = 1;

/** A handler with what the steps of a build find out. */
interface Unit extends HandlerFile {
  readonly code: string;
  readonly packages: readonly string[];
  /** From the last build; undefined if it has changed. */
  readonly recorded: RecordedHandler | undefined;
}

/** One build: 1. finds handlers, 2. scans their imports, 3. bundles shared libraries, 4. compiles, 5. reads schemas, 6. writes the manifest. */
export class Build {
  readonly #config: BuildConfig;
  readonly #secret: Uint8Array | undefined;
  readonly #digests: FileDigests;
  readonly #lock: PackageLock;
  readonly #linking: LinkerConfig;
  readonly #failures: BuildFailure[] = [];
  readonly #handlers = new Map<string, RecordedHandler>();
  readonly #unchanged: string[] = [];
  #hoisted: readonly string[] = [];
  /** What the shared libraries need, by name. */
  #needs: LibraryNeeds = {};
  #done = 0;

  /** @throws NexusError INVALID_CONFIG, INVALID_ARGUMENT */
  constructor(config: BuildConfig) {
    this.#config = config;
    const { root, packages, lock, updateLock = false, maxSourceBytes = defaultOf('maxSourceBytes') } = config;
    const modules = resolveModules({ from: root, packages, ...(lock !== undefined && { lock }) });
    const listed = modules?.packages ?? [];
    [this.#secret] = resolveSecrets('cacheSecret', config.cacheSecret);
    this.#digests = new FileDigests(root);
    this.#lock = new PackageLock(modules?.lock, listed, updateLock);
    this.#linking = {
      files: new FolderFiles(root),
      folder: root,
      packages: listed,
      libraries: libraryNames([]),
      resolveDir: root,
      check: new PackageCheck([], root, undefined),
      maxSourceBytes,
    };
  }

  async run(): Promise<BuildReport> {
    const { outDir, hoist } = this.#config;
    await this.#lock.open();
    const files = await findHandlers(this.#config);
    await mkdir(outDir, { recursive: true });
    const before = await readRecord(outDir);
    const recorded = this.#config.force === true ? {} : (before?.handlers ?? {});
    const units = await this.#scan(files, recorded);
    const hoisted = hoistedOf(
      units.map(({ packages }) => packages),
      hoist,
    );
    this.#hoisted = hoisted;
    const compiler = this.#createCompiler(hoisted);
    let engine: string;
    let shared: SharedLibraries | undefined;
    let basis: string | undefined;
    try {
      engine = await compiler.engine();
      shared = await this.#bundleShared(hoisted, engine);
      basis = sha256Hex(JSON.stringify([BUILD_VERSION, engine, this.#config.wrap ?? null, this.#sealName()]));
      await this.#compile(units, compiler, basis === before?.basis);
    } catch (error) {
      // The next build goes on from here. The manifest stays that of the last one.
      const isCancelled = error instanceof NexusError && error.code === 'CANCELLED';
      if (isCancelled && basis !== undefined) await this.#writeRecord(basis, basis === before?.basis ? recorded : {});
      throw error;
    } finally {
      await compiler.close();
    }
    const manifest = await this.#write(engine, shared);
    await this.#removeStale(before?.handlers ?? {});
    await this.#lock.save(this.#config.root);
    await this.#writeRecord(basis);
    // Several are compiled at the same time, and end in any order.
    const unchanged = new Set(this.#unchanged);
    const built = [...this.#handlers.keys()].filter((name) => !unchanged.has(name)).sort();
    const failures = this.#failures.sort((a, b) => (a.name < b.name ? -1 : 1));
    const manifestPath = path.join(outDir, MANIFEST_NAME);
    return { manifestPath, manifest, built, unchanged: [...unchanged].sort(), failures };
  }

  /** @param others of handlers that this build has not looked at */
  #writeRecord(basis: string, others: Readonly<Record<string, RecordedHandler>> = {}): Promise<void> {
    const handlers = { ...others, ...Object.fromEntries(this.#handlers) };
    return this.#writeFile(RECORD_NAME, JSON.stringify({ basis, handlers }));
  }

  /** Artifacts are sealed anew under another secret, which is not written anywhere. */
  #sealName(): string {
    return this.#secret === undefined ? '' : sha256Hex(Buffer.concat([Buffer.from('nexus-build'), this.#secret]));
  }

  #createCompiler(hoisted: readonly string[]): HandlerCompiler {
    const { root, packages, wrap, maxSourceBytes, cacheSecret, concurrency } = this.#config;
    return new HandlerCompiler({
      cacheDir: false,
      modules: { from: root, packages, hoist: hoisted, lock: false },
      ...(concurrency !== undefined && { maxInstances: concurrency }),
      ...(wrap !== undefined && { wrap }),
      ...(maxSourceBytes !== undefined && { maxSourceBytes }),
      ...(cacheSecret !== undefined && { cacheSecret }),
    });
  }

  async #scan(files: readonly HandlerFile[], recorded: Readonly<Record<string, RecordedHandler>>): Promise<Unit[]> {
    const { root } = this.#config;
    const units: Unit[] = [];
    for (const file of files) {
      this.#throwIfAborted();
      const code = await readFile(path.join(root, file.file), 'utf8');
      const known = Object.hasOwn(recorded, file.name) ? recorded[file.name] : undefined;
      const isSame = known?.entry.source === file.file && (await this.#digests.areSame(known.inputs));
      const packages = isSame ? known.packages : await scanImports(file, code, this.#linking);
      units.push({ ...file, code, packages, recorded: isSame ? known : undefined });
    }
    return units;
  }

  async #bundleShared(hoisted: readonly string[], engine: string): Promise<SharedLibraries | undefined> {
    const { root } = this.#config;
    const { maxSourceBytes } = this.#linking;
    const shared = await bundleShared(hoisted, { root, maxSourceBytes, engine, secret: this.#secret });
    if (shared === undefined) return undefined;
    const problem = await this.#lock.use(shared.used);
    if (problem !== undefined) {
      throw new NexusError('INVALID_CONFIG', `The package ${problem.message}.`, { context: { package: problem.name } });
    }
    this.#needs = shared.needs;
    await this.#writeFile(shared.manifest.file, shared.sealed);
    return shared;
  }

  async #compile(units: readonly Unit[], compiler: HandlerCompiler, isComparable: boolean): Promise<void> {
    const { concurrency = availableParallelism(), onProgress } = this.#config;
    const turns = new Semaphore(Math.max(1, concurrency));
    const compileOne = async (unit: Unit): Promise<void> => {
      this.#throwIfAborted();
      const status = await this.#compileOne(unit, compiler, isComparable);
      onProgress?.({ done: ++this.#done, total: units.length, name: unit.name, status });
    };
    await Promise.all(units.map((unit) => turns.take(() => compileOne(unit))));
  }

  async #compileOne(
    { name, file, code, packages, recorded }: Unit,
    compiler: HandlerCompiler,
    isComparable: boolean,
  ): Promise<'built' | 'unchanged' | 'failed'> {
    if (isComparable && recorded !== undefined && (await this.#isCurrent(recorded))) {
      this.#handlers.set(name, recorded);
      this.#unchanged.push(name);
      return 'unchanged';
    }
    if (!ENDING.test(file)) {
      const message = `"${file}" is no handler: handlers end with .js, .mjs, .cjs, .ts, .mts or .cts. Narrow the option include, or exclude it.`;
      return this.#failed(name, file, { code: 'COMPILATION_ERROR', message });
    }
    try {
      const description = await compiler.describe(code, { filename: file }, this.#needs);
      const used = await this.#packagesOf(description.files);
      const problem = await this.#lock.use(used);
      if (problem !== undefined)
        return this.#failed(name, file, { code: 'COMPILATION_ERROR', message: `Cannot import: ${problem.message}.` });
      const artifact = await compiler.precompile(code, { filename: file });
      const entry: ManifestHandler = {
        ...description,
        files: description.files.filter((input) => !isInstalled(input)),
        packages: used.map((each) => ({ name: each.name, version: each.version })),
        file: `${name}.qjsc`,
        digest: sha256Hex(artifact),
        source: file,
      };
      await this.#writeFile(entry.file, artifact);
      const inputs = await this.#digests.ofAll(description.files.length === 0 ? [file] : description.files);
      const needs = this.#needsOf(description.imports);
      this.#handlers.set(name, { inputs, packages, hoisted: description.imports, needs, entry });
      return 'built';
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      const { location, snippet } = (error.context ?? {}) as Pick<BuildFailure['error'], 'location' | 'snippet'>;
      const { message } = error;
      const code = error.code as BuildFailure['error']['code'];
      // Of all that the compiler is given, only the name of the file is not of this build.
      if (error.context['field'] === 'filename') return this.#failed(name, file, { code: 'INVALID_HANDLER', message });
      if (code !== 'COMPILATION_ERROR' && code !== 'INVALID_HANDLER') throw error;
      return this.#failed(name, file, { code, message, ...(location && { location }), ...(snippet && { snippet }) });
    }
  }

  /** Whether the artifact of the last build is still there, and imports what it would import now. */
  async #isCurrent({ entry, packages, hoisted, needs, inputs }: RecordedHandler): Promise<boolean> {
    if (needs !== this.#needsOf(hoisted)) return false;
    const artifact = await readFile(path.join(this.#config.outDir, entry.file)).catch(() => undefined);
    if (artifact === undefined || sha256Hex(artifact) !== entry.digest) return false;
    const isBound = packages.filter((name) => this.#hoisted.includes(name)).join() === [...hoisted].sort().join();
    return isBound && (await this.#lock.use(await this.#packagesOf(Object.keys(inputs)))) === undefined;
  }

  #needsOf(libraries: readonly string[]): string {
    return libraries.map((name) => `${name}: ${this.#needs[name]?.join() ?? ''}`).join('; ');
  }

  #packagesOf(files: readonly string[]): Promise<UsedPackage[]> {
    return packagesUsed(files.filter(isInstalled), this.#config.root);
  }

  #failed(name: string, file: string, error: BuildFailure['error']): 'failed' {
    this.#failures.push({ name, file, error });
    return 'failed';
  }

  async #write(engine: string, shared: SharedLibraries | undefined): Promise<Manifest> {
    const manifest = await this.#writeManifest(engine, shared);
    const schemas = await readSchemas(
      path.join(this.#config.outDir, MANIFEST_NAME),
      manifest,
      this.#config.cacheSecret,
    );
    if (schemas.size === 0) return manifest;
    for (const [name, outcome] of schemas) {
      const recorded = this.#handlers.get(name) as RecordedHandler;
      if ('schema' in outcome)
        this.#handlers.set(name, { ...recorded, entry: { ...recorded.entry, schema: outcome.schema } });
      else {
        this.#handlers.delete(name);
        this.#failed(name, recorded.entry.source, outcome.error);
      }
    }
    return this.#writeManifest(engine, shared);
  }

  async #writeManifest(engine: string, shared: SharedLibraries | undefined): Promise<Manifest> {
    const names = [...this.#handlers.keys()].sort();
    const handlers = Object.fromEntries(
      names.map((name) => [name, (this.#handlers.get(name) as RecordedHandler).entry]),
    );
    const libraries = shared && { libraries: shared.manifest };
    const text = renderManifest({ manifestVersion: MANIFEST_VERSION, engine, ...libraries, handlers }, this.#secret);
    await this.#writeFile(MANIFEST_NAME, text);
    return JSON.parse(text) as Manifest;
  }

  async #removeStale(before: Readonly<Record<string, RecordedHandler>>): Promise<void> {
    const files = new Set([...this.#handlers.values()].map(({ entry }) => entry.file));
    const stale = Object.values(before).filter(({ entry }) => !files.has(entry.file));
    await Promise.all(stale.map(({ entry }) => rm(path.join(this.#config.outDir, entry.file), { force: true })));
  }

  /** As a whole or not at all: a build may be stopped at any time, and another process may read. */
  async #writeFile(name: string, content: Uint8Array | string): Promise<void> {
    const file = path.join(this.#config.outDir, name);
    await mkdir(path.dirname(file), { recursive: true });
    await replaceFile(file, content);
  }

  #throwIfAborted(): void {
    const { signal } = this.#config;
    if (signal?.aborted !== true) return;
    const message = `The build was cancelled after ${this.#done} handlers.`;
    throw new NexusError('CANCELLED', message, { context: { done: this.#done }, cause: signal.reason });
  }
}

function isInstalled(file: string): boolean {
  return file.includes('node_modules/');
}
