// Objects that an application may keep in large numbers. Each has `make`, which creates one more that has
// executed the first example of the README once and is idle.
import { createContext, Script } from 'node:vm';
import { createRuntime } from '../../build/index.js';
import { jsonHandler } from '../peers/glue.mjs';
import { loadNewest } from '../peers/isolated-vm.mjs';
import { executionOf } from '../peers/nexus-runtime.mjs';
import { compileEngine } from '../peers/quickjs-wasi.mjs';
import { load as loadRun } from '../peers/run.mjs';
import { contextOf, SOURCE } from '../suspension/awaits.mjs';
import { referenceExecutor } from './executor.mjs';
import { quickStart } from './quick-start.mjs';

const script = `(${jsonHandler(quickStart.source)})(input).then((json) => { globalThis.outcome = json; });`;
const input = JSON.stringify({ state: quickStart.context.stateSnapshot, args: quickStart.context.args });
const sourceOf = (i) => `const handler = ${i};\n${quickStart.source}`;

export const footprints = {
  'nexus-runtime: VM': async () => ({
    async make() {
      const { executor } = await referenceExecutor();
      const execute = await executionOf(executor, quickStart);
      await execute();
      return executor;
    },
  }),

  'nexus-runtime: worker with its VM': async () => ({
    async make() {
      const runtime = await createRuntime({ cacheDir: false, metrics: false, maxInstances: 1, minInstances: 1 });
      await runtime.executeHandler(quickStart.source, quickStart.context);
      return runtime;
    },
  }),

  'nexus-runtime: cached handler': async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxCacheSizeBytes: 2 ** 30 });
    let made = 0;
    return {
      async make() {
        await runtime.executeHandler(sourceOf(made++), quickStart.context);
        const { bytes, entries } = runtime.getStats().cache.memory;
        return { ownBytes: () => bytes / entries };
      },
      release: () => runtime.shutdown(),
    };
  },

  'nexus-runtime: suspended handler, in memory': async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    return {
      make: async () => (await runtime.executeHandler(SOURCE, contextOf(1))).suspension.suspensionId,
      release: () => runtime.shutdown(),
    };
  },

  'quickjs-emscripten: runtime + context': async () => {
    const { getQuickJS } = await import('quickjs-emscripten');
    const quickjs = await getQuickJS();
    return {
      make() {
        const runtime = quickjs.newRuntime();
        const vm = runtime.newContext();
        vm.newString(input).consume((handle) => vm.setProp(vm.global, 'input', handle));
        vm.unwrapResult(vm.evalCode(script)).dispose();
        vm.unwrapResult(runtime.executePendingJobs());
        return vm;
      },
    };
  },

  'quickjs-wasi: instance': async () => {
    const { QuickJS } = await import('quickjs-wasi');
    const wasm = await compileEngine();
    return {
      async make() {
        const vm = await QuickJS.create({ wasm });
        vm.setProp(vm.global, 'input', vm.newString(input));
        vm.evalCode(script);
        vm.executePendingJobs();
        return vm;
      },
    };
  },

  'quickjs-wasi: suspended, as a snapshot': async () => {
    const quickjsWasi = await import('../suspension/quickjs-wasi.mjs');
    const { prepare } = (await quickjsWasi.load()).variants.snapshot;
    return {
      async make() {
        const bytes = await prepare(1);
        return { bytes, ownBytes: () => bytes.length };
      },
    };
  },

  'isolated-vm: isolate with its context': async () => {
    const ivm = await loadNewest();
    return { make: () => runInContext(new ivm.Isolate({ memoryLimit: 32 })) };
  },

  'isolated-vm: context of a shared isolate': async () => {
    const ivm = await loadNewest();
    const isolate = new ivm.Isolate({ memoryLimit: 1024 });
    return { make: () => runInContext(isolate) };
  },

  'isolated-vm: cached script': async () => {
    const ivm = await loadNewest();
    const isolate = new ivm.Isolate({ memoryLimit: 1024 });
    const realm = isolate.createContextSync();
    realm.global.setSync('input', input);
    let made = 0;
    return {
      make() {
        const text = `(${jsonHandler(sourceOf(made++))})(input).then((json) => { globalThis.outcome = json; });`;
        const compiled = isolate.compileScriptSync(text);
        compiled.runSync(realm);
        return compiled;
      },
    };
  },

  'run: worker': async () => {
    const { variants, setMaxWorkers } = await loadRun();
    setMaxWorkers(64);
    const { run } = variants['its own worker'](quickStart);
    let made = 0;
    // It starts a worker when all others are busy, and keeps it.
    return { make: () => Promise.all(Array.from({ length: ++made }, run)) };
  },

  'node:vm, no sandbox: context': async () => {
    const compiled = new Script(script);
    return {
      make() {
        const realm = createContext({ input }, { microtaskMode: 'afterEvaluate' });
        compiled.runInContext(realm);
        return realm;
      },
    };
  },
};

function runInContext(isolate) {
  const realm = isolate.createContextSync();
  realm.global.setSync('input', input);
  const compiled = isolate.compileScriptSync(script);
  compiled.runSync(realm);
  return { isolate, realm, compiled };
}
