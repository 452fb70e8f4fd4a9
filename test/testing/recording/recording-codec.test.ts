import { expect, it } from 'vitest';

import { resolveRuntimeConfig } from '#src/config/resolve.js';
import type { Recording } from '#src/testing/recording/recording.js';
import { decodeRecording, encodeRecording } from '#src/testing/recording/recording-codec.js';

const MIB = 1024 ** 2;
const LARGE = 24;

/** Of a handler that was given so many bytes and returned 1. */
function recordingOf(bytes: Uint8Array): Recording {
  return {
    recordedAtMs: 0,
    engine: 'engine',
    libraries: [],
    handler: { key: 'a'.repeat(64), filename: 'handler.js', source: 'return 1' },
    context: { args: bytes },
    limits: resolveRuntimeConfig().limits,
    seed: 1,
    segments: [{ nowMs: 0, answers: [] }],
    calls: [],
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
}

/** How often the event loop came round while something was done. */
async function turnsDuring<T>(run: () => Promise<T>): Promise<{ readonly value: T; readonly turns: number }> {
  let turns = 0;
  let isDone = false;
  const count = () => {
    if (isDone) return;
    turns++;
    setImmediate(count);
  };
  setImmediate(count);
  const value = await run();
  isDone = true;
  return { value, turns };
}

it('is copied, sealed and checked with turns of the event loop in between, however large it is', async () => {
  const given = Buffer.alloc(LARGE * MIB, 'bytes');
  const encoded = await turnsDuring(() => encodeRecording(recordingOf(given)));
  // One for each MiB, which is copied and hashed at once.
  expect(encoded.turns).toBeGreaterThanOrEqual(LARGE - 1);
  const bytes = encoded.value as Uint8Array;
  const decoded = await turnsDuring(() => decodeRecording(bytes, 'a.nxrec'));
  expect(decoded.turns).toBeGreaterThanOrEqual(LARGE - 1);
  expect(Buffer.compare(decoded.value.context.args as Uint8Array, given)).toBe(0);
  bytes[bytes.length >> 1] = 0;
  await expect(decodeRecording(bytes, 'a.nxrec')).rejects.toMatchObject({ context: { problem: 'digest' } });
});

it.each([
  8.7e15, -8.7e15,
])('a recording that says it was made at %d is refused: no Date holds that', async (recordedAtMs) => {
  const sealed = await encodeRecording({ ...recordingOf(Buffer.alloc(1)), recordedAtMs });
  await expect(decodeRecording(sealed as Uint8Array, 'a.nxrec')).rejects.toThrow(/recordedAtMs.*is not a time/);
});
