// nexus-runtime in one thread: context in, restore, run, outcome out. Everything `executeHandler` does except changing threads.
import { resolveRuntimeConfig } from '../../build/config/resolve.js';
import { prepareRequest } from '../../build/execution/request/build-request.js';
import { NeededKeys } from '../../build/execution/request/needed-keys.js';
import { readOutcome } from '../../build/execution/result/outcome.js';
import { wrapHandler } from '../../build/source/wrapper.js';
import { referenceExecutor } from '../work/executor.mjs';

/** An image belongs to the libraries, not to the handler: an application has one. */
const executors = new Map();

async function executorFor(libraries) {
  const key = Object.keys(libraries).join();
  if (!executors.has(key)) {
    const sources = Object.entries(libraries).map(([name, source]) => ({ name, source, filename: `${name}.js` }));
    executors.set(key, await referenceExecutor({ libraries: sources }));
  }
  return executors.get(key).executor;
}

/**
 * Returns a function that executes the handler once in this executor.
 *
 * @param needs which keys of the state the handler needs. Default: all
 */
export async function executionOf(executor, { source, context, prepared }, needs) {
  const config = { ...resolveRuntimeConfig({}), ...(prepared && { prepared }) };
  const { bytecode } = await executor.compileScript(wrapHandler(source), 'handler.js');
  const handler = { key: source, filename: 'handler.js', source, bytecode };
  return async () => {
    const { request, grants } = prepareRequest(context, {}, config, needs);
    const executed = await executor.execute({ key: handler.key, ...request }, bytecode);
    return readOutcome(executed, handler, { grants, limits: request.limits });
  };
}

async function prepare(work) {
  return { run: await executionOf(await executorFor(work.libraries ?? {}), work) };
}

/** Only what the text of the handler names enters, as `executeHandler` has it. */
export async function prepareNaming(work) {
  const needs = new NeededKeys(work.source);
  return { run: await executionOf(await executorFor(work.libraries ?? {}), work, () => needs) };
}

export async function load() {
  return { variants: { 'pristine image': prepare } };
}
