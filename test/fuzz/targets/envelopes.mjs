// Envelopes of suspended handlers that a store gives back edited: with a wrong seal, and with a right one.

import { pack } from 'msgpackr/pack';
import { unpackMessage } from '#build/codec/message-pack.js';
import { compress, decompress } from '#build/support/compression.js';
import { MemoryStore } from '#build/suspension/memory-store/memory-store.js';
import { openEnvelope, sealEnvelope } from '#build/suspension/sealed/envelope.js';
import { envelopeKeys } from '#build/suspension/sealed/envelope-keys.js';

import { mutateBytes } from '../lib/mutate.mjs';
import { Neighbour } from '../lib/neighbour.mjs';
import { ATTACK, openRuntime } from '../lib/runtime.mjs';
import { randomValue } from '../lib/values.mjs';

/** Larger than any VM. Made once: it takes the thread that the case is measured in. */
const BOMB = compress(new Uint8Array(64 * 2 ** 20));

export const cases = 60_000;
export const short = 30;

const MAX_SNAPSHOT_BYTES = 64 * 2 ** 20;
const BEGIN_MS = 10_000;

const HANDLERS = [
  'const a = await $ext.http.get("/a"); $emit("e", a); return { a, n: $args.n }',
  'const all = []; for (let i = 0; i < 3; i++) all.push(await $ext.http.get(i)); return all',
];
const CONTEXT = { args: { n: 1 }, capabilities: ['ext:*', 'events:emit:e'] };
const HEADER_FIELDS = [
  'engine',
  'abi',
  'imageHash',
  'features',
  'handler',
  'capabilities',
  'limits',
  'usage',
  'trace',
  'suspendedAtMs',
  'calls',
  'origin',
];

/** A store of an attacker who knows its key: claimed envelopes were edited. */
class EditingStore extends MemoryStore {
  edit = async (_id, envelope) => envelope;

  async claim(id, ...rest) {
    const answer = await super.claim(id, ...rest);
    return answer.kind === 'claimed' ? { ...answer, envelope: await this.edit(id, answer.envelope) } : answer;
  }
}

/** A case: `{ handler, edit, random }`. The edited data is created when the case runs, from its own random numbers. */
export function generate(random) {
  const edit = random.weighted([
    [3, 'bytes'],
    [3, 'header'],
    [2, 'packed header'],
    [4, 'snapshot'],
    [1, 'payload'],
    [0.2, 'bomb'],
    [0.5, 'nothing'],
  ]);
  return { handler: random.below(HANDLERS.length), edit, random };
}

export async function open() {
  const store = new EditingStore();
  const runtime = await openRuntime({ suspensionStore: store });
  const keys = await envelopeKeys([], () => store.key());
  return { store, runtime, keys, neighbour: await Neighbour.settle(runtime) };
}

export function close({ runtime }) {
  return runtime.shutdown({ drainTimeoutMs: 1_000 });
}

export async function run({ handler, edit, random }, { store, runtime, keys, neighbour }) {
  // The same chance when it runs again.
  const chance = random.clone();
  // What is attacked is what comes after: this has the time that a busy machine needs.
  const begun = await runtime.executeHandler(HANDLERS[handler], CONTEXT, { ...ATTACK, timeoutMs: BEGIN_MS });
  if (begun.suspension === undefined) return { kind: 'not suspended', message: JSON.stringify(begun.error) };
  store.edit = (id, envelope) => edited(chance, edit, id, envelope, keys);
  const resume = () =>
    runtime.resumeHandler(
      begun.suspension.suspensionId,
      { success: true, value: { x: [1] } },
      { timeoutMs: ATTACK.timeoutMs },
    );
  const finding = await neighbour.beside(runtime, resume);
  store.edit = async (_id, envelope) => envelope;
  await runtime.cancelSuspension(begun.suspension.suspensionId).catch(() => {});
  return finding;
}

async function edited(random, edit, id, envelope, keys) {
  if (edit === 'nothing') return envelope;
  if (edit === 'bytes') return mutateBytes(random, envelope);
  const { header, payload } = await openEnvelope(id, envelope, keys);
  switch (edit) {
    case 'header':
      return sealEnvelope(id, { ...header, [random.pick(HEADER_FIELDS)]: randomValue(random, 3, true) }, payload, keys);
    case 'packed header':
      return sealEnvelope(id, damagedHeader(random, header), payload, keys);
    case 'payload':
      return sealEnvelope(id, header, mutateBytes(random, payload), keys);
    case 'bomb':
      return sealEnvelope(id, header, await BOMB, keys);
    default:
      return sealEnvelope(
        id,
        header,
        await compress(mutateBytes(random, await decompress(payload, MAX_SNAPSHOT_BYTES))),
        keys,
      );
  }
}

/** As far as it still decodes. */
function damagedHeader(random, header) {
  try {
    return unpackMessage(mutateBytes(random, pack(header)));
  } catch {
    return {};
  }
}

export function describe({ handler, edit }) {
  return `${edit} of the envelope of ${HANDLERS[handler]}`;
}
