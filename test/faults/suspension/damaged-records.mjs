import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecord } from '#build/suspension/file-store/record.js';
import { openEnvelope, sealEnvelope } from '#build/suspension/sealed/envelope.js';
import { envelopeKeys } from '#build/suspension/sealed/envelope-keys.js';
import { Findings, thousands } from '../lib/findings.mjs';
import {
  FORMAT_FOLDER,
  makeOutcome,
  newId,
  newNonce,
  nextIdOf,
  openStore,
  pathOf,
  recordsBelow,
} from '../lib/suspensions.mjs';

export const title = 'damaged and edited suspensions';

const [NOW_MS, LAPSED_MS] = [1_000, 5_000];
const CLAIM = { owner: 'b', leaseUntilMs: LAPSED_MS + 1_000 };
const EXPIRES_AT_MS = 1_000_000;
const SECRET = Buffer.from('a secret of the campaign');
const HEADER = { engine: 'engine of the campaign', capabilities: ['state:read:own', 'ext:mail.send'], calls: ['c1'] };
const PAYLOAD = Buffer.from('the memory of a handler '.repeat(6));
/** Capabilities that an attacker might add, of the same length as the sealed ones. */
const EDITS = [
  ['state:read:own', 'state:read:all'],
  ['ext:mail.send', 'ext:bank.send'],
  // As MessagePack has it.
  ['\u00a2c1', '\u00a2c2'],
];

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const counts = { flips: 0, envelopeFlips: 0, edits: 0, problems: {} };
  for (const secrets of [[], [SECRET]]) {
    const directory = join(scratch, secrets.length > 0 ? 'encrypted' : 'authenticated');
    const store = openStore(directory);
    const keys = await envelopeKeys(secrets, () => store.key());
    const trial = { store, directory, keys, findings, counts, share: quick ? 0.02 : 1 };
    await flipEnvelope(trial);
    await editEnvelope(trial);
    await editThroughTheStore(trial);
    // Records are the same for both.
    if (secrets.length > 0) await flipRecords(trial);
    await store.close();
  }
  const problems = Object.entries(counts.problems).map(([problem, count]) => `${problem} ${thousands(count)}`);
  return findings.end(
    `${thousands(counts.flips)} bits flipped in records, ${thousands(counts.envelopeFlips)} in envelopes, ` +
      `${counts.edits} edits: all refused with SUSPENSION_INCOMPATIBLE, and kept (${problems.join(', ')})`,
  );
}

function flip(bytes, bit) {
  const flipped = Buffer.from(bytes);
  flipped[bit >> 3] ^= 1 << (bit & 7);
  return flipped;
}

function isIncompatible(error, counts) {
  const { problem } = error.context ?? {};
  counts.problems[problem] = (counts.problems[problem] ?? 0) + 1;
  return error.code === 'SUSPENSION_INCOMPATIBLE' && problem !== undefined;
}

async function refuses(envelope, id, what, { keys, findings, counts }) {
  try {
    await openEnvelope(id, envelope, keys);
    findings.check(false, `${what}: opened`);
  } catch (error) {
    findings.check(isIncompatible(error, counts), `${what}: ${error.code}: ${error.message}`);
  }
}

/** Every bit, whatever the hurry. */
async function flipEnvelope(trial) {
  const id = newId();
  const envelope = await sealEnvelope(id, HEADER, PAYLOAD, trial.keys);
  for (let bit = 0; bit < envelope.length * 8; bit++) {
    await refuses(flip(envelope, bit), id, 'an envelope with a bit flipped', trial);
    trial.counts.envelopeFlips++;
  }
}

async function editEnvelope(trial) {
  const [id, other] = [newId(), newId()];
  const envelope = Buffer.from(await sealEnvelope(id, HEADER, PAYLOAD, trial.keys));
  for (const [from, to] of EDITS) {
    const at = envelope.indexOf(from, 0, 'latin1');
    // There is nothing to find in one that is encrypted.
    if (trial.keys.seal === 'aes-256-gcm') trial.findings.check(at < 0, `${from} can be read`);
    if (at < 0) continue;
    const edited = Buffer.from(envelope);
    edited.write(to, at, 'latin1');
    await refuses(edited, id, `edited: ${from} to ${to}`, trial);
    trial.counts.edits++;
  }
  await refuses(envelope, other, 'under another id', trial);
  await refuses(envelope, nextIdOf(id), 'under the next generation’s id', trial);
  trial.counts.edits += 2;
}

/**
 * Anyone who can write to the directory can read its key and write records. With a secret, envelopes are
 * protected.
 */
