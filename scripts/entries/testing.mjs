// The published `nexus-runtime/testing`: a script with V8's code cache. `bundle.mjs` adds the exports.
import { createRequire } from 'node:module';
import { cachedScript } from './cached-script.mjs';
import { explainMissingFile } from './singletons.js';

export const kit = load();

/** In a bundle, what the kit requires is not there; in one of CommonJS there is no `import.meta.url`. */
function load() {
  try {
    const require = createRequire(import.meta.url);
    // ASCII, as esbuild writes it.
    const url = new URL('./testing-kit.cjs', import.meta.url);
    const parameters = 'require,exports,module,kitUrl,kitImport';
    const script = cachedScript(url, { name: 'testing', folder: url, parameters });
    return script === undefined ? require('./testing-kit.cjs') : run(script, require);
  } catch (error) {
    throw explainMissingFile(error, 'testing-kit.cjs');
  }
}

function run({ call, store, isStored }, require) {
  // When the process ends, to have what was compiled on the way, too.
  if (!isStored) process.once('exit', store);
  const module = { exports: {} };
  // By a literal, which tools that trace files find.
  const load = (id) => (id === './testing-thread-pool.js' ? import('./testing-thread-pool.js') : import(id));
  call(require, module.exports, module, import.meta.url, load);
  return module.exports;
}
