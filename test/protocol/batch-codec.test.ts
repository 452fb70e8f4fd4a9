import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packMessage, unpackMessage } from '#src/codec/message-pack.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { KnownToWorker, nothingKnown } from '#src/protocol/batch/known.js';
import { decodeBatch, decodeReplies, encodeBatch, encodeReplies } from '#src/protocol/batch-codec.js';
import type { Message } from '#src/protocol/mailbox.js';
import type { PackedContext, Reply, Request } from '#src/protocol/messages.js';
import { toShared } from '#src/support/bytes/shared-bytes.js';

type Of<K extends Request['kind']> = Extract<Request, { kind: K }>;
type ReplyOf<K extends Reply['kind']> = Extract<Reply, { kind: K }>;

const SHARED_FROM = 16 * 1024;
const { limits } = resolveRuntimeConfig({});
const bytecode = toShared(bytes(300));

function bytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 31 + seed);
}

/** As the other thread gets it: in bytes of its own, shared ones as they are. */
function arrive({ packed, shared }: Message): Message {
  return { packed: Uint8Array.from(packed), shared };
}

const crossRequests = (requests: readonly Request[]) => decodeBatch(arrive(encodeBatch(requests)));
const crossReplies = (replies: readonly (Reply | undefined)[]) =>
  decodeReplies(arrive(encodeReplies(replies, 7))).replies;

/** Bytes as text, so that whose memory it is does not matter; all else as it is, down to which fields there are. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('latin1')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

const encodedGrants = bytes(30, 3);
const execute: Of<'execute'> = { kind: 'execute', key: 'k', bytecode, input: bytes(40), encodedGrants, limits };
const resume: Of<'resume'> = {
  kind: 'resume',
  key: 'k',
  snapshot: bytes(900),
  imageHash: 'ab'.repeat(32),
  features: 5,
  answers: bytes(20),
  limits,
  instructionsBefore: 12_345,
};
const block = toShared(bytes(2_048, 9));
/** An area of one block. */
const areaAt = (start: number, length: number) => ({
  id: start + 1,
  block: 4,
  start,
  bytes: block.subarray(start, start + length),
});
const deadline = { ms: 250, atMs: 1_760_000_000_000.125 };

describe('a request', () => {
  it.each<[string, Request]>([
    ['to compile', { kind: 'compile', source: 'return "ä€😀"', filename: 'handler.js' }],
    ['to compile nothing', { kind: 'compile', source: '', filename: '' }],
    ['to load', { kind: 'load', key: 'k', bytecode }],
    ['to execute, with what it must have', execute],
    ['to execute, with all', { ...execute, now: 1_760_000_000_000, seed: 7, deadline, packed: { readable: true } }],
    ['to execute at 0 with seed 0', { ...execute, now: 0, seed: 0, deadline: { ms: 0, atMs: 0 } }],
    ['to execute before 1970', { ...execute, now: -1.5, seed: 2 ** 32 - 1 }],
    [
      'to execute with context that came packed',
      { ...execute, packed: { state: bytes(9), args: bytes(0), scope: bytes(1), readable: ['a', 'b*'] } },
    ],
    ['to execute with arguments that came packed', { ...execute, packed: { args: bytes(2), readable: [] } }],
    ['to execute with no input', { ...execute, input: bytes(0) }],
    ['to resume, with what it must have', resume],
    ['to resume, with all', { ...resume, now: 12, deadline }],
    ['to execute, with an area', { ...execute, area: areaAt(0, 512) }],
    ['to resume from a checkpoint, with an area', { ...resume, area: areaAt(512, 512), checkpoint: areaAt(0, 77) }],
    ['to resume at 0', { ...resume, now: 0, features: 0, deadline: { ms: 0, atMs: 0 } }],
  ])('%s comes across', (_what, request) => {
    expect(plain(crossRequests([request]))).toStrictEqual([plain(request)]);
  });

  it('brings each block of areas once, and names no other', () => {
    const told = new KnownToWorker();
    const request = { ...resume, checkpoint: areaAt(0, 100) };
    const first = encodeBatch([request], [areaAt(512, 512)], told);
    const second = encodeBatch([request], [areaAt(1_024, 512)], told);
    expect([first.shared.length, second.shared.length]).toEqual([1, 0]);
    const known = nothingKnown();
    for (const message of [first, second]) decodeBatch(arrive(message), known);
    const [decoded] = decodeBatch(arrive(second), known);
    expect(decoded).toMatchObject({ area: { id: 1_025, start: 1_024 }, checkpoint: { id: 1, start: 0 } });
    if (decoded?.kind !== 'resume') throw new Error('it is another request');
    // In the same memory: what is written there arrives.
    decoded.area?.bytes.fill(1);
    expect([...block.subarray(1_024, 1_026), decoded.checkpoint?.bytes.length]).toEqual([1, 1, 100]);
    expect(() => decodeBatch(arrive(second))).toThrow(RangeError);
  });

  it('keeps its place among others', () => {
    const requests = Array.from({ length: 32 }, (_, i): Request => {
      if (i % 3 === 0) return { kind: 'compile', source: `return ${i}`, filename: `${i}.js` };
      return i % 3 === 1 ? { ...execute, key: `k${i}`, seed: i } : { ...resume, key: `k${i}` };
    });
    expect(plain(crossRequests(requests))).toStrictEqual(plain(requests));
    expect(crossRequests([])).toEqual([]);
  });
});

