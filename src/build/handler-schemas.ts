import type { Manifest, ManifestHandler } from '../api/manifest.js';
import type { CacheOptions } from '../api/options.js';
import type { WasmError } from '../api/result.js';
import type { JsonSchema } from '../api/schema.js';
import { createRuntime } from '../runtime/runtime.js';

/** The name of the export that describes arguments and result. */
export const SCHEMA_EXPORT = 'schema';

export type SchemaOutcome =
  | { readonly schema: NonNullable<ManifestHandler['schema']> }
  | { readonly error: Pick<WasmError, 'code' | 'message' | 'location' | 'snippet'> };

/**
 * Reads the schemas that handlers export, by executing them as the runtime of the application will: in a VM, under limits.
 *
 * @param manifest path of a manifest whose artifacts are written
 */
export async function readSchemas(
  manifestPath: string,
  { handlers }: Pick<Manifest, 'handlers'>,
  cacheSecret: CacheOptions['cacheSecret'],
): Promise<ReadonlyMap<string, SchemaOutcome>> {
  const outcomes = new Map<string, SchemaOutcome>();
  const names = Object.keys(handlers).filter((name) => needsReading(handlers[name]));
  if (names.length === 0) return outcomes;
  const runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    metrics: false,
    ...(cacheSecret !== undefined && { cacheSecret }),
  });
  try {
    const set = await runtime.load(manifestPath);
    for (const name of names)
      outcomes.set(name, schemaIn(await set.execute(name, {}, { entry: SCHEMA_EXPORT, toJSON: true })));
  } finally {
    await runtime.shutdown();
  }
  return outcomes;
}

/** That of a handler that has not changed is known. */
function needsReading(handler: ManifestHandler | undefined): boolean {
  return handler?.schema === undefined && handler?.entries?.includes(SCHEMA_EXPORT) === true;
}

function schemaIn(
  result: Awaited<ReturnType<Awaited<ReturnType<typeof createRuntime>>['executeHandler']>>,
): SchemaOutcome {
  if (result.status === 'error') return { error: result.error };
  const value = result.status === 'success' ? result.returnValue : undefined;
  const { args, result: returned, ...others } = (isRecord(value) ? value : { value }) as Record<string, unknown>;
  const isKnown =
    Object.keys(others).length === 0 && [args, returned].every((part) => part === undefined || isSchema(part));
  if (!isKnown) {
    const message = `The export "${SCHEMA_EXPORT}" must be an object { args, result } of JSON Schemas.`;
    return { error: { code: 'INVALID_HANDLER', message } };
  }
  return {
    schema: {
      ...(args !== undefined && { args: args as JsonSchema }),
      ...(returned !== undefined && { result: returned as JsonSchema }),
    },
  };
}

function isSchema(value: unknown): boolean {
  return typeof value === 'boolean' || isRecord(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
