import { LRUCache } from 'lru-cache';

import type { CompileEvent } from '../api/observer.js';
import type { WasmError } from '../api/result.js';
import { type CacheEntry, HANDLER_NAMESPACE } from '../cache/cache-entry.js';
import { sealInSlices } from '../cache/sliced-artifact.js';
import { NexusError } from '../errors/nexus-error.js';
import type { Compilation, CompileBackend, CompileRequestOptions, HandlerOutcome } from '../protocol/compile.js';
import { findSourceProblem, requireFilename, requireSource } from '../source/source-check.js';
import { asShared } from '../support/shared-bytes.js';
import { Flight } from './compile-flight.js';
import type { CompiledHandler, CompileResult } from './compiled-handler.js';
import { type DerivedKey, KeyDeriver, LARGE_SOURCE_CHARACTERS } from './key.js';

export const DEFAULT_FILENAME = 'handler.js';

/** What the compiler asks of the cache. A miss is undefined; nothing here rejects. */
export interface HandlerCache {
  /** Memory only, so that a hit takes no turn of the event loop. */
  peek(key: string): CacheEntry | undefined;
  /** Memory, then disk. */
  get(key: string): Promise<{ entry: CacheEntry; tier: 'memory' | 'disk' } | undefined>;
  /** Kept in memory at once; the disk is written behind the caller's back. */
  put(entry: CacheEntry): void;
  countCompilation(): void;
  /** A lookup answered by a compilation under way. */
  countJoin(key: string): void;
}

export interface CachingCompilerOptions {
  /** Fingerprint of the engine the backend compiles for. */
  readonly engine: string;
  readonly maxSourceBytes: number;
  /** Seals artifacts that leave the process; see {@link sealInSlices}. */
  readonly secret: Uint8Array | undefined;
  /** Told of every compilation, whatever came of it. */
  readonly onCompiled?: (event: CompileEvent) => void;
  /** Milliseconds, for how long errors are remembered. */
  readonly now?: () => number;
}

/** What a handler is before it is compiled. */
type HandlerUnit = Omit<CompiledHandler, 'bytecode'> & { readonly encoded?: Uint8Array<SharedArrayBuffer> };

/** A handler, or why there is none: a result's error, not a rejection. */
export type CompileAttempt =
  | { readonly ok: true; readonly handler: CompileResult }
  | { readonly ok: false; readonly error: WasmError };

/** Keys of sources seen before, by file name. The strings are the callers' own, held by reference. */
const KEY_MEMO_ENTRIES = 10_000;
const KEY_MEMO_CHARACTERS = 32 * 1024 * 1024;
const MAX_NAMES_PER_SOURCE = 8;

/** A source that does not compile is asked for again and again, by a retry loop, say. Its error is kept for a while. */
const REMEMBERED_ERRORS = 1_000;
const ERROR_TTL_MS = 30_000;

/**
 * Source to bytecode through the cache: key, memory, disk, and only then a worker, once per key however many ask.
 */
