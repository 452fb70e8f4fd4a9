import { describe, expect, it } from 'vitest';

import { resolveRuntimeConfig } from '#src/config/resolve.js';
import type { NexusError } from '#src/errors/nexus-error.js';
import type { SuspendedRun } from '#src/execution/suspended-run.js';
import { ABI_VERSION } from '#src/guest/abi.js';
import { openEnvelope } from '#src/suspension/sealed/envelope.js';
import { envelopeKeys } from '#src/suspension/sealed/envelope-keys.js';
import { openRun, sealRun } from '#src/suspension/sealed/run-envelope.js';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA.1';
const ENGINE = 'engine-1';
const keys = envelopeKeys([], async () => Buffer.alloc(32, 7));

function runUnder(abi: number, engine = ENGINE): SuspendedRun {
  return {
    engine,
    abi,
    imageHash: 'ab'.repeat(32),
    features: 0,
    snapshot: Buffer.from('the memory of a handler'),
    handler: { key: 'k', filename: 'handler.js', source: 'return 1' },
    capabilities: [],
    limits: resolveRuntimeConfig().limits,
    usage: { maxHostCalls: 0, maxStateMutations: 0, maxEvents: 0, maxViewCommands: 0, maxLogBytes: 0 },
    suspendedAtMs: 0,
    calls: [{ callId: 'c1', extensionName: 'http', method: 'get' }],
    origin: {},
  };
}

/** Opens under one ABI what was sealed under another. */
async function open(
  sealedUnder: number,
  ownAbi: number,
  engine = ENGINE,
  others: readonly number[] = [],
): Promise<SuspendedRun> {
  const envelope = await sealRun(ID, { run: runUnder(sealedUnder, engine), calls: [] }, await keys);
  if ('maxCalls' in envelope) throw new Error('too many calls');
  return openRun(ID, envelope, await keys, { abis: [ownAbi, ...others], engine: ENGINE, memoryLimitBytes: 1e6 });
}

async function refusal(sealedUnder: number, ownAbi: number, engine = ENGINE): Promise<NexusError> {
  return open(sealedUnder, ownAbi, engine).then(
    () => Promise.reject(new Error('opened')),
    (error: NexusError) => error,
  );
}

describe('a suspended handler', () => {
  it('opens under the ABI with which it was suspended', async () => {
    for (const abi of [1, 2, 7]) expect((await open(abi, abi)).abi).toBe(abi);
  });

  it('opens under an older ABI that is spoken, and is refused under others, which are named', async () => {
    expect((await open(7, 8, ENGINE, [7])).abi).toBe(7);
    await expect(open(6, 8, ENGINE, [7])).rejects.toThrow(/older version of the library \(ABI 6, this speaks 7, 8\)/);
  });

  it('of a newer library is refused, and the message says to update this one', async () => {
    const error = await refusal(ABI_VERSION + 1, ABI_VERSION);
    expect(error).toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { problem: 'version', suspensionId: ID, expected: ABI_VERSION + 1, actual: ABI_VERSION },
    });
    expect(error.message).toMatch(/suspended by a newer version.*It is kept; update the library here/);
  });

  it('of an older library is refused, and the message says to resume it there', async () => {
    const error = await refusal(2, 3);
    expect(error).toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { problem: 'version', expected: 2, actual: 3 },
    });
    expect(error.message).toMatch(/suspended by an older version.*resume it with the version that suspended it/);
  });

  it('from before there were versions is of the first, and is the same bytes as ever', async () => {
    const envelope = await sealRun(ID, { run: runUnder(1), calls: [] }, await keys);
    const { header } = await openEnvelope(ID, envelope as Uint8Array, await keys);
    expect(header).not.toHaveProperty('abi');
    expect((await open(1, 1)).abi).toBe(1);
    expect((await refusal(1, 2)).message).toContain('an older version');
  });

  it('of the same ABI and another engine is refused for the engine, as ever', async () => {
    expect((await refusal(1, 1, 'engine-2')).message).toMatch(/suspended by engine engine-2, this is engine-1/);
  });
});
