import { isUint8Array } from 'node:util/types';
import type { CompileOptions } from '../api/source-options.js';
import type { WarmupOptions, WarmupReport, WarmupUnit } from '../api/warmup.js';
import type { HandlerLoader, HandlerRef } from '../compiler/handler-loader.js';
import { invalidArgument, readArgument, requireText } from '../config/check.js';
import { checkSourceOptions } from '../config/source-options.js';
import { checkShape } from '../execution/request/execute-options.js';
import type { HandlerPool } from '../pool/handler-pool.js';

/** Starts workers, compiles handlers, and creates an image for each in every worker. */
export async function warmUp(
  handlers: Iterable<WarmupUnit>,
  options: WarmupOptions,
  pool: HandlerPool,
  loader: HandlerLoader,
): Promise<WarmupReport> {
  checkShape('options', options, { instances: true });
  const { instances } = options;
  if (instances !== undefined && !(Number.isInteger(instances) && instances >= 1 && instances <= pool.maxInstances)) {
    throw invalidArgument(
      'options.instances',
      instances,
      `a whole number from 1 to ${pool.maxInstances} (maxInstances)`,
    );
  }
  const isList = readArgument('handlers', () => typeof handlers?.[Symbol.iterator] === 'function');
  if (typeof handlers === 'string' || !isList) {
    throw invalidArgument('handlers', handlers, 'a list of handlers');
  }
  await pool.ready(instances);
  const failures: WarmupReport['failures'][number][] = [];
  let loaded = 0;
  for (const [index, unit] of [...handlers].entries()) {
    const { handler, options } = handlerOf(unit, index);
    const attempt = await loader.load(handler, options?.filename, undefined, options);
    if (attempt.ok) {
      await pool.load(attempt.handler);
      loaded++;
    } else failures.push({ index, error: attempt.error });
  }
  const { busy, idle } = pool.stats;
  return { instances: busy + idle, loaded, failures };
}

function handlerOf(
  unit: WarmupUnit,
  index: number,
): { readonly handler: HandlerRef; readonly options?: CompileOptions } {
  if (typeof unit === 'string') return { handler: { source: unit } };
  if (isUint8Array(unit)) return { handler: { artifact: unit } };
  if (typeof unit !== 'object' || unit === null) {
    throw invalidArgument(`handlers[${index}]`, unit, 'source, an artifact, or an object { code, filename }');
  }
  // What else a record of the application has is of no concern.
  const field = `handlers[${index}]`;
  const { code, ...options } = readArgument(field, () => {
    const { filename, wrap, returnLastExpression, normalise } = unit;
    return {
      code: unit.code,
      ...(filename !== undefined && { filename }),
      ...(wrap !== undefined && { wrap }),
      ...(returnLastExpression !== undefined && { returnLastExpression }),
      ...(normalise !== undefined && { normalise }),
    };
  });
  requireText(`${field}.code`, code, 'source text');
  checkSourceOptions(options);
  return { handler: { source: code }, options };
}
