import { TieredCache } from '#build/cache/tiered-cache.js';
import { CachingCompiler } from '#build/compiler/caching-compiler.js';
import { resolveRuntimeConfig } from '#build/config/resolve.js';
import { loadEngine } from '#build/engine/load-engine.js';
import { SourceCompiler } from '#build/engine/source-compiler.js';
import { compileHandler } from '#build/worker/compile-handler.js';

const engine = await loadEngine();
export const FINGERPRINT = engine.fingerprint;

/**
 * The compiler with its cache, as in a runtime, but in this thread and for an engine with any fingerprint.
 *
 * @param fingerprint fingerprint of the engine
 * @param options options of createRuntime
 */
export async function openCompiler(fingerprint, options) {
  const config = resolveRuntimeConfig(options).cache;
  const warnings = [];
  const cache = new TieredCache({ ...config, engine: fingerprint, onWarning: (message) => warnings.push(message) });
  const backend = await SourceCompiler.create(engine, 128 * 1024);
  const [secret] = config.cacheSecrets;
  const compilerOptions = { engine: fingerprint, maxSourceBytes: config.maxSourceBytes, secret };
  const compiler = new CachingCompiler(
    {
      compile: ({ source, filename }) => {
        const outcome = compileHandler(source, filename, (script, name, form) => backend.compile(script, name, form));
        return { outcome, join: () => outcome.then(() => {}) };
      },
    },
    cache,
    compilerOptions,
  );
  return { compiler, cache, warnings };
}