async function editThroughTheStore(trial) {
  const { store, directory, keys, findings, counts } = trial;
  if (keys.seal !== 'aes-256-gcm') return;
  const id = newId();
  await store.put(await suspensionOf(id, keys));
  const other = newId();
  const key = await store.key();
  const forgedKeys = await envelopeKeys([], async () => key);
  const forgeries = {
    'another suspension’s envelope': await sealEnvelope(other, { ...HEADER, capabilities: ['*'] }, PAYLOAD, keys),
    'an envelope sealed with the store’s key': await sealEnvelope(
      id,
      { ...HEADER, capabilities: ['*'] },
      PAYLOAD,
      forgedKeys,
    ),
  };
  for (const [what, envelope] of Object.entries(forgeries)) {
    const { envelope: _, ...facts } = await suspensionOf(id, keys);
    writeFileSync(
      pathOf(directory, `${id}.0`),
      Buffer.concat(await encodeRecord({ beginning: { facts, envelope } }, key)),
    );
    const found = await store.read(id);
    findings.check(found !== undefined, `${what}: the record was not well made`);
    await refuses(found.envelope, id, what, trial);
    counts.edits++;
  }
}

async function suspensionOf(id, keys) {
  const envelope = await sealEnvelope(id, HEADER, PAYLOAD, keys);
  return { id, envelope, createdAtMs: 1, expiresAtMs: EXPIRES_AT_MS, info: { handlerName: 'a' } };
}

/** Suspensions in each state, and bits of each of their files. */
async function flipRecords(trial) {
  const { store, keys } = trial;
  const [waiting, leased, run] = [newId(), newId(), newId()];
  for (const id of [waiting, leased, run]) await store.put(await suspensionOf(id, keys));
  const lease = { owner: 'a', leaseUntilMs: 2_000 };
  await store.claim(leased, lease, NOW_MS);
  const { fence } = await store.claim(run, lease, NOW_MS);
  const next = await suspensionOf(nextIdOf(run), keys);
  await store.settle(run, fence, makeOutcome(run, 'continued', newNonce(), NOW_MS), next);

  await flipFile(trial, `${waiting}.0`, [waiting]);
  await flipFile(trial, `${leased}.0`, [leased]);
  await flipFile(trial, `${leased}.1`, [leased]);
  // The end of one record and the start of the next are in the same file.
  await flipFile(trial, `${run}.2`, [run, next.id]);
  await flipFile(trial, `${next.id}.0`, [run, next.id]);
  await flipKey(trial, [waiting, leased, run, next.id]);
}

/** @param ids ids in the file: each is read correctly or refused, and at least one is not read */
async function flipFile(trial, name, ids) {
  const { store, directory, findings, counts, share } = trial;
  const path = pathOf(directory, name);
  const original = readFileSync(path);
  const before = recordsBelow(directory).sort().join();
  const expected = await Promise.all(ids.map(async (id) => JSON.stringify(await store.read(id))));
  for (let bit = 0; bit < original.length * 8; bit++) {
    if (randomInt(1_000_000) >= share * 1_000_000) continue;
    writeFileSync(path, flip(original, bit));
    counts.flips++;
    let refused = 0;
    for (const [index, id] of ids.entries()) {
      if (!(await isRefused(trial, name, 'read', () => store.read(id), expected[index]))) continue;
      refused++;
      const isClaimRefused = await isRefused(trial, name, 'claim', () => store.claim(id, CLAIM, LAPSED_MS));
      findings.check(isClaimRefused, `${name}: cannot be read, and can be claimed`);
    }
    findings.check(refused > 0, `${name}: bit ${bit} of ${original.length * 8} goes unnoticed`);
  }
  writeFileSync(path, original);
  findings.check(recordsBelow(directory).sort().join() === before, `${name}: files have come or gone`);
  const after = await Promise.all(ids.map(async (id) => JSON.stringify(await store.read(id))));
  findings.check(after.join() === expected.join(), `${name}: with its bits back, it reads differently`);
}

async function flipKey({ store, directory, findings, counts }, ids) {
  await store.close();
  const path = join(directory, FORMAT_FOLDER, 'key');
  const original = readFileSync(path);
  for (let bit = 0; bit < original.length * 8; bit += 7) {
    writeFileSync(path, flip(original, bit));
    const other = openStore(directory);
    for (const id of ids) {
      findings.check(
        await isRefused({ findings, counts }, 'key', 'read', () => other.read(id)),
        'read with another key',
      );
    }
    counts.flips++;
    await other.close();
  }
  writeFileSync(path, original);
  const healed = openStore(directory);
  for (const id of ids) findings.check((await healed.read(id)) !== undefined, 'key: with its bits back, still refused');
  await healed.close();
}

/** @param expected an answer that is right, if there is one */
async function isRefused({ findings, counts }, name, operation, attempt, expected) {
  const kind = name.replace(/^.*\./, 'record ');
  try {
    const answer = JSON.stringify(await attempt());
    findings.check(answer === expected, `${kind}: ${operation} answers ${answer?.slice(0, 60)}`);
    return false;
  } catch (error) {
    findings.check(isIncompatible(error, counts), `${kind}: ${operation} rejects with ${error.code}: ${error.message}`);
    return true;
  }
}
