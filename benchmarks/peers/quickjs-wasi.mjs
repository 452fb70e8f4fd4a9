// QuickJS-ng, with a new WebAssembly instance for every execution.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { encodeContext, jsonHandler, librariesScript } from './glue.mjs';

const define = (source) => `globalThis.handle = (json) => {
  (${jsonHandler(source)})(json).then((outcome) => { globalThis.outcome = outcome; });
};`;

export async function load() {
  const { QuickJS } = await import('quickjs-wasi');
  const wasm = await compileEngine();

  /** Calls the handler in a VM, and ends the VM. */
  function finish(vm, context) {
    try {
      // Its handles need not be freed one by one: all memory of the instance is discarded.
      vm.callFunction(vm.global.getProp('handle'), vm.undefined, vm.newString(encodeContext(context)));
      vm.executePendingJobs();
      return JSON.parse(vm.global.getProp('outcome').toString());
    } finally {
      vm.dispose();
    }
  }

  return {
    variants: {
      create: ({ source, context, libraries = {} }) => {
        const script = librariesScript(libraries) + define(source);
        return {
          async run() {
            const vm = await QuickJS.create({ wasm });
            vm.evalCode(script);
            return finish(vm, context);
          },
        };
      },
      'restore from snapshot': async ({ source, context, libraries = {} }) => {
        const prepared = await QuickJS.create({ wasm });
        prepared.evalCode(librariesScript(libraries) + define(source));
        const snapshot = prepared.snapshot();
        prepared.dispose();
        return {
          async run() {
            return finish(await QuickJS.restore(snapshot, { wasm }), context);
          },
        };
      },
      'create, bytecode': async ({ source, context, libraries = {} }) => {
        const compiler = await QuickJS.create({ wasm });
        const bytecode = compiler.compile(librariesScript(libraries) + define(source));
        compiler.dispose();
        return {
          async run() {
            const vm = await QuickJS.create({ wasm });
            vm.evalBytecode(bytecode);
            return finish(vm, context);
          },
        };
      },
    },
  };
}

/** Created once for all instances, as its documentation advises. */
export async function compileEngine() {
  return WebAssembly.compile(await readFile(fileURLToPath(import.meta.resolve('quickjs-wasi/quickjs.wasm'))));
}
