import { LRUCache } from 'lru-cache';

import type { CacheTierName } from '../api/observing/execution-metrics.js';
import type { CompileEvent } from '../api/observing/observer.js';
import type { WasmError } from '../api/result.js';
import { type CacheEntry, HANDLER_NAMESPACE } from '../cache/cache-entry.js';
import { sealInSlices } from '../cache/sliced-artifact.js';
import { NexusError } from '../errors/nexus-error.js';
import { mayImport } from '../linker/import-candidates.js';
import type { Linker } from '../linker/linker.js';
import type {
  Compilation,
  CompileBackend,
  CompileRequestOptions,
  CompileUnit,
  HandlerOutcome,
} from '../protocol/compile.js';
import { codeOfModel } from '../source/forms/model-text.js';
import { LINKED, type SourceShape, shapeOf } from '../source/forms/source-shape.js';
import { findSourceProblem, requireFilename, requireSource } from '../source/source-check.js';
import { DEFAULT_FILENAME } from '../source/source-text.js';
import { asShared } from '../support/bytes/shared-bytes.js';
import { performance } from '../support/timers.js';
import { Flight } from './compile-flight.js';
import type { CompiledHandler, CompileResult } from './compiled-handler.js';
import { GivenSourceMap } from './given-source-map.js';
import { type CallOptions, charactersOf, type HandlerText, type KnownKey, nameIn } from './handler-text.js';
import { type DerivedKey, KeyDeriver, LARGE_SOURCE_CHARACTERS } from './key.js';

/** The cache as the compiler sees it. A miss is undefined, and no method rejects. */
export interface HandlerCache {
  /** Reads memory only, so that a hit takes no turn of the event loop. */
  peek(key: string): CacheEntry | undefined;
  /** Reads memory, then disk, then the remote cache. */
  get(key: string): Promise<{ entry: CacheEntry; tier: CacheTierName } | undefined>;
  /** Keeps an entry in memory at once; it is written to disk and to the remote cache in the background. */
  put(entry: CacheEntry): void;
  countCompilation(): void;
  /** Counts a lookup that joined a pending compilation. */
  countJoin(key: string): void;
}

export interface CachingCompilerOptions {
  /** Fingerprint of the engine for which the backend compiles. */
  readonly engine: string;
  readonly maxSourceBytes: number;
  /** Seals artifacts that leave the process; see {@link sealInSlices}. */
  readonly secret: Uint8Array | undefined;
  /** The shape of sources whose callers want no other. */
  readonly shape?: SourceShape | undefined;
  /** Whether source and source map are kept with the bytecode, where the call does not say. @default true */
  readonly source?: boolean;
  /** Absent if handlers import nothing. */
  readonly linker?: Linker | undefined;
  /** Called for every compilation, whatever its outcome. */
  readonly onCompiled?: (event: CompileEvent) => void;
  /** The clock for remembered errors, in milliseconds. */
  readonly now?: () => number;
}

/** A compiled handler with what was compiled, even if it is not kept, how that is read, and the files that are in it. */
export interface ResolvedSource extends CompileResult {
  readonly shape: SourceShape | undefined;
  /** Paths; empty if it is one file. */
  readonly files: readonly string[];
}

/** A handler before it is compiled. */
interface HandlerUnit extends Omit<CompileUnit, 'shape'>, HandlerText {
  readonly key: string;
}

/** A handler, or the error why there is none. The error belongs in a result and is not a rejection. */
export type CompileAttempt =
  | { readonly ok: true; readonly handler: CompileResult }
  | {
      readonly ok: false;
      readonly error: WasmError;
      /** See {@link HandlerOutcome}. */
      readonly importsMore?: boolean | undefined;
    };

const NO_OPTIONS: CallOptions = {};

/** Keys of sources seen before, by file name. The strings are those of the callers, held by reference. */
const KEY_MEMO_ENTRIES = 10_000;
const KEY_MEMO_CHARACTERS = 32 * 1024 * 1024;
const MAX_NAMES_PER_SOURCE = 8;

/**
 * A source that does not compile may be requested again and again, for example by a retry loop. So its error
 * is remembered for a while.
 */
const REMEMBERED_ERRORS = 1_000;
const ERROR_TTL_MS = 30_000;

/**
 * Compiles sources through the cache: key, memory, disk, remote cache, and only then a worker. Concurrent calls for one key
 * share one compilation.
 */
