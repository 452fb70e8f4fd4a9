import { describe, expect, it } from 'vitest';
import type { CapabilityToken } from '#src/api/capability.js';
import { Grants } from '#src/capabilities/grants.js';
import { ByteWriter } from '#src/codec/values/encoding/byte-writer.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { type ReadOutcome, readOutcome } from '#src/execution/result/outcome.js';

const { limits } = resolveRuntimeConfig({ maxEvents: 2, maxStateMutations: 2, maxLogBytes: 10, maxHostCalls: 5 });
const handler = {
  key: 'k',
  filename: 'handler.js',
  source: 'return 1',
  bytecode: new Uint8Array(new SharedArrayBuffer(0)),
};
const allowed: CapabilityToken[] = ['state:write:a', 'events:emit:e', 'view:update:v', 'ext:http.get'];

/** As the prelude writes it: an outcome begins with the marker. */
function encode(outcome: unknown): Uint8Array {
  const encoder = new ValueEncoder();
  return Array.isArray(outcome)
    ? encoder.encodeFields(outcome, ['outcome'], 1024 * 1024)
    : encoder.encode(outcome, 'outcome');
}

/** Reads an outcome that a guest wrote past the prelude. A small one is read at once. */
function read(outcome: unknown, bytes?: Uint8Array) {
  const executed = {
    kind: 'executed' as const,
    outcome: bytes ?? encode(outcome),
    failure: undefined,
    startedAtMs: 0,
    durationUs: 1,
    memoryUsedBytes: 0,
    memoryPeakBytes: 0,
    instructionCount: 0,
    heapExhausted: false,
    retired: [],
  };
  return readOutcome(executed, handler, { grants: Grants.parse(allowed), limits }) as ReadOutcome;
}

const honest = [1, 'value', [['set', 'a', 1]], [['e', null]], [['focus', 'v', []]], [['info', 'hi']], 4, [], [], []];
const forge = (index: number, value: unknown) => honest.map((field, i) => (i === index ? value : field));

