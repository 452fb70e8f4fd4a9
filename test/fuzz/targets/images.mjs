// Base images that a store gives back edited: with a wrong seal, and with a right one, so that they are executed.
import { createHash } from 'node:crypto';

import { packMessage, unpackMessage } from '#build/codec/message-pack.js';
import { openImage, sealImage } from '#build/suspension/images/image-envelope.js';
import { MemoryStore } from '#build/suspension/memory-store.js';
import { openEnvelope, sealEnvelope } from '#build/suspension/sealed/envelope.js';
import { envelopeKeys } from '#build/suspension/sealed/envelope-keys.js';

import { mutateBytes } from '../lib/mutate.mjs';
import { Neighbour } from '../lib/neighbour.mjs';
import { ATTACK, openRuntime } from '../lib/runtime.mjs';
import { randomValue } from '../lib/values.mjs';

export const cases = 20_000;
export const short = 20;

const MAX_IMAGE_BYTES = 64 * 2 ** 20;
const BEGIN_MS = 10_000;
const CODE =
  'const a = await $ext.http.get("/a"); $emit("e", a); $state.n = [a, new URL("https://a.b/c").host]; return $state.n';
const CONTEXT = { args: { n: 1 }, capabilities: ['ext:*', 'events:emit:e', 'state:write:n'] };
const FIELDS = [
  'abi',
  'engine',
  'places',
  'roots',
  'features',
  'scripts',
  'baseFeatures',
  'hasLibraries',
  'data',
  'heap',
  'heapEnd',
];

/** A store of an attacker who knows its key: images were edited, and handlers are said to wait on them. */
class EditingStore extends MemoryStore {
  edit = undefined;
  image = undefined;

  async claim(id, ...rest) {
    const answer = await super.claim(id, ...rest);
    if (answer.kind !== 'claimed' || this.edit === undefined) return answer;
    return { ...answer, envelope: await this.edit(id, answer.envelope) };
  }

  get images() {
    const images = super.images;
    const get = async (id) => (id === this.image?.id ? this.image.content : images.get(id));
    return {
      get,
      put: (...all) => images.put(...all),
      list: () => images.list(),
      delete: (...all) => images.delete(...all),
    };
  }
}

/** Made once, before anything is measured, as are the images of the cases. */
const { packed, header } = await keptImage();

async function keptImage() {
  const store = new MemoryStore();
  const runtime = await openRuntime({ suspensionStore: store });
  await runtime.executeHandler(CODE, CONTEXT, { timeoutMs: BEGIN_MS });
  const { deployment } = runtime;
  const keys = await envelopeKeys([], () => store.key());
  const { inflate, ...opened } = await openImage(deployment, await store.images.get(deployment), keys);
  await runtime.shutdown();
  return { packed: await inflate(MAX_IMAGE_BYTES), header: opened.header };
}

/** A case: `{ edit, id, image, header, waits, damages }`. */
export function generate(random) {
  const edit = random.weighted([
    [2, 'sealed bytes'],
    [3, 'bytes'],
    [3, 'a field'],
    [4, 'roots'],
    [5, 'memory'],
    [3, 'scripts'],
    [1, 'header'],
    [0.5, 'nothing'],
  ]);
  const id = random
    .below(2 ** 31)
    .toString(36)
    .padStart(16, '0');
  const made = edited(random, edit);
  const image = made instanceof Uint8Array ? made : packMessage(made);
  const { engine, abi } =
    edit === 'header' ? { ...header, [random.pick(['engine', 'abi'])]: randomValue(random, 1, true) } : header;
  const damages = Array.from({ length: edit === 'sealed bytes' ? 1 + random.below(8) : 0 }, () =>
    random.below(2 ** 31),
  );
  return { edit, id, image, header: { engine, abi }, waits: waitsOn(image), damages };
}

/** What a handler says that waits on this image and none of its features, as far as the image has memory. */
function waitsOn(image) {
  const { data, heap, baseFeatures } = tryUnpack(image);
  if (!(data instanceof Uint8Array && heap instanceof Uint8Array)) return {};
  const lengths = new Uint32Array([data.length, heap.length]);
  const imageHash = createHash('sha256').update(lengths).update(data).update(heap).digest('hex');
  return { imageHash, ...(Number.isSafeInteger(baseFeatures) && baseFeatures >= 0 && { features: baseFeatures }) };
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

export async function run({ id, image, header, waits, damages }, { store, runtime, keys, neighbour }) {
  const sealed = await sealImage(id, header, image, keys);
  for (const at of damages) sealed[at % sealed.length] ^= 1 << (at % 8);
  store.image = { id, content: sealed };
  const begun = await runtime.executeHandler(CODE, CONTEXT, { ...ATTACK, timeoutMs: BEGIN_MS });
  if (begun.suspension === undefined) return { kind: 'not suspended', message: JSON.stringify(begun.error) };
  store.edit = async (suspensionId, envelope) => {
    const { header, payload } = await openEnvelope(suspensionId, envelope, keys);
    return sealEnvelope(suspensionId, { ...header, deployment: id, ...waits }, payload, keys);
  };
  const { suspensionId } = begun.suspension;
  const resume = () =>
    runtime.resumeHandler(suspensionId, { success: true, value: 1 }, { timeoutMs: ATTACK.timeoutMs });
  const finding = await neighbour.beside(runtime, resume);
  store.edit = undefined;
  await runtime.cancelSuspension(suspensionId).catch(() => {});
  return finding;
}

function tryUnpack(bytes) {
  try {
    return unpackMessage(bytes) ?? {};
  } catch {
    return {};
  }
}

function edited(random, edit) {
  const image = unpackMessage(packed);
  switch (edit) {
    case 'bytes':
      return mutateBytes(random, packed);
    case 'a field':
      return { ...image, [random.pick(FIELDS)]: randomValue(random, 3, true) };
    case 'roots': {
      const names = Object.keys(image.roots);
      const roots = { ...image.roots };
      for (let count = 1 + random.below(4); count > 0; count--) {
        roots[random.pick(names)] = random.pick([
          random.below(2 ** 22),
          image.heapEnd - 8,
          roots[random.pick(names)],
          8 * random.below(2 ** 16),
        ]);
      }
      return { ...image, roots };
    }
    case 'memory': {
      const part = random.pick(['heap', 'heap', 'heap', 'data']);
      const memory = Uint8Array.from(image[part]);
      for (let count = 1 + random.below(64); count > 0; count--)
        memory[random.below(memory.length)] = random.below(256);
      return { ...image, [part]: memory };
    }
    case 'scripts': {
      const scripts = [...image.scripts];
      const at = random.below(scripts.length);
      scripts[at] = mutateBytes(random, scripts[at], scripts);
      return { ...image, scripts };
    }
    default:
      return image;
  }
}

export function describe({ edit }) {
  return `${edit} of an image`;
}