describe('what requests share', () => {
  it('is in the message once', () => {
    const batch = (size: number) => encodeBatch(Array.from({ length: size }, () => execute)).packed.length;
    const perRequest = batch(2) - batch(1);
    expect(batch(1)).toBeGreaterThan(bytecode.length + execute.input.length);
    expect(perRequest).toBeLessThan(execute.input.length + 30);
    expect(batch(12) - batch(2)).toBe(10 * perRequest);
  });

  it('is one object on the other side as well', () => {
    const [first, second, third] = crossRequests([execute, { ...execute, key: 'other' }, resume]);
    if (first?.kind !== 'execute' || second?.kind !== 'execute' || third?.kind !== 'resume') throw new Error('lost');
    expect(first.limits === second.limits && second.limits === third.limits).toBe(true);
    expect(first.bytecode).toBe(second.bytecode);
  });

  it('is told apart from what it is not', () => {
    const other = { ...execute, bytecode: bytes(300, 9), limits: { ...limits, timeoutMs: 1, maxResultBytes: 2 } };
    const requests = [execute, other, execute, { ...other, bytecode }, { ...execute, limits: other.limits }];
    expect(plain(crossRequests(requests))).toStrictEqual(plain(requests));
  });

  it('is shared memory once when it is large', () => {
    const large = toShared(bytes(SHARED_FROM));
    const { shared } = encodeBatch([
      { ...execute, bytecode: large },
      { ...execute, bytecode: large, input: large },
      { kind: 'load', key: 'k', bytecode: large },
    ]);
    expect(shared.length).toBe(1);
    expect(shared[0]).toBe(large);
  });
});

describe('large bytes', () => {
  const large = () => bytes(SHARED_FROM + 1);
  const all = (): Request[] => [
    { ...execute, bytecode: large(), input: large() },
    { ...execute, packed: { state: large(), args: large(), scope: large(), readable: true } },
    { ...resume, snapshot: large(), answers: large() },
    { kind: 'load', key: 'k', bytecode: large() },
  ];

  it('are shared, and not in the message', () => {
    const requests = all();
    const message = encodeBatch(requests);
    expect(message.shared.length).toBe(8);
    expect(message.shared.every(({ buffer }) => buffer instanceof SharedArrayBuffer)).toBe(true);
    expect(message.packed.length).toBeLessThan(1_000);
    expect(plain(decodeBatch(arrive(message)))).toStrictEqual(plain(requests));
  });

  it('are those of 16 KiB and more', () => {
    const sharedOf = (length: number) => encodeBatch([{ ...execute, input: bytes(length) }]).shared.length;
    expect([sharedOf(SHARED_FROM - 1), sharedOf(SHARED_FROM)]).toEqual([0, 1]);
  });

  it('are the same memory when they were shared before', () => {
    const whole = toShared(bytes(3 * SHARED_FROM));
    const part = whole.subarray(SHARED_FROM - 5, 2 * SHARED_FROM);
    const message = encodeBatch([{ ...execute, bytecode: whole, input: part }]);
    expect(message.shared.every(({ buffer }) => buffer === whole.buffer)).toBe(true);
    const [request] = decodeBatch(arrive(message));
    if (request?.kind !== 'execute') throw new Error('lost');
    expect(request.bytecode).toBe(whole);
    expect(plain(request.input)).toBe(plain(part));
    whole[SHARED_FROM] = 99;
    expect(request.input[5]).toBe(99);
  });

  it('are copied when they were not: what changes later does not cross', () => {
    const input = large();
    const message = encodeBatch([{ ...execute, input }]);
    const before = plain(input);
    input.fill(0);
    const [request] = decodeBatch(arrive(message));
    expect(plain(request)).toMatchObject({ input: before });
  });
});

