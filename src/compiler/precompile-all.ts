import type { CacheTierName } from '../api/observing/execution-metrics.js';
import type { CompileOptions, SourceOptions } from '../api/source-options.js';
import { checkFunction, checkSignal, invalidArgument, readArgument, requireText } from '../config/check.js';
import { checkSourceOptions } from '../config/source-options.js';
import { NexusError } from '../errors/nexus-error.js';

/** A handler to compile in advance. Further fields of a record are ignored; whether its source is kept, the option of the runtime says. */
export type PrecompileUnit = string | ({ readonly code: string } & Omit<CompileOptions, 'source'>);

export interface PrecompileOptions {
  /** Compilations at the same time. Default: the number of workers. */
  readonly concurrency?: number;
  /** Called after every handler. */
  readonly onProgress?: (progress: PrecompileProgress) => void;
  /** Stops taking further handlers; pending ones end first, then the call rejects with CANCELLED. */
  readonly signal?: AbortSignal;
}

export interface PrecompileProgress {
  /** Handlers done so far. */
  readonly done: number;
  /** How many of these had to be compiled. */
  readonly compiled: number;
  /** How many of these were found in the cache. */
  readonly cached: number;
  readonly failed: number;
}

export interface PrecompileReport extends PrecompileProgress {
  /** The handlers that could not be compiled, by their position in the input. They do not stop the others. */
  readonly failures: readonly { readonly index: number; readonly filename?: string; readonly error: NexusError }[];
}

/** The part of a compiler that is used here. */
export interface PrecompilingCompiler {
  compileOrThrow(code: string, filename?: string, options?: SourceOptions): Promise<{ readonly tier?: CacheTierName }>;
}

/** The store of compiled handlers. */
export interface PrecompiledStore {
  /** Resolves when there is room for more. */
  hasRoom(): Promise<void>;
  /** Resolves when everything passed to it is stored. */
  settled(): Promise<void>;
}

/**
 * Compiles handlers as they arrive, a few at once, and reads no more of the input than that.
 *
 * @throws NexusError CANCELLED when the signal fires, INVALID_ARGUMENT; errors of the input itself
 */
export async function precompileAll(
  units: Iterable<PrecompileUnit> | AsyncIterable<PrecompileUnit>,
  compiler: PrecompilingCompiler,
  store: PrecompiledStore,
  { concurrency = 1, onProgress, signal }: PrecompileOptions,
): Promise<PrecompileReport> {
  if (typeof units === 'string' || !readArgument('units', () => isIterable(units))) {
    throw invalidArgument('units', units, 'a list of sources, or an async iterable of them');
  }
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw invalidArgument('concurrency', concurrency, 'a whole number from 1');
  }
  checkFunction('onProgress', onProgress);
  checkSignal(signal);
  const failures: PrecompileReport['failures'][number][] = [];
  const counts = { done: 0, compiled: 0, cached: 0, failed: 0 };
  const underWay = new Set<Promise<void>>();

  const take = async (unit: PrecompileUnit, index: number): Promise<void> => {
    if (typeof unit !== 'string' && (typeof unit !== 'object' || unit === null)) {
      throw invalidArgument(`units[${index}]`, unit, 'source, or an object { code, filename }');
    }
    const field = `units[${index}]`;
    const { code, filename, wrap, returnLastExpression, normalise } = readArgument(
      field,
      (): { readonly code: string } & CompileOptions => (typeof unit === 'string' ? { code: unit } : { ...unit }),
    );
    const options: SourceOptions = {
      ...(wrap !== undefined && { wrap }),
      ...(returnLastExpression !== undefined && { returnLastExpression }),
      ...(normalise !== undefined && { normalise }),
    };
    requireText(`${field}.code`, code, 'source text');
    checkSourceOptions(options);
    try {
      const { tier } = await compiler.compileOrThrow(code, filename, options);
      await store.hasRoom();
      if (tier === undefined) counts.compiled++;
      else counts.cached++;
    } catch (error) {
      if (!(error instanceof NexusError) || error.fault === 'host') throw error;
      counts.failed++;
      failures.push({ index, error, ...(filename !== undefined && { filename }) });
    }
    counts.done++;
    onProgress?.({ ...counts });
  };

  let index = 0;
  let fault: { readonly error: unknown } | undefined;
  const note = (error: unknown) => {
    fault ??= { error };
  };
  for await (const unit of units) {
    if (signal?.aborted || fault !== undefined) break;
    const task: Promise<void> = take(unit, index++)
      .catch(note)
      .finally(() => underWay.delete(task));
    underWay.add(task);
    if (underWay.size >= concurrency) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  if (fault !== undefined) throw fault.error;
  if (signal?.aborted) {
    throw new NexusError('CANCELLED', `Precompiling was cancelled after ${counts.done} handlers.`, {
      context: { ...counts },
      cause: signal.reason,
    });
  }
  await store.settled();
  return { ...counts, failures: failures.sort((a, b) => a.index - b.index) };
}

function isIterable(units: object | undefined | null): boolean {
  return typeof units === 'object' && units !== null && (Symbol.iterator in units || Symbol.asyncIterator in units);
}
