import { readFile } from 'node:fs/promises';
import type { WasmContext } from '#src/api/context.js';
import type { RuntimeOptions } from '#src/api/options.js';
import { PRELUDE_URL } from '#src/assets.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { decodePreludeImage } from '#src/engine/image/prelude-image.js';
import type { LibrarySource } from '#src/engine/library.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { prepareRequest } from '#src/execution/request/build-request.js';
import type { ExecuteOptions } from '#src/execution/request/execute-options.js';
import { type ReadOutcome, readOutcome } from '#src/execution/result/outcome.js';
import { wrapHandler } from '#src/source/wrapper.js';
import { Executor } from '#src/worker/executor.js';

export const ALL_CAPABILITIES = [
  'state:read:*',
  'state:write:*',
  'events:emit:*',
  'view:update:*',
] as const satisfies WasmContext['capabilities'];

export async function createExecutor(libraries: readonly LibrarySource[] = []): Promise<Executor> {
  const engine = await loadEngine();
  const prelude = await readFile(PRELUDE_URL);
  return Executor.create({
    engine,
    prelude: decodePreludeImage(prelude, engine.fingerprint),
    libraries,
    memoryLimitBytes: 32 * 1024 * 1024,
    stackSizeBytes: 128 * 1024,
  });
}

/** Compiles and executes in this thread: the whole path but the pool. */
export async function runInThread(
  executor: Executor,
  source: string,
  context: WasmContext = { capabilities: ALL_CAPABILITIES },
  options: ExecuteOptions = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<ReadOutcome> {
  const compiled = await executor.compileScript(wrapHandler(source), 'handler.js');
  if (!compiled.ok) throw new Error(compiled.problem.message);
  const { request, grants } = prepareRequest(context, options, resolveRuntimeConfig(runtimeOptions));
  const executed = await executor.execute({ key: source, ...request }, compiled.bytecode);
  const handler = { key: source, filename: 'handler.js', source, bytecode: new Uint8Array(new SharedArrayBuffer(0)) };
  return readOutcome(executed, handler, { grants, limits: request.limits });
}