describe('small bytes', () => {
  it('are in the message, shared before or not', () => {
    const message = encodeBatch([{ ...execute, input: toShared(bytes(100)) }]);
    expect(message.shared).toEqual([]);
    expect(plain(decodeBatch(arrive(message)))).toStrictEqual([plain({ ...execute, input: bytes(100) })]);
  });

  it('small bytes of a message are bytes of its own, which nothing sent later changes', () => {
    const first = encodeBatch([execute]);
    const copy = Buffer.from(first.packed);
    encodeBatch([{ ...execute, input: bytes(1_000, 5) }]);
    expect(Buffer.compare(first.packed, copy)).toBe(0);
    expect(first.packed.buffer.byteLength).toBe(first.packed.length);
  });
});

describe('a message that names what is not in it', () => {
  const large = toShared(bytes(SHARED_FROM));
  type Packed = [limits: unknown[], encodedGrants: unknown[], bytecodes: unknown[], requests: unknown[][]];

  /** The message of one request, edited. */
  function edited(request: Request, edit: (packed: Packed, only: unknown[]) => void): Message {
    const { packed, shared } = encodeBatch([request]);
    const batch = unpackMessage(packed) as Packed;
    const [only] = batch[3];
    if (only === undefined) throw new Error('lost');
    edit(batch, only);
    return { packed: packMessage(batch), shared };
  }

  const set = (field: number, value: unknown) => (_packed: Packed, only: unknown[]) => {
    only[field] = value;
  };

  it.each([1, -1, 0.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY])('is refused: number %d', (number) => {
    const withLarge = { ...execute, bytecode: large };
    for (const message of [
      edited(execute, set(2, number)),
      edited(execute, set(4, number)),
      edited(execute, set(5, number)),
      edited(withLarge, set(3, number)),
      edited(withLarge, ([, , bytecodes]) => bytecodes.splice(0, 1, number)),
      edited({ ...withLarge, packed: { readable: true } }, set(9, [number, null, null, true])),
      edited({ ...resume, snapshot: large }, set(2, number)),
      edited({ ...resume, snapshot: large }, set(5, number)),
      edited(resume, set(6, number)),
      edited({ kind: 'load', key: 'k', bytecode }, set(2, number)),
    ]) {
      expect(() => decodeBatch(message)).toThrow(RangeError);
    }
  });

  it('is refused when shared bytes are missing', () => {
    const { packed } = encodeBatch([{ ...execute, bytecode: large }]);
    expect(() => decodeBatch({ packed, shared: [] })).toThrow(RangeError);
  });

  it('is none when nothing is edited', () => {
    expect(plain(decodeBatch(edited(execute, () => {})))).toStrictEqual([plain(execute)]);
  });
});

