// What lowered code calls is a feature, and a VM without the prelude has none: it is given those by themselves.
import { FEATURES } from '#src/engine/image/features.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import { bundleGuestScript } from '../../../scripts/guest-script.mjs';

const LOWERING = ['for-await', 'disposal'];
const HOST =
  '({ define(name, value) { Object.defineProperty(globalThis, name, { value, configurable: true, writable: true }) }, refuse() {} })';

const names = FEATURES.map(({ name }) => name).filter((name) => LOWERING.includes(name));
const scripts = await Promise.all(names.map((name) => bundleGuestScript(`src/guest/features/${name}.ts`)));

/** Scripts that define them. */
export const LOWERING_SCRIPTS = scripts.map(({ source }) => `(${source})(${HOST})`);

/** @param {import('#src/engine/vm.js').Vm} vm */
export async function defineLoweringGlobals(vm) {
  const compiler = await SourceCompiler.create(await loadEngine(), 128 * 1024);
  for (const script of LOWERING_SCRIPTS) {
    const compiled = await compiler.compile(script, 'globals.js');
    vm.evaluateIntoImage(compiled.bytecode);
  }
}