export class CachingCompiler {
  readonly #backend: CompileBackend;
  readonly #cache: HandlerCache;
  readonly #options: CachingCompilerOptions;
  readonly #keyDeriver: KeyDeriver;
  readonly #inFlight = new Map<string, Flight<CompileAttempt>>();
  readonly #keys = new LRUCache<string, Map<string, KnownKey>>({
    max: KEY_MEMO_ENTRIES,
    maxSize: KEY_MEMO_CHARACTERS,
    sizeCalculation: charactersOf,
  });

  /** Keys of large sources that are being derived, so that concurrent calls for one source hash it once. */
  readonly #deriving = new Map<
    string,
    Omit<KnownKey, 'key'> & { readonly name: string; readonly derived: Promise<DerivedKey> }
  >();
  readonly #errors: LRUCache<string, CompileAttempt>;

  constructor(backend: CompileBackend, cache: HandlerCache, options: CachingCompilerOptions) {
    this.#backend = backend;
    this.#cache = cache;
    this.#options = options;
    this.#keyDeriver = new KeyDeriver(options.engine);
    const now = options.now ?? (() => performance.now());
    this.#errors = new LRUCache({ max: REMEMBERED_ERRORS, ttl: ERROR_TTL_MS, perf: { now }, ttlResolution: 0 });
  }

  /**
   * @param order options of the waiting call
   * @param options that were checked
   * @throws NexusError INVALID_ARGUMENT if `source` is not a string or `filename` is not a name; errors of
   *   the backend
   */
  async compile(
    source: string,
    filename: string = DEFAULT_FILENAME,
    order?: CompileRequestOptions,
    options: CallOptions = NO_OPTIONS,
  ): Promise<CompileAttempt> {
    const startedAt = performance.now();
    requireSource(source);
    if (options.normalise === 'model') source = codeOfModel(source, filename);
    const shape = shapeOf(options, this.#options.shape);
    const keepsSource = options.source ?? this.#options.source ?? true;
    const key = this.#knownKey(source, filename, shape, keepsSource);
    if (key !== undefined) {
      const entry = this.#cache.peek(key);
      if (entry !== undefined) return found(entry, keepsSource ? source : '', 'memory', startedAt);
    }
    const text = { source, filename, shape, keepsSource, sourceMap: undefined };
    const { linker } = this.#options;
    if (linker !== undefined && !shape?.isWrapped && mayImport(source)) {
      return await this.#compileModule(text, linker, order, startedAt);
    }
    return await this.#compileSlowly(text, key, order, startedAt);
  }

  /**
   * A handler that is in memory. perf: most are, and a promise for each would be a good part of a call.
   *
   * @returns undefined if {@link compile} has to look for it
   */
  peek(
    source: string,
    filename: string = DEFAULT_FILENAME,
    options: CallOptions = NO_OPTIONS,
  ): CompileAttempt | undefined {
    if (options.normalise !== undefined) return undefined;
    const startedAt = performance.now();
    const shape = shapeOf(options, this.#options.shape);
    const keepsSource = options.source ?? this.#options.source ?? true;
    const key = this.#knownKey(source, filename, shape, keepsSource);
    const entry = key === undefined ? undefined : this.#cache.peek(key);
    return entry && found(entry, keepsSource ? source : '', 'memory', startedAt);
  }

  #knownKey(
    source: string,
    filename: string,
    shape: SourceShape | undefined,
    keepsSource: boolean,
  ): string | undefined {
    return this.#keys.get(source)?.get(nameIn(filename, shape, keepsSource))?.key;
  }

  /** First with the libraries of the image alone, which is all that most modules import. */
  async #compileModule(
    text: HandlerText,
    linker: Linker,
    order: CompileRequestOptions | undefined,
    startedAt: number,
  ): Promise<CompileAttempt> {
    const { source, filename, shape } = text;
    let linked = linker.known(source, filename);
    if (linked === undefined) {
      const attempt = await this.#compileKnown({ ...text, shape: linker.shapeOf(shape) }, order, startedAt);
      if (attempt.ok || attempt.importsMore !== true) return attempt;
      requireFilename(filename);
      linked = linker.link(source, filename);
    }
    const outcome = await linked;
    if (!outcome.ok) return outcome;
    const bundle = { source: outcome.source, sourceMap: outcome.sourceMap, shape: LINKED };
    return await this.#compileKnown({ ...text, ...bundle }, order, startedAt);
  }

  /** By the key that the text had before, if it had one. */
  async #compileKnown(
    text: HandlerText,
    order: CompileRequestOptions | undefined,
    startedAt: number,
  ): Promise<CompileAttempt> {
    const { source, filename, shape, keepsSource, sourceMap } = text;
    const known = this.#keys.get(source)?.get(nameIn(filename, shape, keepsSource));
    const key = known !== undefined && known.sourceMap === sourceMap ? known.key : undefined;
    const entry = key === undefined ? undefined : this.#cache.peek(key);
    if (entry !== undefined) return found(entry, keepsSource ? source : '', 'memory', startedAt);
    return await this.#compileSlowly(text, key, order, startedAt);
  }

  /**
   * What is compiled of a source: with what it imports.
   *
   * @throws NexusError as {@link compileOrThrow}
   */
  async resolve(source: string, filename: string, options: CallOptions): Promise<ResolvedSource> {
    const compiled = await this.compileOrThrow(source, filename, options);
    const text = options.normalise === 'model' ? codeOfModel(source, filename) : source;
    const shape = shapeOf(options, this.#options.shape);
    const { linker } = this.#options;
    const resolved = { ...compiled, source: text, shape, files: [] };
    if (linker === undefined || shape?.isWrapped || !mayImport(text)) return resolved;
    const linked = await linker.known(text, filename);
    if (linked?.ok !== true) return { ...resolved, shape: linker.shapeOf(shape) };
    return { ...resolved, source: linked.source, shape: LINKED, files: linked.files };
  }

  /**
   * {@link compile} for callers without a result that could carry a handler's error.
   *
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT
   */
  async compileOrThrow(source: string, filename?: string, options?: CallOptions): Promise<CompileResult> {
    const attempt = await this.compile(source, filename, undefined, options);
    if (!attempt.ok) throw rejectionOf(attempt.error);
    return attempt.handler;
  }

  /** Seals the handler as an artifact: the content of its `.qjsc` file. */
  seal({ key, filename, source, sourceMap, entries, bytecode }: CompiledHandler): Promise<Uint8Array> {
    const { engine } = this.#options;
    const header = { key, namespace: HANDLER_NAMESPACE, filename, source, engine, ...(entries && { entries }) };
    return sealInSlices(header, bytecode, this.#options.secret, sourceMap);
  }

  async #compileSlowly(
    text: HandlerText,
    memoisedKey: string | undefined,
    order: CompileRequestOptions | undefined,
    startedAt: number,
  ): Promise<CompileAttempt> {
    const { source, filename } = text;
    requireFilename(filename);
    const finding = findSourceProblem(source, this.#options.maxSourceBytes);
    const problem = finding instanceof Promise ? await finding : finding;
    if (problem !== undefined) return { ok: false, error: { code: 'INVALID_HANDLER', ...problem } };
    const deriving = memoisedKey === undefined ? this.#deriveKey(text) : { key: memoisedKey };
    const derived = deriving instanceof Promise ? await deriving : deriving;
    const { key } = derived;
    const remembered = this.#errors.get(key);
    if (remembered !== undefined) return remembered;
    return await this.#fly({ ...derived, ...text }, order, startedAt);
  }

  /**
   * Joins a pending compilation, or starts one. If the leading compilation fails for its caller, the next
   * waiting call starts another.
   */
  async #fly(unit: HandlerUnit, order: CompileRequestOptions | undefined, startedAt: number): Promise<CompileAttempt> {
    const leader = this.#inFlight.get(unit.key);
    const landing = await (leader ?? this.#lead(unit, startedAt)).wait(order);
    if ('failure' in landing) {
      if (leader !== undefined) return this.#fly(unit, order, startedAt);
      throw landing.failure;
    }
    if (leader === undefined || !landing.result.ok) return landing.result;
    this.#cache.countJoin(unit.key);
    return { ok: true, handler: joined(landing.result.handler, startedAt) };
  }

  #lead(unit: HandlerUnit, startedAt: number): Flight<CompileAttempt> {
    const flight: Flight<CompileAttempt> = new Flight(
      (compile) => this.#lookUpOrCompile(unit, startedAt, compile),
      () => this.#inFlight.delete(unit.key),
    );
    this.#inFlight.set(unit.key, flight);
    return flight;
  }

  async #lookUpOrCompile(
    unit: HandlerUnit,
    startedAt: number,
    begin: (compilation: Compilation) => Promise<HandlerOutcome>,
  ): Promise<CompileAttempt> {
    const cached = await this.#cache.get(unit.key);
    const { key, source, filename, keepsSource } = unit;
    if (cached !== undefined) return found(cached.entry, keepsSource ? source : '', cached.tier, startedAt);

    this.#cache.countCompilation();
    const outcome = await begin(this.#backend.compile(unit));
    const compilationTimeUs = microsecondsSince(startedAt);
    if (!outcome.ok) {
      const error = (await GivenSourceMap.of(unit)?.locate(outcome.error)) ?? outcome.error;
      return this.#failed(unit, { ...outcome, error }, compilationTimeUs);
    }

    const content = asShared(outcome.bytecode);
    const { entries } = outcome;
    const given = keepsSource ? GivenSourceMap.of(unit) : undefined;
    const sourceMap = await given?.store();
    const entry: CacheEntry = {
      key,
      source: keepsSource ? (given?.text ?? source) : '',
      ...(sourceMap && { sourceMap }),
      filename,
      namespace: HANDLER_NAMESPACE,
      content,
      ...(entries && { entries }),
    };
    this.#cache.put(entry);
    const bytecodeBytes = entry.content.length;
    this.#options.onCompiled?.({ filename, durationUs: compilationTimeUs, bytecodeBytes });
    return { ok: true, handler: { ...toHandler(entry), compilationTimeUs } };
  }

  #failed(
    { key, filename }: HandlerUnit,
    { error, importsMore }: Extract<HandlerOutcome, { ok: false }>,
    durationUs: number,
  ): CompileAttempt {
    const attempt: CompileAttempt = { ok: false, error, importsMore };
    this.#errors.set(key, attempt);
    // What is linked afterwards counts then.
    if (importsMore !== true) this.#options.onCompiled?.({ filename, durationUs, code: error.code });
    return attempt;
  }

  #deriveKey(text: HandlerText): DerivedKey | Promise<DerivedKey> {
    const { source, sourceMap } = text;
    if (source.length >= LARGE_SOURCE_CHARACTERS || sourceMap !== undefined) return this.#deriveInSlices(text);
    const key = this.#keyDeriver.derive(text);
    this.#rememberKey(text, key);
    return { key };
  }

  async #deriveInSlices(text: HandlerText): Promise<DerivedKey> {
    const { source, filename, shape, keepsSource, sourceMap } = text;
    const name = nameIn(filename, shape, keepsSource);
    const underWay = this.#deriving.get(source);
    if (underWay !== undefined && underWay.name === name && underWay.sourceMap === sourceMap) return underWay.derived;
    const derived = this.#keyDeriver.deriveInSlices(text);
    this.#deriving.set(source, { name, sourceMap, derived });
    try {
      const { key } = await derived;
      this.#rememberKey(text, key);
      return await derived;
    } finally {
      this.#deriving.delete(source);
    }
  }

  #rememberKey({ source, filename, shape, keepsSource, sourceMap }: HandlerText, key: string): void {
    const keys = this.#keys.get(source) ?? new Map<string, KnownKey>();
    if (keys.size >= MAX_NAMES_PER_SOURCE) keys.clear();
    keys.set(nameIn(filename, shape, keepsSource), { key, sourceMap });
    this.#keys.set(source, keys);
  }
}

