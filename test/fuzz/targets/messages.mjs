// Messages between threads: damaged ones are refused, and intact ones arrive unchanged, through both paths of the mailbox.
import { isDeepStrictEqual } from 'node:util';

import { resolveRuntimeConfig } from '#build/config/resolve.js';
import { KnownToWorker, nothingKnown } from '#build/protocol/batch/known.js';
import { decodeBatch, decodeReplies, encodeBatch, encodeReplies } from '#build/protocol/batch-codec.js';
import { Mailbox } from '#build/protocol/mailbox.js';
import { mutateBytes } from '../lib/mutate.mjs';

export const cases = 200_000;
export const short = 500;

const { limits } = resolveRuntimeConfig({});
const block = new Uint8Array(new SharedArrayBuffer(4_096));
const areaAt = (start) => ({ id: start + 1, block: 3, start, bytes: block.subarray(start, start + 512) });
const TERMS = ['a', 'b'].map((key) => ({ key, imageHash: 'ab'.repeat(32), features: 2, limits }));
/** A run that goes on from a checkpoint: it goes in short form where the worker knows its terms. */
const resumed = (random, i) => {
  const terms = random.pick(TERMS);
  const common = {
    kind: 'resume',
    snapshot: new Uint8Array(0),
    instructionsBefore: i,
    answers: random.bytes(random.below(90)),
  };
  return {
    ...common,
    ...terms,
    terms,
    checkpoint: areaAt(0),
    area: areaAt(512),
    ...(random.chance(0.3) && { now: i }),
  };
};

function request(random, i) {
  const bytes = () => random.bytes(random.chance(0.95) ? random.below(200) : 16 * 1024 + random.below(100));
  const key = `k${random.below(3)}`;
  return random.weighted([
    [5, () => resumed(random, i)],
    [1, () => ({ kind: 'compile', source: `return ${i}`, filename: 'handler.js' })],
    [1, () => ({ kind: 'load', key, bytecode: bytes() })],
    [
      4,
      () => ({
        kind: 'execute',
        key,
        bytecode: bytes(),
        input: bytes(),
        encodedGrants: bytes(),
        limits,
        ...(random.chance(0.5) && { now: random.below(1e12), seed: i }),
      }),
    ],
    [
      2,
      () => ({
        kind: 'resume',
        key,
        snapshot: bytes(),
        imageHash: 'ab'.repeat(32),
        features: random.below(8),
        answers: bytes(),
        instructionsBefore: random.below(2 ** 31),
        limits,
      }),
    ],
  ])();
}

function reply(random) {
  if (random.chance(0.1)) return undefined;
  if (random.chance(0.2)) return { kind: 'failed', error: { code: 'INTERNAL_ERROR', message: 'm', context: {} } };
  const outcome = random.chance(0.9) ? random.bytes(random.below(random.chance(0.97) ? 400 : 90_000)) : undefined;
  return {
    kind: 'executed',
    outcome,
    failure: random.chance(0.2) ? { code: 'TIMEOUT', message: 'm', context: { limit: 'timeoutMs' } } : undefined,
    startedAtMs: random.fraction() * 1e12,
    durationUs: random.below(1e6),
    memoryUsedBytes: random.below(2 ** 31),
    memoryPeakBytes: random.below(2 ** 31),
    instructionCount: random.below(2 ** 31),
    heapExhausted: random.chance(0.5),
    retired: random.chance(0.2) ? ['grown'] : [],
    ...(random.chance(0.2) && { snapshot: random.bytes(300), imageHash: 'cd'.repeat(32), features: 1 }),
    ...(random.chance(0.3) && { checkpointBytes: 300, imageHash: TERMS[0].imageHash, features: TERMS[0].features }),
  };
}

/** A case: `{ way, sent, earlier, requests, message, isDamaged }`; `earlier` is what the worker got before. */
export function generate(random) {
  const isBatch = random.chance(0.5);
  const count = random.below(random.chance(0.9) ? 5 : 40);
  const sent = random.list(count, (i) => (isBatch ? request(random, i) : reply(random)));
  const told = new KnownToWorker();
  const earlier = random.chance(0.7) ? encodeBatch([resumed(random, 0), resumed(random, 1)], [], told) : undefined;
  const requests = isBatch ? sent : sent.map((_, i) => resumed(random, i));
  const message = isBatch ? encodeBatch(sent, [], told) : encodeReplies(sent, random.below(2 ** 31), requests);
  const common = { way: isBatch ? 'requests' : 'replies', sent, earlier, requests };
  if (random.chance(0.3)) return { ...common, message, isDamaged: false };
  const packed = mutateBytes(random, message.packed);
  return { ...common, message: { ...message, packed }, isDamaged: true };
}

export function open() {
  const { mailbox, farEnd } = Mailbox.create();
  return { near: mailbox, far: Mailbox.open(farEnd) };
}

export function close({ near, far }) {
  near.close();
  far.close();
}

export function run({ way, sent, earlier, requests, message, isDamaged }, { near, far }) {
  near.send({ packed: Uint8Array.from(message.packed), shared: message.shared });
  const arrived = far.receiveSync();
  if (Buffer.compare(arrived.packed, message.packed) !== 0)
    return { kind: 'mailbox', message: 'another message arrived' };
  const known = nothingKnown();
  if (earlier !== undefined) decodeBatch(earlier, known);
  let decoded;
  try {
    decoded = way === 'requests' ? decodeBatch(arrived, known) : decodeReplies(arrived, requests).replies;
  } catch (error) {
    if (!isDamaged) return { kind: 'refused', message: String(error) };
    return error instanceof Error ? undefined : { kind: 'threw', message: String(error), group: 'no error' };
  }
  if (isDamaged) return undefined;
  return isDeepStrictEqual(decoded.map(plain), sent.map(plain))
    ? undefined
    : { kind: 'changed', message: `${way} differ` };
}

/** Bytes as text: whose memory it is does not matter. */
function plain(value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  // What only the requesting thread has.
  const fields = Object.entries(value).filter(([key]) => key !== 'terms');
  return Object.fromEntries(fields.map(([key, item]) => [key, plain(item)]));
}

export function describe({ way, message }) {
  return `${way}: ${Buffer.from(message.packed.subarray(0, 200)).toString('hex')}`;
}
