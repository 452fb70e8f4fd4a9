import { join } from 'node:path';

import { Findings, thousands } from '../lib/findings.mjs';
import { mountTmpfs } from '../lib/mounts.mjs';
import {
  makeOutcome,
  makeSuspension,
  newId,
  newNonce,
  nextIdOf,
  openStore,
  recordsBelow,
} from '../lib/suspensions.mjs';

export const title = 'a full disk';

const SPARE = 20;
const VOLUMES = { 'no bytes left': 'size=1m', 'no inodes left': 'size=16m,nr_inodes=400' };
/** Larger than a page, so that the disk is full in the middle of a write. */
const BYTES = 6_000;
const [NOW_MS, LEASE_MS, KEEP_MS] = [1_000, 1_000, 5_000];

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const counts = { volumes: 0, refused: 0, kept: 0 };
  for (const [name, options] of Object.entries(VOLUMES)) {
    const directory = join(scratch, name.replaceAll(' ', '-'));
    const problem = mountTmpfs(directory, options);
    if (problem !== undefined) return findings.end(`skipped: ${problem}`);
    await fillUp(name, directory, quick ? 20 : 200, findings, counts);
    counts.volumes++;
  }
  return findings.end(
    `${counts.volumes} volumes, ${thousands(counts.refused)} operations refused with INTERNAL_ERROR, ` +
      `${thousands(counts.kept)} suspensions acknowledged before that, all there; no temporary files left`,
  );
}

async function fillUp(name, directory, attempts, findings, counts) {
  const store = openStore(directory);
  const put = async (expiresAtMs) => {
    const [id, nonce] = [newId(), newNonce()];
    await store.put(makeSuspension(id, nonce, { bytes: BYTES, ...(expiresAtMs && { expiresAtMs }) }));
    return { id, nonce };
  };
  const settled = [];
  for (let i = 0; i < SPARE; i++) {
    const { id } = await put();
    await store.settle(id, undefined, makeOutcome(id, 'cancelled', newNonce(), NOW_MS, KEEP_MS));
    settled.push(id);
  }
  const claimed = await put();
  const { fence } = await store.claim(claimed.id, { owner: 'a', leaseUntilMs: NOW_MS + LEASE_MS }, NOW_MS);

  const kept = [];
  const refuse = async (what, attempt) => {
    try {
      kept.push(await attempt());
    } catch (error) {
      counts.refused++;
      const isTyped = error.code === 'INTERNAL_ERROR' && error.cause?.code === 'ENOSPC' && /full/.test(error.message);
      findings.check(isTyped, `${name}: ${what} rejects with ${error.code}: ${error.message}`);
      return true;
    }
    return false;
  };
  // Smaller ones may still fit where a larger one does not: full is when many have been refused.
  for (let refused = 0; refused < attempts; ) if (await refuse('put', () => put())) refused++;
  const next = makeSuspension(nextIdOf(claimed.id), newNonce(), { bytes: BYTES });
  const settle = () => store.settle(claimed.id, fence, makeOutcome(claimed.id, 'continued', newNonce(), NOW_MS), next);
  findings.check(await refuse('settle', settle), `${name}: settled on a full disk`);

  findings.check(
    recordsBelow(directory).every((file) => !file.endsWith('.tmp')),
    `${name}: temporary files left`,
  );
  for (const { id, nonce } of kept) {
    const found = await store.read(id);
    findings.check(found?.state === 'suspended' && found.info.nonce === nonce, `${name}: acknowledged and lost`);
  }
  counts.kept += kept.length;
  const { suspensions } = await store.list({ limit: 100_000 });
  const expected = kept.length + settled.length + 1;
  findings.check(suspensions.length === expected, `${name}: ${suspensions.length} listed instead of ${expected}`);
  findings.check((await store.read(claimed.id))?.state === 'resuming', `${name}: not resuming any more`);
  findings.check((await store.read(next.id)) === undefined, `${name}: continued without an acknowledgement`);

  // What was kept long enough makes room, on a disk with no room to write down anything.
  const { forgotten } = await store.sweep(KEEP_MS);
  findings.check(forgotten === settled.length, `${name}: ${forgotten} forgotten on a full disk`);
  const { kind } = await settle();
  findings.check(kind === 'recorded', `${name}: with room again, settle says ${kind}`);
  findings.check((await store.read(next.id))?.state === 'suspended', `${name}: the next generation is not there`);
  await put();
  await store.close();
}
