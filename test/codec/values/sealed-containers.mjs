// One of each kind of sealed container, made of the same every time.
import { sealArtifact } from '#src/cache/artifact.js';
import { sealInSlices } from '#src/cache/sliced-artifact.js';
import { encodeRecord } from '#src/suspension/file-store/record.js';
import { sealEnvelope } from '#src/suspension/sealed/envelope.js';
import { envelopeKeys } from '#src/suspension/sealed/envelope-keys.js';
import { encodeRecording } from '#src/testing/recording/recording-codec.js';

const MIB = 1024 * 1024;
export const SECRET = Buffer.from('the secret of all containers');
export const STORE_KEY = Buffer.alloc(32, 7);
export const ID = 'AAAAAAAAAAAAAAAAAAAAAA.1';

export const ARTIFACT_HEADER = {
  key: 'k'.repeat(64),
  namespace: 'handler',
  engine: 'engine-1',
  filename: 'handler.js',
  source: 'return "é€😀"',
};
export const LARGE_HEADER = { ...ARTIFACT_HEADER, source: 'return "é€😀"\n'.repeat(100_000) };
export const BYTECODE = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 0xff);
export const LARGE_BYTECODE = Uint8Array.from({ length: 2 * MIB + 5 }, (_, i) => (i * 7) & 0xff);

export const ENVELOPE_HEADER = { engine: 'e1', capabilities: ['state:read:a'], limits: { timeoutMs: 5_000 } };
export const PAYLOAD = Buffer.from('the memory of a tenant '.repeat(4));

const outcome = { state: 'continued', settledAtMs: 5, keepUntilMs: 6, content: Buffer.from('what came of it') };
export const RECORD = {
  transition: { id: ID, standing: { version: 2, expiresAtMs: 10_000, state: 'settled', outcome } },
  beginning: {
    facts: { id: ID.replace('.1', '.2'), createdAtMs: 1, expiresAtMs: 10_000, tenant: 't', info: { handlerName: 'h' } },
    envelope: PAYLOAD,
  },
};

/** Written out, as defaults may change. */
const LIMITS = {
  memoryLimitBytes: 33_554_432,
  stackSizeBytes: 524_288,
  timeoutMs: 5000,
  maxHostCalls: 10_000,
  maxStateMutations: 1000,
  maxEvents: 100,
  maxViewCommands: 1000,
  maxLogBytes: 65_536,
  maxContextBytes: 8_388_608,
  maxResultBytes: 8_388_608,
  maxResultPaths: 1_000_000,
};

export const RECORDING = {
  recordedAtMs: 1,
  engine: 'engine-1',
  libraries: ['lodash'],
  handler: { key: 'a'.repeat(64), filename: 'handler.js', source: 'return 1' },
  context: { handlerName: 'h', stateSnapshot: { n: 1 }, args: [1n, new Uint8Array([1, 2])], scope: { s: 'é€😀' } },
  limits: LIMITS,
  seed: 1,
  segments: [
    { nowMs: 0, answers: [] },
    { nowMs: 2, answers: [{ callId: 'c1', success: true, value: { b: [1] } }] },
  ],
  calls: [{ callId: 'c1', extensionName: 'http', method: 'get', args: ['/a'] }],
  outcome: {
    status: 'success',
    returnValue: 1,
    stateMutations: [],
    events: [],
    viewCommands: [],
    logs: [],
    metrics: {
      durationUs: 1,
      compilationTimeUs: 1,
      queueTimeUs: 1,
      memoryUsedBytes: 1,
      memoryPeakBytes: 1,
      hostCalls: 0,
      instructionCount: 1,
      cacheHit: false,
    },
  },
};

export const keysWith = (secrets) => envelopeKeys(secrets, async () => STORE_KEY);

/** Those that are the same bytes each time. */
export async function sealAll() {
  return {
    artifact: sealArtifact(ARTIFACT_HEADER, BYTECODE, SECRET),
    unsealedArtifact: sealArtifact(ARTIFACT_HEADER, BYTECODE, undefined),
    artifactInSlices: await sealInSlices(LARGE_HEADER, LARGE_BYTECODE, SECRET),
    authenticatedEnvelope: await sealEnvelope(ID, ENVELOPE_HEADER, PAYLOAD, await keysWith([])),
    record: Buffer.concat(await encodeRecord(RECORD, STORE_KEY)),
    recording: await encodeRecording(RECORDING),
  };
}

/** Encrypted under a nonce, which is another one each time. */
export async function sealEncrypted() {
  return sealEnvelope(ID, ENVELOPE_HEADER, PAYLOAD, await keysWith([SECRET]));
}
