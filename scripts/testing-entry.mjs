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
import * as singletons from './singletons.js';

const DIGEST_BYTES = 32;
const KIT = new URL('./testing-kit.cjs', import.meta.url);
const CACHE = new URL('../node_modules/.cache/nexus-runtime/', import.meta.url);
/** Named by the text of the kit, and by V8's version and flags, because V8 only compares lengths. */
const FILE = new URL(`testing-${KIT_HASH}-${cachedDataVersionTag().toString(16)}.bin`, CACHE);
const isWanted = process.env.NEXUS_CODE_CACHE !== 'off';

const cachedData = isWanted ? read() : undefined;
const filename = fileURLToPath(KIT);
// ASCII, as esbuild writes it.
const source = `(function(require,exports,module,kitUrl,kitImport){${readFileSync(KIT, 'latin1')}\n})`;
const script = new Script(source, { filename, cachedData });
// Written when the process ends, to include functions that were compiled on the way.
if (isWanted && (cachedData === undefined || script.cachedDataRejected)) process.once('exit', write);

const require = createRequire(import.meta.url);
const own = (id) => (id === './singletons.js' ? singletons : require(id));
const module = { exports: {} };
script.runInThisContext()(own, module.exports, module, import.meta.url, (id) => import(id));
export const kit = module.exports;

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
