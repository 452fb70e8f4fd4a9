// The published `nexus-runtime/testing`: its code is a script, and V8's code cache for it is stored for the
// next process, which would otherwise spend a third of its time compiling. `bundle.mjs` adds the exports.
//
// V8 does not verify a code cache, so anyone who can write it can run code here. Therefore it is stored
// inside this package, beside the code, which anyone with write access could change as well. Without the
// cache everything works, only more slowly.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { explainMissingFile } from './singletons.js';

const DIGEST_BYTES = 32;
const KIT = locate();
const CACHE = new URL('../node_modules/.cache/nexus-runtime/', KIT);
/** By the text of the kit, and by version and flags of V8: it compares lengths, and no texts. */
const FILE = new URL(`testing-${KIT_HASH}-${cachedDataVersionTag().toString(16)}.bin`, CACHE);
const isWanted = process.env.NEXUS_CODE_CACHE !== 'off';

const cachedData = isWanted ? read() : undefined;
const filename = fileURLToPath(KIT);
// ASCII, as esbuild writes it.
const require = createRequire(import.meta.url);
// A runner that gives every test file a context of its own (Jest) loads it there: values are instances of the classes that the test has.
const isOwnContext = new Script('Object').runInThisContext() !== Object;
const script = isOwnContext ? undefined : compile();
export const kit = load();

/** In a bundle, what the kit requires is not there. */
function load() {
  try {
    return script === undefined ? require('./testing-kit.cjs') : run();
  } catch (error) {
    throw explainMissingFile(error, 'testing-kit.cjs');
  }
}

function compile() {
  const source = `(function(require,exports,module,kitUrl,kitImport){${readKit()}\n})`;
  const compiled = new Script(source, { filename, cachedData });
  // When the process ends, to have what was compiled on the way, too.
  if (isWanted && (cachedData === undefined || compiled.cachedDataRejected)) process.once('exit', write);
  return compiled;
}

/** In a bundle of CommonJS there is no `import.meta.url`. */
function locate() {
  try {
    return new URL('./testing-kit.cjs', import.meta.url);
  } catch (error) {
    throw explainMissingFile(error, 'testing-kit.cjs');
  }
}

function readKit() {
  try {
    return readFileSync(KIT, 'latin1');
  } catch (error) {
    throw explainMissingFile(error, 'testing-kit.cjs');
  }
}

function run() {
  const module = { exports: {} };
  // By a literal, which tools that trace files find.
  const load = (id) => (id === './testing-thread-pool.js' ? import('./testing-thread-pool.js') : import(id));
  script.runInThisContext()(require, module.exports, module, import.meta.url, load);
  return module.exports;
}

function digest(data) {
  return createHash('sha256').update(data).digest();
}

/** Undefined if it is missing or damaged. */
function read() {
  try {
    const bytes = readFileSync(FILE);
    const data = bytes.subarray(DIGEST_BYTES);
    return digest(data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  }
}

function write() {
  const temporary = new URL(`${FILE.href}.${process.pid}.tmp`);
  try {
    const data = script.createCachedData();
    mkdirSync(CACHE, { recursive: true });
    writeFileSync(temporary, Buffer.concat([digest(data), data]), { flag: 'wx' });
    renameSync(temporary, FILE);
    const outdated = (name) => name.startsWith('testing-') && !name.includes(KIT_HASH);
    for (const name of readdirSync(CACHE).filter(outdated)) rmSync(new URL(name, CACHE));
  } catch {
    // Without it, then.
    try {
      rmSync(temporary, { force: true });
    } catch {}
  }
}
