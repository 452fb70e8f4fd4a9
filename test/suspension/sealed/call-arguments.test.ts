import { describe, expect, it } from 'vitest';
import { packMessage } from '#src/codec/message-pack.js';
import { readMessage } from '#src/codec/message-reader.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import type { SuspendedRun } from '#src/execution/suspended-run.js';
import type { ExtensionCall } from '#src/index.js';
import { compress } from '#src/support/compression.js';
import { openEnvelope, sealEnvelope } from '#src/suspension/sealed/envelope.js';
import { envelopeKeys } from '#src/suspension/sealed/envelope-keys.js';
import { openRun, pendingCallsOf, sealRun } from '#src/suspension/sealed/run-envelope.js';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA.1';
const BOUNDS = { abi: 1, engine: 'engine', memoryLimitBytes: 1e6 };
const keys = envelopeKeys([], async () => Buffer.alloc(32, 7));

function runOf(calls: readonly ExtensionCall[]): SuspendedRun {
  return {
    engine: BOUNDS.engine,
    abi: BOUNDS.abi,
    imageHash: 'ab'.repeat(32),
    features: 0,
    snapshot: Buffer.from('the memory of a handler'),
    handler: { key: 'k', filename: 'handler.js', source: 'return 1' },
    capabilities: [],
    limits: resolveRuntimeConfig().limits,
    usage: { maxHostCalls: 0, maxStateMutations: 0, maxEvents: 0, maxViewCommands: 0, maxLogBytes: 0 },
    suspendedAtMs: 0,
    calls: calls.map(({ callId, extensionName, method }) => ({ callId, extensionName, method })),
    origin: {},
  };
}

async function seal(calls: readonly ExtensionCall[]): Promise<Uint8Array> {
  const envelope = await sealRun(ID, { run: runOf(calls), calls }, await keys);
  if ('maxCalls' in envelope) throw new Error('too many calls');
  return envelope;
}

/** What was sealed, with another header and payload. */
async function edit(envelope: Uint8Array, change: (header: Record<string, unknown>) => void, payload?: Uint8Array) {
  const opened = await openEnvelope(ID, envelope, await keys);
  const header = readMessage(packMessage(opened.header), 1e6, 1e5) as Record<string, unknown>;
  change(header);
  return sealEnvelope(ID, header, payload ? await compress(payload) : opened.payload, await keys);
}

const CALLS: readonly ExtensionCall[] = [
  { callId: 'c1', extensionName: 'http', method: 'get', args: ['/a', { when: new Date(5), n: 1n }, undefined] },
  { callId: 'c4', extensionName: 'db', method: 'put', args: [new Uint8Array([1, 2, 3]), 'x'.repeat(5_000), null] },
  { callId: 'c5', extensionName: 'db', method: 'none', args: [] },
];

describe('the arguments of the calls that a suspended handler waits for', () => {
  it('are sealed with it, and come out as they were', async () => {
    const run = await openRun(ID, await seal(CALLS), await keys, BOUNDS);
    expect(await pendingCallsOf(ID, run)).toEqual(CALLS);
    expect(Buffer.from(run.snapshot).toString()).toBe('the memory of a handler');
  });

  it('are none where it waits for no call', async () => {
    const run = await openRun(ID, await seal([]), await keys, BOUNDS);
    expect(run.callArguments).toBeUndefined();
    expect(await pendingCallsOf(ID, run)).toEqual([]);
  });

  it('are absent from what was sealed before they were: it opens, and its calls are refused', async () => {
    const old = await edit(await seal(CALLS), (header) => delete header['argumentBytes'], Buffer.from('memory'));
    const run = await openRun(ID, old, await keys, BOUNDS);
    expect(Buffer.from(run.snapshot).toString()).toBe('memory');
    await expect(pendingCallsOf(ID, run)).rejects.toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE' });
  });

  it.each([
    ['longer than the rest', 1e6],
    ['longer than anything', 1e15],
    ['no length', -1],
  ])('that are %s are refused', async (_title, argumentBytes) => {
    const edited = await edit(await seal(CALLS), (header) => Object.assign(header, { argumentBytes }));
    await expect(openRun(ID, edited, await keys, BOUNDS)).rejects.toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE' });
  });

  it('that are of another number of calls, or no document, are refused', async () => {
    const fewer = await edit(await seal(CALLS), (header) =>
      Object.assign(header, { calls: runOf(CALLS.slice(1)).calls }),
    );
    const cut = await edit(await seal(CALLS), (header) => Object.assign(header, { argumentBytes: 10 }));
    for (const envelope of [fewer, cut]) {
      const run = await openRun(ID, envelope, await keys, BOUNDS);
      await expect(pendingCallsOf(ID, run)).rejects.toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE' });
    }
  });
});
