import {
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { Findings, thousands } from '../lib/findings.mjs';
import { holdOf } from '../lib/holds.mjs';
import { FORMAT_FOLDER, makeSuspension, newId, newNonce, openStore, pathOf } from '../lib/suspensions.mjs';

export const title = 'planted files of any size and number';

const GIB = 2 ** 30;
const HEADER_LENGTH_AT = 6;
const NOW_MS = 1_000;
const EXPIRES_AT_MS = 1_000_000;
const PAGE = 1_000;
const IDLE_MS = 1_000;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const directory = join(scratch, 'planted');
  const store = openStore(directory);
  const ids = Array.from({ length: 20 }, newId);
  for (const id of ids) await store.put(makeSuspension(id, newNonce(), { expiresAtMs: EXPIRES_AT_MS }));
  const record = readFileSync(pathOf(directory, `${ids[0]}.0`));
  const hostile = plantHostile(directory, record);
  const many = plantMany(directory, record, quick ? 10_500 : 100_000);

  // What the machine itself does to a thread that has nothing to do.
  const holds = { idle: await holdOf(() => setTimeout(IDLE_MS)) };
  holds.list = await holdOf(async () => {
    const seen = await listAll(store);
    findings.check(
      ids.every((id) => seen.listed.has(id)),
      'a whole suspension is not listed',
    );
    findings.check(seen.listed.size === ids.length, `${seen.listed.size} are listed, ${ids.length} are there`);
    findings.check(
      hostile.every((id) => seen.unreadable.has(id)),
      'a planted file is not listed as unreadable',
    );
  });
  holds.count = await holdOf(async () => {
    const counted = new Set();
    await store.count(
      () => undefined,
      (sizes) => {
        for (const { id } of sizes) counted.add(id);
      },
    );
    findings.check(counted.size === ids.length, `${counted.size} are counted, ${ids.length} are there`);
  });
  holds.read = await holdOf(async () => {
    for (const id of hostile) {
      for (const operation of [
        () => store.read(id),
        () => store.claim(id, { owner: 'a', leaseUntilMs: 2_000 }, NOW_MS),
      ]) {
        const code = await operation().then(
          () => 'answered',
          (error) => error.code,
        );
        findings.check(code === 'SUSPENSION_INCOMPATIBLE', `a planted file: ${code}`);
      }
    }
  });
  holds.sweep = await holdOf(async () => {
    const { expired } = await store.sweep(2 * Date.now());
    findings.check(expired.length === ids.length, `${expired.length} expired, ${ids.length} were due`);
  });
  await store.close();
  const worst = Object.entries(holds).map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`);
  return findings.end(
    `${hostile.length} files of up to 1 TB refused and kept, ${thousands(many)} in one shard; the main thread was held at most: ${worst.join(', ')}`,
  );
}

/** Sizes and headers that would take all memory if they were believed. */
function plantHostile(directory, record) {
  const header = (bytes) => {
    const claimed = Buffer.from(record);
    claimed.writeUInt32BE(bytes, HEADER_LENGTH_AT);
    return claimed;
  };
  const plants = [
    (path) => sparse(path, 3 * GIB, Buffer.alloc(0)),
    (path) => sparse(path, 3 * GIB, header(3 * GIB)),
    (path) => sparse(path, 1024 * GIB, record),
    (path) => sparse(path, 60 * 2 ** 20, header(60 * 2 ** 20)),
    (path) => writeFileSync(path, header(0xffff_ffff), { mode: 0o600 }),
    (path) => mkdirSync(path),
    (path) => symlinkSync('/dev/zero', path),
  ];
  return plants.map((plant) => {
    const id = newId();
    plant(pathOf(directory, `${id}.0`));
    return id;
  });
}

/** Takes no space, however long it is. */
function sparse(path, bytes, start) {
  writeFileSync(path, start, { mode: 0o600 });
  const file = openSync(path, 'r+');
  ftruncateSync(file, bytes);
  closeSync(file);
}

/** One file under many names, all of them another suspension's. */
function plantMany(directory, record, count) {
  const shard = join(directory, FORMAT_FOLDER, '41');
  const source = join(shard, 'source');
  let planted = 0;
  for (let i = 0; i < count; i++) {
    // A file can have only so many names.
    if (i % 10_000 === 0) {
      if (i > 0) unlinkSync(source);
      writeFileSync(source, record, { mode: 0o600 });
    }
    linkSync(source, join(shard, `A${String(i).padStart(21, '0')}.1.0`));
    planted++;
  }
  unlinkSync(source);
  return planted;
}

async function listAll(store) {
  const seen = { listed: new Set(), unreadable: new Set() };
  let after;
  do {
    const page = await store.list({ limit: PAGE, after });
    for (const { id } of page.suspensions) seen.listed.add(id);
    for (const id of page.unreadable) seen.unreadable.add(id);
    after = page.next;
  } while (after !== undefined);
  return seen;
}
