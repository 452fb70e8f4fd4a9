// A part of the package whose code is a script, with V8's code cache: without it, a process spends a third of its start compiling. It is
// stored for the next process.
//
// V8 does not verify a code cache, so anyone who can write it can run code here. Therefore it is stored inside this package, beside the
// code, which anyone with write access could change as well. A file or a folder that a third user owns, or that others can write, is not
// used. Nor is what was made from another text, or by another V8 or with other flags of V8.
// Without the cache everything works, only more slowly.
import { createHash, randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
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
const ROOT = 0;
/** Not through a link that leads to a file of somebody else's making. Windows has no such flag. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
const ABANDONED_MS = 60_000;

/**
 * @param {URL} url the script, in ASCII
 * @param {{ name: string, folder: URL, parameters: string }} options what its cache is called, a folder beside which the cache lies, and the
 *   parameters of the function that it becomes
 * @returns {{ call: Function, store: () => void, isStored: boolean } | undefined} undefined where it has to be loaded as a module
 */
export function cachedScript(url, { name, folder, parameters }) {
  // Other hosts have caches of their own.
  if (isInContextOfTest() || process.versions.bun !== undefined || process.versions.deno !== undefined)
    return undefined;
  const filename = fileURLToPath(url);
  const text = readFileSync(url);
  const code = `(function(${parameters}){${text.toString('latin1')}\n})`;
  if (process.env.NEXUS_CODE_CACHE === 'off') {
    return { call: new Script(code, { filename }).runInThisContext(), isStored: true, store: () => {} };
  }
  const cache = {
    folder: new URL('../node_modules/.cache/nexus-runtime/', folder),
    name,
    // V8 compares the lengths of texts, and no more.
    hash: createHash('sha256').update(text).digest('hex').slice(0, 32),
    // Of the version and the flags of V8.
    tag: cachedDataVersionTag().toString(16),
    owner: statSync(filename).uid,
  };
  const cachedData = read(cache);
  const script = new Script(code, { filename, cachedData });
  return {
    call: script.runInThisContext(),
    isStored: cachedData !== undefined && !script.cachedDataRejected,
    store: () => write(cache, script),
  };
}

/** A runner that gives every test file a context of its own (Jest): values are instances of the classes that the test has. */
function isInContextOfTest() {
  return new Script('Object').runInThisContext() !== Object;
}

function fileName({ name, hash, tag }) {
  return `${name}-${hash}-${tag}.bin`;
}

/** Names what the data is for, so that one file cannot take the place of another. */
function digest(cache, data) {
  return createHash('sha256').update(fileName(cache)).update(data).digest();
}

/** Whether nobody but this user, root, and the owner of the code could have written it. */
function isOurs({ uid, mode }, owner) {
  if (process.platform === 'win32') return true;
  return [owner, process.getuid(), ROOT].includes(uid) && (mode & OTHERS_MAY_WRITE) === 0;
}

/** Undefined if it is missing or damaged, or if others could have written it. */
function read(cache) {
  const { folder, owner } = cache;
  let descriptor;
  try {
    if (!isOwnFolder(folder, owner)) return undefined;
    descriptor = openSync(new URL(fileName(cache), folder), READ);
    if (!isOurs(fstatSync(descriptor), owner)) return undefined;
    const bytes = readFileSync(descriptor);
    const data = bytes.subarray(DIGEST_BYTES);
    return digest(cache, data).equals(bytes.subarray(0, DIGEST_BYTES)) ? data : undefined;
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function isOwnFolder(folder, owner) {
  // With a slash at its end, a link would be followed.
  const found = lstatSync(fileURLToPath(folder).slice(0, -1));
  return found.isDirectory() && isOurs(found, owner);
}

/** Whole or not at all: a process may be killed at any time, and others write the same. */
function write(cache, script) {
  const { folder, owner } = cache;
  const temporary = new URL(`${fileName(cache)}.${randomUUID()}.tmp`, folder);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    if (!isOwnFolder(folder, owner)) return;
    // First, because making the data takes long, and is in vain where nothing can be written.
    writeFileSync(temporary, '', { flag: 'wx', mode: 0o644 });
    const data = script.createCachedData();
    writeFileSync(temporary, Buffer.concat([digest(cache, data), data]));
    renameSync(temporary, new URL(fileName(cache), folder));
    removeOutdated(cache);
  } catch {
    // Without it, then.
    try {
      rmSync(temporary, { force: true });
    } catch {}
  }
}

/** What was made from another text, and what processes left behind that were killed while they wrote. */
function removeOutdated({ folder, name, hash }) {
  for (const entry of readdirSync(folder).filter((entry) => entry.startsWith(`${name}-`))) {
    const file = new URL(entry, folder);
    const isAbandoned = () => entry.endsWith('.tmp') && statSync(file).mtimeMs < Date.now() - ABANDONED_MS;
    if (!entry.includes(hash) || isAbandoned()) rmSync(file, { force: true });
  }
}
