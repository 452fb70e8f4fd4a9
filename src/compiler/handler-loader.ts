import { isUint8Array } from 'node:util/types';
import type { SourceOptions } from '../api/source-options.js';
import { ArtifactError } from '../cache/artifact.js';
import { HANDLER_NAMESPACE } from '../cache/cache-entry.js';
import { openInSlices } from '../cache/sliced-artifact.js';
import type { TieredCache } from '../cache/tiered-cache.js';
import { describe } from '../config/check.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { NexusError } from '../errors/nexus-error.js';
import type { CompileRequestOptions } from '../protocol/compile.js';
import { copyOfMap } from '../source/source-map/stored-map.js';
import { asShared, toShared } from '../support/bytes/shared-bytes.js';
import { performance } from '../support/timers.js';
import type { CachingCompiler, CompileAttempt } from './caching-compiler.js';
import type { CompileResult } from './compiled-handler.js';

/** A handler of a build, whose artifact was opened and checked. */
export class LoadedHandler {
  readonly #isLoaded = true;
  readonly handler: CompileResult;

  constructor(handler: CompileResult) {
    this.handler = handler;
  }

  /** Without asking a proxy anything. */
  static is(value: unknown): value is LoadedHandler {
    return typeof value === 'object' && value !== null && #isLoaded in value && value.#isLoaded;
  }
}

/** A handler as a caller has it: source text, what `precompileHandler` made of it, or one of a build. */
export type HandlerRef = { readonly source: string } | { readonly artifact: Uint8Array } | LoadedHandler;

/** Loads handlers in the forms that callers have: source text, or an artifact of `precompileHandler`. */
export class HandlerLoader {
  readonly #config: RuntimeConfig;
  /** Fingerprint of the engine. */
  readonly #engine: string;
  readonly #compiler: CachingCompiler;
  readonly #cache: TieredCache;

  constructor(config: RuntimeConfig, engine: string, compiler: CachingCompiler, cache: TieredCache) {
    this.#config = config;
    this.#engine = engine;
    this.#compiler = compiler;
    this.#cache = cache;
  }

  /**
   * @param filename of a source; an artifact has its own
   * @param order of a call that waits for it
   * @param options of a source, checked
   * @throws NexusError INVALID_ARTIFACT, INVALID_ARGUMENT, and what a compilation throws
   */
  load(
    handler: HandlerRef,
    filename?: string,
    order?: CompileRequestOptions,
    options?: SourceOptions,
  ): Promise<CompileAttempt> {
    if ('source' in handler) return this.#compiler.compile(handler.source, filename, order, options);
    if ('handler' in handler) return Promise.resolve({ ok: true, handler: handler.handler });
    return this.#open(handler.artifact);
  }

  /** What is in memory. @returns undefined if {@link load} has to look for it, or to refuse it */
  peek(handler: HandlerRef, options: SourceOptions & { readonly filename?: string }): CompileAttempt | undefined {
    if ('handler' in handler) return { ok: true, handler: handler.handler };
    if (!('source' in handler) || typeof handler.source !== 'string') return undefined;
    return this.#compiler.peek(handler.source, options.filename, options);
  }

  /** Kept under a name of its own: what an artifact says of its key is its own word. */
  async #open(sealed: unknown): Promise<CompileAttempt> {
    if (!isUint8Array(sealed)) {
      throw new NexusError('INVALID_ARGUMENT', `The artifact must be bytes; it is ${describe(sealed)}.`, {
        context: { field: 'artifact', expected: 'a Uint8Array from precompileHandler' },
      });
    }
    try {
      const startedAt = performance.now();
      const { cacheSecrets: secrets, maxSourceBytes } = this.#config.cache;
      const options = { engine: this.#engine, secrets, maxSourceBytes };
      const { header, content, digest, sourceMap } = await openInSlices(sealed, options);
      if (header.namespace !== HANDLER_NAMESPACE) throw new ArtifactError('header', 'holds no handler');
      const { filename, source, entries, namespace } = header;
      const key = `artifact:${digest}`;
      let entry = this.#cache.peek(key);
      if (entry === undefined) {
        const own = { content: ownShared(sealed, content), ...(sourceMap && { sourceMap: copyOfMap(sourceMap) }) };
        entry = { key, namespace, filename, source, ...own, ...(entries && { entries }) };
        this.#cache.adopt(entry);
      }
      const compilationTimeUs = (performance.now() - startedAt) * 1000;
      const handler: CompileResult = {
        key,
        filename,
        source,
        sourceMap: entry.sourceMap,
        entries,
        bytecode: entry.content,
        tier: 'memory',
        compilationTimeUs,
      };
      return { ok: true, handler };
    } catch (error) {
      if (!(error instanceof ArtifactError)) throw error;
      throw new NexusError('INVALID_ARTIFACT', `The artifact ${error.message}. Compile the handler again.`, {
        context: { problem: error.problem },
      });
    }
  }
}

/** A copy, because the caller may change its bytes after they were checked, whether they are shared or not. */
function ownShared(sealed: Uint8Array, content: Uint8Array): Uint8Array<SharedArrayBuffer> {
  return content.buffer === sealed.buffer ? toShared(content) : asShared(content);
}
