import { createHash, createHmac } from 'node:crypto';
import { pack, unpack } from 'msgpackr/pack';
import { createRuntime } from 'nexus-runtime';

import { rejection, success } from '../lib/outcomes.mjs';

export const title = 'artifacts';

const SOURCE = 'const f = (n) => n * 2; return f($args)';
const context = { args: 21 };
/** Magic, version, length of the header. */
const PREAMBLE_BYTES = 10;
const MAC_BYTES = 32;
/** Behind the content, the length of a source map. */
const MAP_LENGTH_BYTES = 4;
/** Bytecode that was changed and sealed again, where nothing but a hash seals. */
const FORGERIES = 150;

const REFUSED = rejection('INVALID_ARTIFACT', /Compile the handler again/, {
  context: ({ problem }) => typeof problem === 'string',
});

/** @param mutate an artifact in, many out: all must be refused */
function damaged(name, mutate, expect = REFUSED) {
  return { name, expect, ways: [(runtime) => executeAll(runtime, mutate)] };
}

/** The first that is not refused tells; when all are, the last refusal. */
async function executeAll(runtime, mutate) {
  const artifact = await runtime.precompileHandler(SOURCE);
  let refusal;
  for (const bytes of mutate(artifact)) {
    try {
      return await runtime.executeCompiledHandler(bytes, context);
    } catch (error) {
      if (error.code !== 'INVALID_ARTIFACT') throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function copyWith(artifact, change) {
  const copy = Uint8Array.from(artifact);
  change(copy);
  return copy;
}

function* everyBitFlipped(artifact) {
  for (let bit = 0; bit < artifact.length * 8; bit++) {
    yield copyWith(artifact, (copy) => {
      copy[bit >> 3] ^= 1 << (bit & 7);
    });
  }
}

function* everyTruncation(artifact) {
  for (let length = 0; length < artifact.length; length++) yield artifact.slice(0, length);
}

/** @param seal bytes of the container without its seal in, the seal out */
function resealed(artifact, seal, change = () => {}) {
  return copyWith(artifact, (copy) => {
    const body = copy.subarray(0, -MAC_BYTES);
    change(body);
    copy.set(seal(body), body.length);
  });
}

const plainHash = (body) => createHash('sha256').update(body).digest();
const hmacWith = (secret) => (body) => createHmac('sha256', secret).update(body).digest();
const OURS = hmacWith('a secret of the campaign');

/** The header changed, the rest kept, all of it sealed with our own secret. */
function withHeader(artifact, change) {
  const headerEnd = PREAMBLE_BYTES + Buffer.from(artifact).readUInt32BE(PREAMBLE_BYTES - 4);
  const header = pack(change(unpack(artifact.subarray(PREAMBLE_BYTES, headerEnd))));
  const preamble = Buffer.from(artifact.subarray(0, PREAMBLE_BYTES));
  preamble.writeUInt32BE(header.length, PREAMBLE_BYTES - 4);
  const body = Buffer.concat([preamble, header, artifact.subarray(headerEnd, -MAC_BYTES)]);
  return Buffer.concat([body, OURS(body)]);
}

const DAMAGED = [
  damaged('every bit flipped', everyBitFlipped),
  damaged('truncated at every byte', everyTruncation),
  damaged('with bytes after its end', (artifact) =>
    [1, 32, 4_096].map((extra) => Buffer.concat([artifact, Buffer.alloc(extra)])),
  ),
  damaged('with bytes before its start', (artifact) => [Buffer.concat([Buffer.alloc(1), artifact])]),
  damaged('twice', (artifact) => [Buffer.concat([artifact, artifact])]),
  damaged('nothing but its seal', (artifact) => [
    artifact.slice(-MAC_BYTES),
    Buffer.concat([artifact.slice(0, PREAMBLE_BYTES), artifact.slice(-MAC_BYTES)]),
  ]),
  damaged('zeros, ones and 64 MB of either', () => [
    new Uint8Array(100),
    new Uint8Array(100).fill(255),
    new Uint8Array(64e6),
    new Uint8Array(64e6).fill(255),
  ]),
  damaged('text', () => [Buffer.from(SOURCE), Buffer.from(SOURCE.repeat(100))]),
];

const FORGED = [
  damaged('sealed with a hash instead of our secret', (artifact) => [resealed(artifact, plainHash)]),
  damaged('sealed with another secret', (artifact) => [resealed(artifact, hmacWith('another secret'))]),
  damaged('sealed with an empty secret', (artifact) => [resealed(artifact, hmacWith(''))]),
  damaged('with bytecode changed and sealed with a hash', (artifact) => [
    resealed(artifact, plainHash, (body) => body.fill(0, -20)),
  ]),
  damaged('of another version', (artifact) => [resealed(artifact, OURS, (body) => body.set([0, 99], 4))]),
  damaged('with a header that is longer than all', (artifact) => [
    resealed(artifact, OURS, (body) => body.set([255, 255, 255, 255], PREAMBLE_BYTES - 4)),
  ]),
  damaged('with a header that does not decode', (artifact) => [
    resealed(artifact, OURS, (body) => body.fill(0xc1, PREAMBLE_BYTES, PREAMBLE_BYTES + 20)),
  ]),
  damaged('of another engine', (artifact) => [withHeader(artifact, (header) => ({ ...header, engine: 'another' }))]),
  damaged('that is no handler', (artifact) => [
    withHeader(artifact, (header) => ({ ...header, namespace: 'documents' })),
  ]),
  damaged('with fields of other types', (artifact) =>
    ['key', 'engine', 'namespace', 'filename', 'source', 'contentBytes'].map((field) =>
      withHeader(artifact, (header) => ({ ...header, [field]: { toString: 'x' } })),
    ),
  ),
  damaged('with a length that is wrong', (artifact) => [
    withHeader(artifact, (header) => ({ ...header, contentBytes: 0 })),
  ]),
  damaged('with a header that is no record', (artifact) =>
    [null, 1, 'text', []].map((header) => withHeader(artifact, () => header)),
  ),
];

const NO_BYTES = [
  null,
  undefined,
  'text',
  5,
  {},
  [],
  new ArrayBuffer(100),
  new DataView(new ArrayBuffer(100)),
  new Uint16Array(100),
].map((value) =>
  damaged(
    `no bytes: ${Object.prototype.toString.call(value)}`,
    () => [value],
    rejection('INVALID_ARGUMENT', /must be bytes/),
  ),
);

const RIGHT = [
  damaged('unchanged', (artifact) => [artifact], success(42)),
  damaged(
    'in the middle of a larger buffer',
    (artifact) => [Buffer.concat([Buffer.alloc(7), artifact, Buffer.alloc(9)]).subarray(7, 7 + artifact.length)],
    success(42),
  ),
  {
    name: 'changed as soon as it was handed over',
    expect: success(42),
    ways: [
      async (runtime) => {
        const artifact = Uint8Array.from(await runtime.precompileHandler(SOURCE));
        const result = runtime.executeCompiledHandler(artifact, context);
        artifact.fill(0);
        return result;
      },
    ],
  },
];

/** Repeatable: SplitMix32. */
function randomNumbers(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) % below;
  };
}

/**
 * Without a secret, anyone who supplies an artifact can run any bytecode. This controls the VM, but not the
 * host: every call ends with a result or a typed rejection, and the next handler is executed normally.
 */
async function executeForgeries() {
  const runtime = await createRuntime({ maxInstances: 1, cacheDir: false, metrics: false });
  try {
    const artifact = await runtime.precompileHandler(SOURCE);
    const random = randomNumbers(1);
    const headerEnd = PREAMBLE_BYTES + Buffer.from(artifact).readUInt32BE(PREAMBLE_BYTES - 4);
    const contentBytes = artifact.length - MAC_BYTES - MAP_LENGTH_BYTES - headerEnd;
    for (let i = 0; i < FORGERIES; i++) {
      const forged = resealed(artifact, plainHash, (body) => {
        for (let flips = random(3) + 1; flips > 0; flips--) body[headerEnd + random(contentBytes)] ^= 1 << random(8);
      });
      const { status } = await runtime.executeCompiledHandler(forged, context, 50);
      if (status !== 'success' && status !== 'error') throw new Error(`status ${status} of forgery ${i}`);
      const next = await runtime.executeHandler('return [$args, typeof leaked]', { args: i });
      if (next.returnValue?.[0] !== i || next.returnValue[1] !== 'undefined') return next;
    }
    return await runtime.executeCompiledHandler(artifact, context);
  } finally {
    await runtime.shutdown({ drainTimeoutMs: 1_000 });
  }
}

const OWNED = [
  {
    name: 'random changes to bytecode that nothing but a hash seals',
    expect: success(42),
    ownRuntime: true,
    ways: [executeForgeries],
  },
];

export const programs = [DAMAGED, FORGED, NO_BYTES, RIGHT, OWNED].flat();
