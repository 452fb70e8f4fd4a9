import { LRUCache } from 'lru-cache';

import type { CompileBackend, ScriptProblem } from '../contract/compile.js';
import type { WasmError } from '../contract/result.js';
import { renderSnippet } from '../contract/source-text.js';
import { NexusError } from '../errors/nexus-error.js';
import { sealArtifact } from './artifact.js';
import { type CompiledHandler, type CompileResult, shareBytecode } from './compiled-handler.js';
import { KeyDeriver } from './key.js';
import { isSingleClosure } from './script-shape.js';
import { findSourceProblem, requireSource } from './source-check.js';
import { toAuthorLocation, WRAPPER_VERSION, wrapHandler } from './wrapper.js';

export const DEFAULT_FILENAME = 'handler.js';

/** What the compiler asks of the cache. A miss is undefined; nothing here rejects. */
export interface HandlerCache {
  /** Memory only, so that a hit takes no turn of the event loop. */
  peek(key: string): CompiledHandler | undefined;
  /** Memory, then disk. */
  get(key: string): Promise<{ handler: CompiledHandler; tier: 'memory' | 'disk' } | undefined>;
  /** Kept in memory at once; the disk is written behind the caller's back. */
  put(handler: CompiledHandler, sealed: Uint8Array): void;
}

export interface CachingCompilerOptions {
  /** Fingerprint of the engine the backend compiles for. */
  readonly engine: string;
  readonly maxSourceBytes: number;
  readonly secret: Uint8Array | undefined;
}

/** A handler, or why there is none: a result's error, not a rejection. */
export type CompileAttempt =
  | { readonly ok: true; readonly handler: CompileResult }
  | { readonly ok: false; readonly error: WasmError };

/** Keys of sources seen before, by file name. The strings are the callers' own, held by reference. */
const KEY_MEMO_ENTRIES = 10_000;
const KEY_MEMO_CHARACTERS = 32 * 1024 * 1024;
const MAX_NAMES_PER_SOURCE = 8;

/**
 * Source to bytecode through the cache: key, memory, disk, and only then a worker, once per key however many ask.
 */
export class CachingCompiler {
  readonly #backend: CompileBackend;
  readonly #cache: HandlerCache;
  readonly #options: CachingCompilerOptions;
  readonly #keyDeriver: KeyDeriver;
  readonly #inFlight = new Map<string, Promise<CompileAttempt>>();
  readonly #keys = new LRUCache<string, Map<string, string>>({
    max: KEY_MEMO_ENTRIES,
    maxSize: KEY_MEMO_CHARACTERS,
    sizeCalculation: (_keys, source) => source.length + 1,
  });

  constructor(backend: CompileBackend, cache: HandlerCache, options: CachingCompilerOptions) {
    this.#backend = backend;
    this.#cache = cache;
    this.#options = options;
    this.#keyDeriver = new KeyDeriver(options.engine);
  }

  /**
   * @throws NexusError INVALID_ARGUMENT when `source` is no string
   */
  async compile(source: string, filename: string = DEFAULT_FILENAME): Promise<CompileAttempt> {
    const startedAt = performance.now();
    requireSource(source);
    const key = this.#keys.get(source)?.get(filename);
    if (key !== undefined) {
      const handler = this.#cache.peek(key);
      if (handler !== undefined) return found(handler, 'memory', startedAt);
    }
    return this.#compileSlowly(source, filename, key, startedAt);
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
  seal({ key, filename, source, bytecode }: CompiledHandler): Uint8Array {
    const header = { key, filename, source, engine: this.#options.engine, wrapper: WRAPPER_VERSION };
    return sealArtifact(header, bytecode, this.#options.secret);
  }

  async #compileSlowly(
    source: string,
    filename: string,
    memoisedKey: string | undefined,
    startedAt: number,
  ): Promise<CompileAttempt> {
    const problem = findSourceProblem(source, this.#options.maxSourceBytes);
    if (problem !== undefined) return { ok: false, error: { code: 'INVALID_HANDLER', ...problem } };
    const key = memoisedKey ?? this.#rememberKey(source, filename);
    const running = this.#inFlight.get(key);
    if (running !== undefined) return joined(await running, startedAt);
    const flight = this.#lookUpOrCompile({ key, source, filename }, startedAt).finally(() =>
      this.#inFlight.delete(key),
    );
    this.#inFlight.set(key, flight);
    return flight;
  }

  async #lookUpOrCompile(unit: Omit<CompiledHandler, 'bytecode'>, startedAt: number): Promise<CompileAttempt> {
    const cached = await this.#cache.get(unit.key);
    if (cached !== undefined) return found(cached.handler, cached.tier, startedAt);

    const { source, filename } = unit;
    const outcome = await this.#backend.compileScript(wrapHandler(source), filename);
    if (!outcome.ok) return { ok: false, error: describeProblem(outcome.problem, source) };
    if (!isSingleClosure(outcome.bytecode)) return { ok: false, error: escapesWrapper(source) };

    const handler: CompiledHandler = { ...unit, bytecode: shareBytecode(outcome.bytecode) };
    this.#cache.put(handler, this.seal(handler));
    return { ok: true, handler: { ...handler, compilationTimeUs: microsecondsSince(startedAt) } };
  }

  #rememberKey(source: string, filename: string): string {
    const key = this.#keyDeriver.derive(source, filename);
    const keys = this.#keys.get(source) ?? new Map<string, string>();
    if (keys.size >= MAX_NAMES_PER_SOURCE) keys.clear();
    keys.set(filename, key);
    this.#keys.set(source, keys);
    return key;
  }
}

function found(handler: CompiledHandler, tier: 'memory' | 'disk', startedAt: number): CompileAttempt {
  return { ok: true, handler: { ...handler, tier, compilationTimeUs: microsecondsSince(startedAt) } };
}

/** Who joins a compilation under way finds the handler in memory, after a wait. */
function joined(attempt: CompileAttempt, startedAt: number): CompileAttempt {
  return attempt.ok ? found(attempt.handler, 'memory', startedAt) : attempt;
}

function describeProblem(problem: ScriptProblem, source: string): WasmError {
  if (problem.kind !== 'syntax') {
    return { code: 'COMPILATION_ERROR', message: `The handler does not compile: ${problem.message}` };
  }
  const { line, column } = problem;
  const message = `SyntaxError: ${problem.message}`;
  if (line === undefined || column === undefined) return { code: 'COMPILATION_ERROR', message };
  const location = toAuthorLocation({ line, column }, source);
  return { code: 'COMPILATION_ERROR', message, location, snippet: renderSnippet(source, location) };
}

function escapesWrapper(source: string): WasmError {
  return {
    code: 'INVALID_HANDLER',
    message:
      'The handler closes the function it is the body of: a "}" has no "{" before it. ' +
      'A handler must be the body of one function.',
    context: { sourceBytes: Buffer.byteLength(source, 'utf8') },
  };
}

function microsecondsSince(startedAt: number): number {
  return (performance.now() - startedAt) * 1000;
}

function rejectionOf(error: WasmError): NexusError {
  const { code, message, location, snippet, context } = error;
  const details = { ...context, ...(location && { location }), ...(snippet && { snippet }) };
  return new NexusError(code, snippet === undefined ? message : `${message}\n${snippet}`, { context: details });
}
