// The published entry of a worker thread: a script with V8's code cache.
import { createRequire } from 'node:module';
import { cachedScript } from './cached-script.mjs';

const url = new URL('./thread-script.cjs', import.meta.url);
const require = createRequire(import.meta.url);
export default load();

function load() {
  const parameters = 'exports,require,module';
  const script = cachedScript(url, { name: 'worker', folder: new URL('..', url), parameters });
  if (script === undefined) return require('./thread-script.cjs').default;
  const module = { exports: {} };
  script.call(module.exports, require, module);
  // By then what an execution needs is compiled, too.
  if (!script.isStored) module.exports.afterFirstBatch(script.store);
  return module.exports.default;
}
