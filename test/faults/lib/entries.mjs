import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openArtifact, sealArtifact } from '#build/cache/artifact.js';
import { EntryCodec } from '#build/cache/entry-codec.js';
import { FileTier } from '#build/cache/file-tier.js';

export const ENTRY_EXTENSION = '.qjsc';
export const TEMPORARY_EXTENSION = '.tmp';
/** The directory of the entries in a cache directory. */
export const FORMAT_FOLDER = 'v2';

const SECRET = Buffer.from('a secret of the campaign');
const ENGINE = 'engine of the campaign';
const codec = new EntryCodec({ engine: ENGINE, secrets: [SECRET], maxSourceBytes: 16 * 2 ** 20 });

/** @throws ArtifactError if it is not complete */
export function openEntry(bytes) {
  const { header, content } = openArtifact(bytes, ENGINE, [SECRET]);
  return { ...header, content };
}

export function keyOf(name) {
  return createHash('sha256').update(`key of ${name}`).digest('hex');
}

/** An entry that can be checked without other data: its content follows from its source. */
export function makeEntry(name, bytes, version = 0) {
  const source = JSON.stringify({ name, bytes, version });
  return { key: keyOf(name), namespace: 'handler', filename: `${name}.js`, source, content: contentOf(source, bytes) };
}

/** Whether an entry was made by makeEntry under this key, without parts of others. */
export function isWhole({ key, source, filename, content }) {
  const { name, bytes } = JSON.parse(source);
  return key === keyOf(name) && filename === `${name}.js` && Buffer.from(content).equals(contentOf(source, bytes));
}

function contentOf(source, bytes) {
  const content = new Uint8Array(new SharedArrayBuffer(bytes));
  Buffer.from(content.buffer).fill(createHash('sha256').update(source).digest());
  return content;
}

/** The content size with which an entry's file is as near to `fileBytes` as possible without exceeding it. */
export function contentBytesFor(fileBytes, name) {
  const { content, ...header } = makeEntry(name, fileBytes);
  const overhead = sealArtifact({ ...header, engine: ENGINE }, content, SECRET).length - fileBytes;
  return fileBytes - overhead - 8;
}

export function openTier(cacheDir, maxBytes, onProblem = () => {}) {
  return new FileTier({ cacheDir, maxBytes, codec, onProblem });
}

/** Opens a cache as the next process does, uses it once, and returns whether it can be written. */
export async function startAgain(cacheDir, maxBytes) {
  const tier = openTier(cacheDir, maxBytes);
  // Writes wait for the first scan of the directory, which a read starts.
  await tier.get(keyOf('first after the crash'));
  return tier.put(makeEntry('first after the crash', 100));
}

/** Paths of all entries below a directory, at any depth, that are not directories. */
export function filesBelow(directory) {
  let found;
  try {
    found = readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
  return found.flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

export function temporariesBelow(directory) {
  return filesBelow(directory).filter((path) => path.endsWith(TEMPORARY_EXTENSION));
}

export function sizeOf(paths) {
  return paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
}