export class CachingCompiler {
  readonly #backend: CompileBackend;
  readonly #cache: HandlerCache;
  readonly #options: CachingCompilerOptions;
  readonly #keyDeriver: KeyDeriver;
  readonly #inFlight = new Map<string, Flight<CompileAttempt>>();
  readonly #keys = new LRUCache<string, Map<string, string>>({
    max: KEY_MEMO_ENTRIES,
    maxSize: KEY_MEMO_CHARACTERS,
    sizeCalculation: (_keys, source) => source.length + 1,
  });

  /** Keys of large sources under way: calls for one source at the same time hash it once. */
  readonly #deriving = new Map<string, { readonly filename: string; readonly derived: Promise<DerivedKey> }>();
  readonly #errors: LRUCache<string, WasmError>;

  constructor(backend: CompileBackend, cache: HandlerCache, options: CachingCompilerOptions) {
    this.#backend = backend;
    this.#cache = cache;
    this.#options = options;
    this.#keyDeriver = new KeyDeriver(options.engine);
    const now = options.now ?? (() => performance.now());
    this.#errors = new LRUCache({ max: REMEMBERED_ERRORS, ttl: ERROR_TTL_MS, perf: { now }, ttlResolution: 0 });
  }

  /**
   * @param order of a call that waits for it
   * @throws NexusError INVALID_ARGUMENT when `source` is no string or `filename` no name; what the backend throws
   */
  async compile(
    source: string,
    filename: string = DEFAULT_FILENAME,
    order?: CompileRequestOptions,
  ): Promise<CompileAttempt> {
    const startedAt = performance.now();
    requireSource(source);
    const key = this.#keys.get(source)?.get(filename);
    if (key !== undefined) {
      const entry = this.#cache.peek(key);
      if (entry !== undefined) return found(entry, source, 'memory', startedAt);
    }
    return this.#compileSlowly({ source, filename }, key, order, startedAt);
  }

  /**
   * {@link compile} where there is no result to carry a handler's error.
   *
   * @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER, INVALID_ARGUMENT
   */
  async compileOrThrow(source: string, filename?: string): Promise<CompileResult> {
    const attempt = await this.compile(source, filename);
    if (!attempt.ok) throw rejectionOf(attempt.error);
    return attempt.handler;
  }

  /** The handler as an artifact: the content of its `.qjsc` file. */
  seal({ key, filename, source, bytecode }: CompiledHandler): Promise<Uint8Array> {
    const header = { key, namespace: HANDLER_NAMESPACE, filename, source, engine: this.#options.engine };
    return sealInSlices(header, bytecode, this.#options.secret);
  }

  async #compileSlowly(
    { source, filename }: Pick<HandlerUnit, 'source' | 'filename'>,
    memoisedKey: string | undefined,
    order: CompileRequestOptions | undefined,
    startedAt: number,
  ): Promise<CompileAttempt> {
    requireFilename(filename);
    const problem = await findSourceProblem(source, this.#options.maxSourceBytes);
    if (problem !== undefined) return { ok: false, error: { code: 'INVALID_HANDLER', ...problem } };
    const derived = memoisedKey === undefined ? await this.#deriveKey(source, filename) : { key: memoisedKey };
    const { key } = derived;
    const remembered = this.#errors.get(key);
    if (remembered !== undefined) return { ok: false, error: remembered };
    return this.#fly({ ...derived, source, filename }, order, startedAt);
  }

  /** Joins the compilation under way, or leads one. When that comes to grief, the next one in line leads another. */
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
    const { key, source, filename } = unit;
    if (cached !== undefined) return found(cached.entry, source, cached.tier, startedAt);

    this.#cache.countCompilation();
    const outcome = await begin(this.#backend.compile(unit));
    const compilationTimeUs = microsecondsSince(startedAt);
    if (!outcome.ok) return this.#failed(unit, outcome.error, compilationTimeUs);

    const content = asShared(outcome.bytecode);
    const entry: CacheEntry = { key, source, filename, namespace: HANDLER_NAMESPACE, content };
    this.#cache.put(entry);
    const bytecodeBytes = entry.content.length;
    this.#options.onCompiled?.({ filename, durationUs: compilationTimeUs, bytecodeBytes });
    return { ok: true, handler: { ...toHandler(entry), compilationTimeUs } };
  }

  #failed({ key, filename }: HandlerUnit, error: WasmError, durationUs: number): CompileAttempt {
    this.#errors.set(key, error);
    this.#options.onCompiled?.({ filename, durationUs, code: error.code });
    return { ok: false, error };
  }

  async #deriveKey(source: string, filename: string): Promise<DerivedKey> {
    if (source.length < LARGE_SOURCE_CHARACTERS) {
      const key = this.#keyDeriver.derive(source, filename);
      this.#rememberKey(source, filename, key);
      return { key };
    }
    const underWay = this.#deriving.get(source);
    if (underWay !== undefined && underWay.filename === filename) return underWay.derived;
    const derived = this.#keyDeriver.deriveInSlices(source, filename);
    this.#deriving.set(source, { filename, derived });
    try {
      const { key } = await derived;
      this.#rememberKey(source, filename, key);
      return await derived;
    } finally {
      this.#deriving.delete(source);
    }
  }

  #rememberKey(source: string, filename: string, key: string): void {
    const keys = this.#keys.get(source) ?? new Map<string, string>();
    if (keys.size >= MAX_NAMES_PER_SOURCE) keys.clear();
    keys.set(filename, key);
    this.#keys.set(source, keys);
  }
}

/** @param source which its entry may be without, when it is long */
function found(entry: CacheEntry, source: string, tier: 'memory' | 'disk', startedAt: number): CompileAttempt {
  // A literal: at every execution, spreading would be most of what it takes to find a handler.
  const { key, filename, content } = entry;
  const compilationTimeUs = microsecondsSince(startedAt);
  return { ok: true, handler: { key, filename, source, bytecode: content, tier, compilationTimeUs } };
}

function toHandler({ key, filename, source, content }: CacheEntry): CompiledHandler {
  return { key, filename, source, bytecode: content };
}

/** Who joins a compilation under way finds the handler in memory, after a wait. */
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
