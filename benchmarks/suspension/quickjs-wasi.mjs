// quickjs-wasi: all of an instance's memory as data.
import { deflateRawSync } from 'node:zlib';
import { encodeContext, jsonHandler } from '../peers/glue.mjs';
import { compileEngine } from '../peers/quickjs-wasi.mjs';
import { answerTo, contextOf, SOURCE } from './awaits.mjs';

const GUEST = `
const $ext = { shop: { price: (sku) => new Promise((resolve) => { globalThis.waiting = { sku, resolve }; }) } };
globalThis.answer = (json) => waiting.resolve(JSON.parse(json));
globalThis.handle = (json) => {
  (${jsonHandler(SOURCE)})(json).then((outcome) => { globalThis.outcome = outcome; });
};`;

export async function load() {
  const { QuickJS } = await import('quickjs-wasi');
  const wasm = await compileEngine();

  function call(vm, name, json) {
    vm.callFunction(vm.global.getProp(name), vm.undefined, vm.newString(json));
    vm.executePendingJobs();
  }

  function answer(vm) {
    const sku = vm.global.getProp('waiting').getProp('sku').toString();
    call(vm, 'answer', JSON.stringify(answerTo(sku)));
  }

  return {
    variants: {
      snapshot: {
        async prepare(awaits) {
          const vm = await QuickJS.create({ wasm });
          vm.evalCode(GUEST);
          call(vm, 'handle', encodeContext(contextOf(awaits)));
          for (let answered = 1; answered < awaits; answered++) answer(vm);
          const bytes = QuickJS.serializeSnapshot(vm.snapshot());
          vm.dispose();
          return bytes;
        },
        async resume(bytes) {
          const vm = await QuickJS.restore(QuickJS.deserializeSnapshot(bytes), { wasm });
          answer(vm);
          const outcome = JSON.parse(vm.global.getProp('outcome').toString());
          vm.dispose();
          return outcome;
        },
        bytes: (bytes) => bytes.length,
        deflatedBytes: (bytes) => deflateRawSync(bytes).length,
        isRepeatable: true,
      },
    },
  };
}