describe('an outcome', () => {
  it('within rights and limits is passed on', () => {
    expect(read(honest)).toMatchObject({ status: 'success', returnValue: 'value', hostCalls: 4 });
  });

  it('with an omission has a text of the host for it', () => {
    const { logs } = read(
      forge(5, [
        ['info', '0123456789'],
        ['error', 'a text of the guest', 7],
      ]),
    );
    expect(logs).toEqual([
      { level: 'info', message: '0123456789' },
      { level: 'warn', message: 'The log reached maxLogBytes: 7 entries were cut or left out.', omitted: 7 },
    ]);
  });

  it.each([
    ['a mutation it may not make', forge(2, [['set', 'b', 1]]), 'PERMISSION_DENIED'],
    ['an event it may not emit', forge(3, [['f', 1]]), 'PERMISSION_DENIED'],
    ['a view command it may not give', forge(4, [['focus', 'w', []]]), 'PERMISSION_DENIED'],
    ['an extension call it may not make', forge(7, [['c1', 'http', 'post', []]]), 'PERMISSION_DENIED'],
    ['too many events', forge(3, [['e'], ['e'], ['e']]), 'RESOURCE_LIMIT'],
    ['too many mutations', forge(2, Array(3).fill(['set', 'a', 1])), 'RESOURCE_LIMIT'],
    ['too long a log', forge(5, [['info', 'x'.repeat(11)]]), 'RESOURCE_LIMIT'],
    [
      'an omission before the end of the log',
      forge(5, [
        ['warn', '', 2],
        ['info', 'x'],
      ]),
      'SERIALIZATION_ERROR',
    ],
    [
      'two omissions',
      forge(5, [
        ['warn', '', 2],
        ['warn', '', 2],
      ]),
      'SERIALIZATION_ERROR',
    ],
    ['an omission of no number', forge(5, [['warn', '', 'many']]), 'SERIALIZATION_ERROR'],
    ['an omission of nothing', forge(5, [['warn', '', 0]]), 'SERIALIZATION_ERROR'],
    [
      'too many effects together',
      [
        1,
        0,
        [
          ['set', 'a', 1],
          ['set', 'a', 1],
        ],
        [['e'], ['e']],
        [
          ['focus', 'v', []],
          ['focus', 'v', []],
        ],
        [],
        0,
        [],
      ],
      'RESOURCE_LIMIT',
    ],
    ['an operation that does not exist', forge(2, [['drop', 'a']]), 'SERIALIZATION_ERROR'],
    ['a key that is no string', forge(2, [['set', 5, 1]]), 'SERIALIZATION_ERROR'],
    ['a view type that does not exist', forge(4, [['explode', 'v', []]]), 'SERIALIZATION_ERROR'],
    ['a level that does not exist', forge(5, [['fatal', 'x']]), 'SERIALIZATION_ERROR'],
    [
      'two calls of one id',
      forge(7, [
        ['c1', 'http', 'get', []],
        ['c1', 'http', 'get', []],
      ]),
      'SERIALIZATION_ERROR',
    ],
    ['arguments that are no list', forge(7, [['c1', 'http', 'get', 'x']]), 'SERIALIZATION_ERROR'],
    ['effects that are no list', forge(3, { length: 1 }), 'SERIALIZATION_ERROR'],
    ['a status that does not exist', forge(0, 7), 'SERIALIZATION_ERROR'],
    ['no list at all', { status: 1 }, 'SERIALIZATION_ERROR'],
  ])('an outcome with %s fails as a whole and delivers nothing', (_title, outcome, code) => {
    const result = read(outcome);
    expect(result).toMatchObject({
      status: 'error',
      error: { code },
      stateMutations: [],
      events: [],
      viewCommands: [],
      logs: [],
    });
    expect(result.returnValue).toBeUndefined();
  });

  /** Version, no names, an array of eleven: the marker, and a status that is `bytes`. */
  const withStatus = (...bytes: number[]) => Buffer.from([5, 0, 9, 11, 8, 0, ...bytes]);

  it.each([
    ['boxes in boxes', withStatus(...Array(20_000).fill(18))],
    ['dates of dates', withStatus(...Array(100_000).fill(17))],
    ['views of views', withStatus(...Array.from({ length: 20_000 }, () => [14, 2, 0, 0]).flat())],
    [
      'an error whose fields are bytes',
      withStatus(9, 6, 19, 1, 5, 4, 7, 0, 7, 0, 7, 0, 15, 2, 255, 255, 255, 255, 15, 1, 2),
    ],
  ])('an outcome of %s is refused, and the host goes on', async (_title, bytes) => {
    expect(await read(undefined, bytes)).toMatchObject({ status: 'error', error: { code: 'SERIALIZATION_ERROR' } });
  });

  it('an outcome of many errors that share many fields is refused before it takes long', async () => {
    const writer = new ByteWriter();
    writer.u8(5);
    writer.unsigned(3_000);
    for (let i = 0; i < 3_000; i++) writer.string(`k${i}`);
    // The marker, a status, and a value: an object with 3,000 names, and 3,000 errors of which it is the fields.
    for (const byte of [9, 11, 8, 0, 5, 2, 9]) writer.u8(byte);
    writer.unsigned(3_001);
    writer.u8(8);
    writer.unsigned(3_000);
    for (let i = 0; i < 3_000; i++) {
      writer.unsigned((i + 1) * 2);
      writer.u8(1);
    }
    for (let i = 0; i < 3_000; i++) for (const byte of [9, 6, 19, 1, 5, 4, 7, 0, 7, 0, 7, 0, 19, 3]) writer.u8(byte);
    const bytes = Buffer.alloc(writer.length);
    writer.copyInto(bytes, 0);
    const { error } = await read(undefined, bytes);
    expect(error).toMatchObject({
      code: 'SERIALIZATION_ERROR',
      context: { path: expect.stringMatching(/^returnValue\[\d+\]$/) },
    });
    expect(error?.message).toContain('more than 2000000 values');
  });

  it('says where an object occurs so often that a walk over it would never end', async () => {
    let folded: unknown[] = [];
    for (let i = 0; i < 40; i++) folded = [folded, folded];
    for (const [index, path] of [
      [1, 'returnValue'],
      [3, 'events[0].payload'],
      [7, 'calls[0].args[0]'],
    ] as const) {
      const places: Record<number, unknown> = { 1: folded, 3: [['e', folded]], 7: [['c1', 'http', 'get', [folded]]] };
      const { error } = await read(forge(index, places[index]));
      expect(error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxResultPaths', value: 1_000_000 } });
      expect(String(error?.context?.['path'])).toContain(path);
    }
  });

  it('says of its error no more than the prelude does, and of host calls only what can be', () => {
    const context = { capability: 'x', 0: 'more', other: 'more' };
    const thrown = { name: 'X', message: 'm', stack: '', code: 'PERMISSION_DENIED', context };
    expect(read([2, thrown, [], [], [], [], 0, []]).error?.context).toEqual({
      capability: 'x',
      remedy: expect.stringContaining('"x"'),
    });
    for (const hostCalls of [Number.NaN, -1e300, 0.5, '7']) expect(read(forge(6, hostCalls)).hostCalls).toBe(0);
  });

  it('an outcome that does not decode is a SERIALIZATION_ERROR', () => {
    expect(read(undefined, Buffer.from('05ff', 'hex'))).toMatchObject({
      status: 'error',
      error: { code: 'SERIALIZATION_ERROR' },
    });
  });

  it('cannot give itself a code of the host', () => {
    const outcome = [2, { name: 'X', message: 'm', stack: '', code: 'TIMEOUT' }, [], [], [], [], 0, []];
    expect(read(outcome).error?.code).toBe('EXECUTION_ERROR');
  });
});