describe('a reply', () => {
  const executed: ReplyOf<'executed'> = {
    kind: 'executed',
    outcome: bytes(50),
    failure: undefined,
    startedAtMs: 1_760_000_000_000.375,
    durationUs: 12.25,
    memoryUsedBytes: 2 ** 31,
    memoryPeakBytes: 2 ** 33,
    instructionCount: 2 ** 40,
    heapExhausted: false,
    retired: [],
  };
  const failure = { code: 'TIMEOUT', message: 'It took too long.', context: { limit: 'timeoutMs', value: 1 } } as const;
  const compileError = {
    code: 'COMPILATION_ERROR',
    message: "expecting ';'",
    location: { line: 3, column: 7 },
  } as const;
  const wire = {
    code: 'INTERNAL_ERROR',
    message: 'm',
    context: { field: 'f' },
    stack: 's',
    cause: { code: 'INVALID_ARGUMENT', message: 'n', context: {}, cause: 'text' },
  } as const;

  it.each<[string, Reply | undefined]>([
    ['that there is none', undefined],
    ['of a compilation', { kind: 'compiled', outcome: { ok: true, bytecode: bytes(70_000) } }],
    [
      'of a compilation that failed',
      { kind: 'compiled', outcome: { ok: false, error: compileError, isTooDeep: true } },
    ],
    ['of loading', { kind: 'loaded' }],
    ['of an execution', executed],
    ['of an execution that is large', { ...executed, outcome: bytes(300_000) }],
    ['of an execution that failed', { ...executed, failure, retired: ['poisoned', 'out_of_memory'] }],
    ['of an execution without outcome', { ...executed, outcome: undefined, failure, heapExhausted: true }],
    ['of an execution with neither', { ...executed, outcome: undefined }],
    ['of an execution that waits', { ...executed, snapshot: bytes(700), imageHash: 'cd'.repeat(32), features: 3 }],
    ['of one that waits, without features', { ...executed, snapshot: bytes(0), imageHash: '', features: 0 }],
    ['of a fault', { kind: 'failed', error: wire }],
  ])('%s comes across', (_what, reply) => {
    expect(plain(crossReplies([reply]))).toStrictEqual([plain(reply)]);
  });

  it('brings each block of areas once, and names no other', () => {
    const told = new KnownToWorker();
    const request = { ...resume, checkpoint: areaAt(0, 100) };
    const first = encodeBatch([request], [areaAt(512, 512)], told);
    const second = encodeBatch([request], [areaAt(1_024, 512)], told);
    expect([first.shared.length, second.shared.length]).toEqual([1, 0]);
    const known = nothingKnown();
    for (const message of [first, second]) decodeBatch(arrive(message), known);
    const [decoded] = decodeBatch(arrive(second), known);
    expect(decoded).toMatchObject({ area: { id: 1_025, start: 1_024 }, checkpoint: { id: 1, start: 0 } });
    if (decoded?.kind !== 'resume') throw new Error('it is another request');
    // In the same memory: what is written there arrives.
    decoded.area?.bytes.fill(1);
    expect([...block.subarray(1_024, 1_026), decoded.checkpoint?.bytes.length]).toEqual([1, 1, 100]);
    expect(() => decodeBatch(arrive(second))).toThrow(RangeError);
  });

  it('keeps its place among others', () => {
    const replies = [
      undefined,
      executed,
      undefined,
      { kind: 'loaded' } as const,
      { ...executed, durationUs: 5 },
      undefined,
    ];
    expect(plain(crossReplies(replies))).toStrictEqual(plain(replies));
    expect(crossReplies([])).toEqual([]);
  });

  it('comes with the memory of the worker', () => {
    expect(decodeReplies(arrive(encodeReplies([], 32 * 2 ** 20)))).toEqual({ memoryBytes: 32 * 2 ** 20, replies: [] });
  });

  it('does not keep the whole message with its snapshot', () => {
    const waiting = { ...executed, outcome: bytes(5_000), snapshot: bytes(700), imageHash: 'h', features: 0 };
    const message = encodeReplies([waiting, { ...waiting, snapshot: bytes(900, 3) }], 0);
    for (const arrived of [message, arrive(message)]) {
      const snapshots = decodeReplies(arrived).replies.map((reply) =>
        reply?.kind === 'executed' ? reply.snapshot : undefined,
      );
      expect(snapshots.map((snapshot) => snapshot?.buffer.byteLength)).toEqual([700, 900]);
      expect(plain(snapshots)).toEqual(plain([bytes(700), bytes(900, 3)]));
    }
  });
});

const anyBytes = fc
  .record({
    length: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 300 }) }, fc.integer({ min: SHARED_FROM - 2, max: 20_000 })),
    seed: fc.nat({ max: 255 }),
    isShared: fc.boolean(),
  })
  .map(({ length, seed, isShared }) => (isShared ? toShared(bytes(length, seed)) : bytes(length, seed)));
const text = fc.string({ unit: 'binary' });
/** The sign of 0 is lost, which does not matter. */
const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true })).map((value) => value + 0);
const deadlines = fc.record({ ms: number, atMs: number });
const grants = fc.oneof(fc.constant<true>(true), fc.array(text));
const packedContexts: fc.Arbitrary<PackedContext> = fc.record(
  { state: anyBytes, args: anyBytes, scope: anyBytes, readable: grants },
  { requiredKeys: ['readable'] },
);
/** A few of each, of which requests have some in common. */
const someLimits = fc
  .array(number, { minLength: 3, maxLength: 3 })
  .map((values) =>
    values.map((value, i) => ({ ...limits, timeoutMs: value, memoryLimitBytes: i, maxResultBytes: -value + 0 })),
  );
