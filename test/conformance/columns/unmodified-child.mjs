// The engine as quickjs-emscripten ships it: `evalCode`, in a new runtime and context for each run.
import { newQuickJSWASMModuleFromVariant, newVariant, RELEASE_SYNC } from 'quickjs-emscripten';

import { answer } from './answering.mjs';

const MEMORY_BYTES = 256 * 2 ** 20;
const STACK_BYTES = 512 * 2 ** 10;
const MAX_JOBS = 100_000;
/** A module that ran out of memory once stays large. */
const RUNS_OF_A_MODULE = 2_000;

const quiet = { print: () => {}, printErr: () => {} };
let quickjs = await load();
let runs = 0;

function load() {
  return newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { emscriptenModule: quiet }));
}

answer(async (request) => {
  if (++runs % RUNS_OF_A_MODULE === 0) quickjs = await load();
  try {
    return run(request);
  } catch (error) {
    // A leak is asserted against, and leaves the module unusable.
    quickjs = await load();
    // The native stack ends before the guest's.
    const isRecursion = error instanceof RangeError;
    return { kind: isRecursion ? 'limit' : 'crash', message: String(error?.message ?? error) };
  }
});

function run({ script, isCompiled, filename, timeoutMs }) {
  const runtime = quickjs.newRuntime();
  runtime.setMaxStackSize(STACK_BYTES);
  runtime.setMemoryLimit(MEMORY_BYTES);
  const end = Date.now() + timeoutMs;
  let isInterrupted = false;
  runtime.setInterruptHandler(() => {
    isInterrupted ||= Date.now() > end;
    return isInterrupted;
  });
  const context = runtime.newContext();
  const outcome = evaluate(context, { script, isCompiled, filename });
  context.dispose();
  runtime.dispose();
  return isInterrupted ? { kind: 'limit', message: 'interrupted' } : outcome;
}

function evaluate(context, { script, isCompiled, filename }) {
  const compiled = context.evalCode(script, filename, { type: 'global', compileOnly: isCompiled });
  if (compiled.error) return { ...describe(context, compiled.error), kind: 'syntax' };
  if (isCompiled) {
    compiled.value.dispose();
    return { kind: 'compiled' };
  }
  const called = context.callFunction(compiled.value, context.undefined);
  compiled.value.dispose();
  if (called.error) return describe(context, called.error);
  const jobs = context.runtime.executePendingJobs(MAX_JOBS);
  if (jobs.error) {
    called.value.dispose();
    return describe(context, jobs.error);
  }
  jobs.dispose();
  const state = context.getPromiseState(called.value);
  const outcome =
    state.type === 'pending'
      ? { kind: 'pending' }
      : state.type === 'rejected'
        ? describe(context, state.error)
        : { kind: 'value', value: context.dump(state.notAPromise ? called.value : state.value) };
  if (state.type === 'fulfilled' && !state.notAPromise) state.value.dispose();
  called.value.dispose();
  return outcome;
}

function describe(context, handle) {
  const dumped = context.dump(handle);
  handle.dispose();
  if (typeof dumped !== 'object' || dumped === null) return { kind: 'throw', name: 'value', message: String(dumped) };
  return { kind: 'throw', name: String(dumped.name), message: String(dumped.message), stack: String(dumped.stack) };
}