/** @param text the source, which is not part of the entry if it is long; empty if it is not kept */
function found(entry: CacheEntry, text: string, tier: CacheTierName, startedAt: number): CompileAttempt {
  // perf: a literal, because spreading would be most of the time for finding a handler.
  const { key, filename, entries, content, sourceMap } = entry;
  const compilationTimeUs = microsecondsSince(startedAt);
  // Then the text may end with the map.
  const source = sourceMap !== undefined && entry.source !== '' ? entry.source : text;
  const handler = { key, filename, source, sourceMap, entries, bytecode: content, tier, compilationTimeUs };
  return { ok: true, handler };
}

function toHandler({ key, filename, source, sourceMap, entries, content }: CacheEntry): CompiledHandler {
  return { key, filename, source, sourceMap, entries, bytecode: content };
}

/** A caller that joins a pending compilation finds the handler in memory, after a wait. */
function joined(handler: CompileResult, startedAt: number): CompileResult {
  return { ...handler, tier: 'memory', compilationTimeUs: microsecondsSince(startedAt) };
}

function microsecondsSince(startedAt: number): number {
  return (performance.now() - startedAt) * 1000;
}

function rejectionOf(error: WasmError): NexusError {
  const { code, message, location, snippet, context } = error;
  const details = { ...context, ...(location && { location }), ...(snippet && { snippet }) };
  return new NexusError(code, message, { context: details });
}
