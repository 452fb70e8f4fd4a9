import type { WasmContext } from '../../api/context.js';
import type { ExtensionRegistry } from '../../api/extension.js';
import type { SourceOptions } from '../../api/source-options.js';
import { type KeyDeriver, LARGE_SOURCE_CHARACTERS } from '../../compiler/key.js';
import { settingsOfCall } from '../../config/locale.js';
import { methodNamesOf } from '../../execution/request/build-request.js';
import { type ExecuteOptions, resolveExecutionLimits } from '../../execution/request/execute-options.js';
import { localeOf } from '../../execution/request/segment-request.js';
import type { RuntimeInner } from '../../runtime/nexus-runtime.js';
import { shapeOf, shapeOfWrap } from '../../source/forms/source-shape.js';
import { withInlineMap } from '../../source/source-map/inline-map.js';
import { jsonOfStoredMap } from '../../source/source-map/stored-map.js';
import { DEFAULT_FILENAME } from '../../source/source-text.js';
import { systemTime } from '../../support/timers.js';
import { decodedContext, jsonContext } from '../state.js';
import type { Recording } from './recording.js';

/** The part of a recording that is known before the execution. It is a copy, because it is encoded later. */
export type RecordingStart = Omit<Recording, 'outcome' | 'segments' | 'calls' | 'handler'>;

/** @returns undefined for arguments that the runtime will refuse */
export function beginRecording(
  { config, engine }: RuntimeInner,
  context: WasmContext,
  options: ExecuteOptions & { readonly seed: number; readonly now: number },
): RecordingStart | undefined {
  try {
    return {
      recordedAtMs: systemTime(),
      engine,
      libraries: Object.keys(config.pool.libraries),
      // The caller's own may be another one by the time that it is written.
      context: {
        ...(options.toJSON === true ? jsonContext(context) : structuredClone(withoutMethods(decodedContext(context)))),
        ...namedMethods(context.extensionRegistry),
      },
      limits: resolveExecutionLimits(options, config.limits, config.ceilings),
      seed: options.seed,
      ...(options.toJSON !== undefined && { toJSON: options.toJSON }),
      ...(options.onLogOverflow !== undefined && { onLogOverflow: options.onLogOverflow }),
      ...localeOf(settingsOfCall(options, config.localeSettings)),
      ...(options.entry !== undefined && { entry: options.entry }),
      ...recordedSourceOptions(config.cache.wrap, options),
    };
  } catch {
    return undefined;
  }
}

/** The handler as a recording has it: its source, of an artifact as well. */
export async function recordedHandler(
  { config, open }: RuntimeInner,
  keys: KeyDeriver,
  code: string | Uint8Array,
  options: ExecuteOptions,
): Promise<Recording['handler']> {
  const { filename = DEFAULT_FILENAME } = options;
  if (typeof code === 'string') {
    const { wrap, source: keepsSource } = config.cache;
    const text = { source: code, filename, shape: shapeOf(options, wrap && shapeOfWrap(wrap)), keepsSource };
    const isLarge = code.length >= LARGE_SOURCE_CHARACTERS;
    const { key } = isLarge ? await keys.deriveInSlices(text) : { key: keys.derive(text) };
    return { key, filename, source: code };
  }
  const opened = await open(code);
  if (!opened.ok) throw new Error(opened.error.message);
  const { key, filename: name, source, sourceMap } = opened.handler;
  const json = sourceMap && (await jsonOfStoredMap(sourceMap));
  return { key, filename: name, source: json === undefined ? source : withInlineMap(source, json) };
}

function recordedSourceOptions(
  wrapOfRuntime: SourceOptions['wrap'],
  { wrap = wrapOfRuntime, returnLastExpression, normalise }: SourceOptions,
): Pick<Recording, 'sourceOptions'> {
  const sourceOptions = {
    ...(wrap !== undefined && { wrap }),
    ...(returnLastExpression !== undefined && { returnLastExpression }),
    ...(normalise !== undefined && { normalise }),
  };
  return Object.keys(sourceOptions).length === 0 ? {} : { sourceOptions };
}

/** They are no data: their names are what is written down. */
function withoutMethods({ extensionRegistry: _, ...context }: WasmContext): WasmContext {
  return context;
}

function namedMethods(registry: ExtensionRegistry | undefined): { extensionRegistry?: Record<string, string[]> } {
  if (registry === undefined) return {};
  const named = Object.entries(registry).map(([name, methods]): [string, string[]] => [
    name,
    Array.isArray(methods) ? [...(methods as string[])] : methodNamesOf(methods),
  ]);
  return { extensionRegistry: Object.fromEntries(named) };
}
