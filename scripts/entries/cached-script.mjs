// A part of the package whose code is a script, with V8's code cache: without it, a process spends a third of its start compiling. It is
// stored for the next process.
//
// V8 does not verify a code cache, so anyone who can write it can run code here. Therefore it is stored inside this package, beside the
// code, which anyone with write access could change as well; and one that another user owns, or that others can write, is not used.
// Without the cache everything works, only more slowly.
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';

const DIGEST_BYTES = 32;
const OTHERS_MAY_WRITE = 0o022;
const ABANDONED_MS = 60_000;
/** Values are instances of the classes that the code around it has, unless a runner gives every test file a context of its own (Jest). */
const isOwnContext = () => new Script('Object').runInThisContext() !== Object;

/**
 * @param {URL} url the script, in ASCII
 * @param {{ name: string, hash: string, folder: URL, parameters: string }} options what its cache is called, the hash of its text, a folder
 *   beside which the cache lies, and the parameters of the function that it becomes
 * @returns {{ call: Function, store: () => void, isStored: boolean } | undefined} undefined where it has to be loaded as a module
 */
export function cachedScript(url, { name, hash, folder, parameters }) {
  // Other hosts have caches of their own.
  if (isOwnContext() || process.versions.bun !== undefined || process.versions.deno !== undefined) return undefined;
  const filename = fileURLToPath(url);
  const code = readFileSync(url, 'latin1');
  const isWanted = process.env.NEXUS_CODE_CACHE !== 'off';
  const cache = new URL('../node_modules/.cache/nexus-runtime/', folder);
  // By the text of the script, and by version and flags of V8: it compares lengths, and no texts.
  const file = new URL(`${name}-${hash}-${cachedDataVersionTag().toString(16)}.bin`, cache);
  const cachedData = isWanted ? read(file, filename) : undefined;
  const script = new Script(`(function(${parameters}){${code}\n})`, { filename, cachedData });
  const isStored = cachedData !== undefined && !script.cachedDataRejected;
  return {
    call: script.runInThisContext(),
    isStored: isStored || !isWanted,
    store: () => write(file, script.createCachedData(), { cache, name, hash }),
  };
}

function digest(data) {
  return createHash('sha256').update(data).digest();
}

/** Undefined if it is missing or damaged, or if others could have written it. */
function read(file, filename) {
  let descriptor;
  try {
    descriptor = openSync(file, 'r');
    const { uid, mode } = fstatSync(descriptor);
    const isOurs = process.platform === 'win32' || (uid === statSync(filename).uid && (mode & OTHERS_MAY_WRITE) === 0);
    if (!isOurs) return undefined;
    const bytes = readFileSync(descriptor);
    const data = bytes.subarray(DIGEST_BYTES);
    return digest(data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** A process was killed while it wrote. */
function isAbandoned(file) {
  return file.href.endsWith('.tmp') && statSync(file).mtimeMs < Date.now() - ABANDONED_MS;
}

function write(file, data, { cache, name, hash }) {
  const temporary = new URL(`${file.href}.${randomUUID()}.tmp`);
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(temporary, Buffer.concat([digest(data), data]), { flag: 'wx', mode: 0o644 });
    renameSync(temporary, file);
    const isOutdated = (entry) =>
      entry.startsWith(`${name}-`) && (!entry.includes(hash) || isAbandoned(new URL(entry, cache)));
    for (const entry of readdirSync(cache).filter(isOutdated)) rmSync(new URL(entry, cache), { force: true });
  } catch {
    // Without it, then.
    try {
      rmSync(temporary, { force: true });
    } catch {}
  }
}
