// Edited or planted files of a suspension store, some with the store's own key, which is in the same
// directory.
import { createHmac } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FileStore } from '#build/suspension/file-store/file-store.js';
import { mutateBytes } from '../lib/mutate.mjs';

export const cases = 70_000;
export const short = 40;
/** A planted file must not end a process, even one with little memory. */
export const nodeOptions = ['--max-old-space-size=256'];

const HEADER_LENGTH_AT = 6;
const PREAMBLE_BYTES = 10;
const MAC_BYTES = 32;
const ID = 'BBBBBBBBBBBBBBBBBBBBBB.1';
const NOW_MS = 1_700_000_000_000;
const LEASE = { owner: 'o', leaseUntilMs: NOW_MS + 1_000 };

export async function open() {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-fuzz-records-'));
  const store = new FileStore(directory);
  const key = await store.key();
  const info = { handlerName: 'h', calls: [{ callId: 'c1' }] };
  await store.put({
    id: ID,
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + 1e9,
    info,
    envelope: Buffer.from('an envelope '.repeat(9)),
  });
  const { fence } = await store.claim(ID, LEASE, NOW_MS);
  const outcome = {
    state: 'completed',
    settledAtMs: NOW_MS,
    keepUntilMs: NOW_MS + 1e9,
    content: Buffer.from('what came of it '.repeat(9)),
  };
  await store.settle(ID, fence, outcome);
  const folder = await folderOf(directory);
  const files = new Map();
  for (const name of (await readdir(folder)).sort()) files.set(name, await readFile(join(folder, name)));
  return { directory, folder, store, key, files };
}

/** The shard in which the records lie. */
async function folderOf(directory) {
  const all = await readdir(directory, { recursive: true, withFileTypes: true });
  const record = all.find((entry) => entry.isFile() && entry.name.startsWith(ID));
  return record.parentPath ?? record.path;
}

export async function close({ directory, store }) {
  await store.close();
  await rm(directory, { recursive: true });
}

/** A case: which of the files are there, and how each was edited. */
export function generate(random) {
  const edits = random.list(3, () =>
    random.weighted([
      [3, 'whole'],
      [2, 'bytes'],
      [3, 'header'],
      [1, 'absent'],
      [0.2, 'huge'],
      [0.2, 'long header'],
      [0.2, 'empty'],
    ]),
  );
  return { edits, random };
}

export async function run({ edits, random }, session) {
  const { store, folder, files, key } = session;
  const chance = random.clone();
  for (const [i, [name, bytes]] of [...files].entries()) {
    const path = join(folder, name);
    await rm(path, { force: true });
    const content = edited(chance, edits[i % edits.length], bytes, key);
    if (content === undefined) continue;
    await writeFile(path, content, { mode: 0o600 });
    if (edits[i % edits.length] === 'huge') await truncate(path, 3 * 2 ** 30);
  }
  const operations = [
    () => store.read(ID),
    () => store.list({ limit: 10 }),
    () => store.claim(ID, LEASE, NOW_MS),
    () => store.sweep(NOW_MS + 2e9),
    () => store.read(ID),
  ];
  for (const operation of operations) {
    const finding = await operation().then(checked, refused);
    if (finding !== undefined) return finding;
  }
  for (const name of await readdir(folder)) await rm(join(folder, name));
  return undefined;
}

function checked(answer) {
  return answer === undefined || typeof answer === 'object' ? undefined : { kind: 'answer', message: String(answer) };
}

/** Edits are damage of a suspension, not a fault of the library or the medium. */
function refused(error) {
  if (error?.name === 'NexusError' && error.code !== 'INTERNAL_ERROR') return undefined;
  return { kind: 'rejection', message: `${error?.stack ?? error}\n${error?.cause?.stack ?? ''}` };
}

function edited(random, edit, bytes, key) {
  switch (edit) {
    case 'absent':
      return undefined;
    case 'empty':
      return new Uint8Array();
    case 'bytes':
      return mutateBytes(random, bytes);
    case 'header':
      return sealed(mutateBytes(random, headerOf(bytes)), bytes, key);
    case 'long header': {
      const claimed = Buffer.from(bytes);
      claimed.writeUInt32BE(random.pick([0xffff_ffff, 0x7fff_ffff, 2 ** 30]), HEADER_LENGTH_AT);
      return claimed;
    }
    default:
      return bytes;
  }
}

function headerOf(bytes) {
  return bytes.subarray(PREAMBLE_BYTES, PREAMBLE_BYTES + bytes.readUInt32BE(HEADER_LENGTH_AT));
}

function sealed(header, bytes, key) {
  const preamble = Buffer.from(bytes.subarray(0, PREAMBLE_BYTES));
  const rest = bytes.subarray(PREAMBLE_BYTES + bytes.readUInt32BE(HEADER_LENGTH_AT) + MAC_BYTES);
  preamble.writeUInt32BE(header.length, HEADER_LENGTH_AT);
  const mac = createHmac('sha256', key).update(preamble).update(header).digest();
  return Buffer.concat([preamble, header, mac, rest]);
}

export function describe({ edits }) {
  return `files edited as: ${edits.join(', ')}`;
}
