// The published `nexus-runtime` for `import`: the scripts that `require` gets, with V8's code cache. `bundle.mjs` adds the exports.
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedScript } from './cached-script.mjs';
import { explainMissingFile } from './singletons.js';

export const runtime = load();

/** In a bundle, the scripts are not there; in one of CommonJS there is no `import.meta.url`. */
function load() {
  try {
    const require = createRequire(import.meta.url);
    const first = new URL('./index.cjs', import.meta.url);
    const rest = new URL('./index-rest.cjs', import.meta.url);
    const known = require.cache[fileURLToPath(first)];
    if (known?.loaded) return known.exports;
    // Programs that import and require the package have one of it.
    const requireRest = () => run(rest, { name: 'rest', hash: REST_HASH, folder: first }, require, require);
    const requireAny = (id) => (id === './index-rest.cjs' ? requireRest() : require(id));
    return run(first, { name: 'index', hash: SCRIPT_HASH, folder: first }, require, requireAny);
  } catch (error) {
    throw explainMissingFile(error, 'index.cjs');
  }
}

function run(url, options, require, requireFrom) {
  const filename = fileURLToPath(url);
  const script = cachedScript(url, { ...options, parameters: 'exports,require,module,__filename,__dirname' });
  if (script === undefined) return require(filename);
  // When the process ends, to have what was compiled on the way, too.
  if (!script.isStored) process.once('exit', script.store);
  const module = new Module(filename);
  module.filename = filename;
  script.call(module.exports, requireFrom, module, filename, dirname(filename));
  module.loaded = true;
  require.cache[filename] = module;
  return module.exports;
}
