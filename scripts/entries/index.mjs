// The published `nexus-runtime` for `import`: the script that `require` gets, with V8's code cache. `bundle.mjs` adds the exports.
import Module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedScript } from './cached-script.mjs';
import { explainMissingFile } from './singletons.js';

export const runtime = load();

/** In a bundle, the script is not there; in one of CommonJS there is no `import.meta.url`. */
function load() {
  try {
    const require = createRequire(import.meta.url);
    const url = new URL('./index.cjs', import.meta.url);
    const filename = fileURLToPath(url);
    // Programs that import and require the package have one of it.
    const known = require.cache[filename];
    if (known?.loaded) return known.exports;
    const parameters = 'exports,require,module,__filename,__dirname';
    const script = cachedScript(url, { name: 'index', folder: url, parameters });
    return script === undefined ? require('./index.cjs') : run(script, filename, require);
  } catch (error) {
    throw explainMissingFile(error, 'index.cjs');
  }
}

function run({ call, store, isStored }, filename, require) {
  // When the process ends, to have what was compiled on the way, too.
  if (!isStored) process.once('exit', store);
  const module = new Module(filename);
  module.filename = filename;
  call.call(module.exports, module.exports, require, module, filename, dirname(filename));
  module.loaded = true;
  require.cache[filename] = module;
  return module.exports;
}
