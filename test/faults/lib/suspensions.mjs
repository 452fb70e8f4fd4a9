import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { newRunId } from '#build/support/run-ids.js';
import { FileStore } from '#build/suspension/file-store/file-store.js';

/** The directory of the records in a suspension directory. */
export const FORMAT_FOLDER = 'v2';
export const FAR_AWAY_MS = 1e12;
const NONCE_BYTES = 12;

export function openStore(directory) {
  return new FileStore(directory);
}

export function newId() {
  return `${newRunId()}.1`;
}

export function nextIdOf(id) {
  return id.replace(/\d+$/, (generation) => String(Number(generation) + 1));
}

export function newNonce() {
  return randomBytes(NONCE_BYTES).toString('hex');
}

/** A suspension that can be checked without other data: its envelope follows from its id and the nonce at its start. */
export function makeSuspension(id, nonce, { bytes = 300, expiresAtMs = FAR_AWAY_MS } = {}) {
  return { id, envelope: contentOf(id, nonce, bytes), createdAtMs: 1, expiresAtMs, info: { nonce } };
}

/** The nonce of an envelope or of an outcome's content; undefined if it is incomplete or belongs to another id. */
export function nonceOf(id, content) {
  const nonce = Buffer.from(content.subarray(0, NONCE_BYTES)).toString('hex');
  return contentOf(id, nonce, content.length).equals(content) ? nonce : undefined;
}

export function makeOutcome(id, state, nonce, settledAtMs, keepUntilMs = FAR_AWAY_MS) {
  return { state, content: contentOf(id, nonce, 100), settledAtMs, keepUntilMs };
}

function contentOf(id, nonce, bytes) {
  const content = Buffer.alloc(bytes, createHash('sha256').update(`${id} ${nonce}`).digest());
  content.write(nonce, 'hex');
  return content;
}

/** Names of all files in the shard directories. */
export function recordsBelow(directory) {
  const root = join(directory, FORMAT_FOLDER);
  const shards = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return shards.flatMap(({ name }) => readdirSync(join(root, name)));
}

export function pathOf(directory, name) {
  return join(directory, FORMAT_FOLDER, name.charCodeAt(0).toString(16), name);
}