const batches = fc
  .tuple(
    someLimits,
    fc.array(anyBytes, { minLength: 3, maxLength: 3 }),
    fc.array(anyBytes, { minLength: 2, maxLength: 2 }),
  )
  .chain(([ofLimits, ofBytecodes, ofGrants]) =>
    fc.array(
      fc.oneof<[fc.Arbitrary<Request>, fc.Arbitrary<Request>, fc.Arbitrary<Request>, fc.Arbitrary<Request>]>(
        fc.record({ kind: fc.constant('compile'), source: text, filename: text }),
        fc.record(
          {
            kind: fc.constant('execute'),
            key: text,
            bytecode: fc.constantFrom(...ofBytecodes),
            input: anyBytes,
            encodedGrants: fc.constantFrom(...ofGrants),
            limits: fc.constantFrom(...ofLimits),
            now: number,
            seed: number,
            deadline: deadlines,
            packed: packedContexts,
          },
          { requiredKeys: ['kind', 'key', 'bytecode', 'input', 'encodedGrants', 'limits'] },
        ),
        fc.record(
          {
            kind: fc.constant('resume'),
            key: text,
            snapshot: anyBytes,
            imageHash: text,
            features: fc.nat(),
            answers: anyBytes,
            limits: fc.constantFrom(...ofLimits),
            instructionsBefore: fc.nat(),
            now: number,
            deadline: deadlines,
          },
          {
            requiredKeys: [
              'kind',
              'key',
              'snapshot',
              'imageHash',
              'features',
              'answers',
              'limits',
              'instructionsBefore',
            ],
          },
        ),
        fc.record({ kind: fc.constant('load'), key: text, bytecode: fc.constantFrom(...ofBytecodes) }),
      ),
      { maxLength: 32 },
    ),
  );

const contexts = fc.dictionary(
  fc.stringMatching(/^[a-zA-Z]{1,12}$/),
  fc.oneof(text, number, fc.boolean(), fc.constant(null), fc.array(text)),
);
const measured = {
  kind: fc.constant<'executed'>('executed'),
  outcome: fc.option(anyBytes, { nil: undefined }),
  failure: fc.option(
    fc.record({ code: fc.constantFrom('TIMEOUT', 'EXECUTION_ERROR'), message: text, context: contexts }),
    { nil: undefined },
  ),
  startedAtMs: number,
  durationUs: number,
  memoryUsedBytes: number,
  memoryPeakBytes: number,
  instructionCount: number,
  heapExhausted: fc.boolean(),
  retired: fc.array(fc.constantFrom('poisoned', 'out_of_memory', 'grown', 'resized')),
};
const replies: fc.Arbitrary<Reply | undefined> = fc.oneof<fc.Arbitrary<Reply | undefined>[]>(
  fc.constant(undefined),
  fc.record({ kind: fc.constant('loaded') }),
  fc.record({
    kind: fc.constant('compiled'),
    outcome: fc.record({ ok: fc.constant<true>(true), bytecode: anyBytes }),
  }),
  fc.record({
    kind: fc.constant('failed'),
    error: fc.record(
      { code: fc.constant('INTERNAL_ERROR'), message: text, context: contexts, stack: text, cause: text },
      { requiredKeys: ['code', 'message', 'context'] },
    ),
  }),
  fc.record(measured),
  fc.record({ ...measured, snapshot: anyBytes, imageHash: text, features: fc.nat() }),
);

describe('any message', () => {
  it('any message of requests comes across, with each limit, right and bytecode in it once', () => {
    fc.assert(
      fc.property(batches, (requests) => {
        const message = encodeBatch(requests);
        expect(plain(decodeBatch(arrive(message)))).toStrictEqual(plain(requests));
        const [packedLimits, packedGrants, bytecodes] = unpackMessage(message.packed) as unknown[][];
        const distinct = (items: readonly unknown[]) => new Set(items).size;
        expect(packedLimits?.length).toBe(distinct(requests.flatMap((one) => ('limits' in one ? [one.limits] : []))));
        expect(packedGrants?.length).toBe(
          distinct(requests.flatMap((one) => ('encodedGrants' in one ? [one.encodedGrants] : []))),
        );
        expect(bytecodes?.length).toBe(distinct(requests.flatMap((one) => ('bytecode' in one ? [one.bytecode] : []))));
      }),
    );
  });

  it('any message of replies comes across', () => {
    fc.assert(
      fc.property(fc.array(replies, { maxLength: 32 }), (some) => {
        expect(plain(crossReplies(some))).toStrictEqual(plain(some));
      }),
    );
  });
});
