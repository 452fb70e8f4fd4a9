// The published entry of a worker thread: a script with V8's code cache.
import { createRequire } from 'node:module';
import { cachedScript } from './cached-script.mjs';

const url = new URL('./thread-script.cjs', import.meta.url);
const parameters = 'exports,require,module,moduleUrl';
const script = cachedScript(url, {
  name: 'worker',
  hash: SCRIPT_HASH,
  folder: new URL('..', url),
  parameters,
});
const module = { exports: {} };
script.call(module.exports, createRequire(import.meta.url), module, import.meta.url);
// By then what an execution needs is compiled, too.
if (!script.isStored) module.exports.afterFirstBatch(script.store);
export default module.exports.default;
