import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { KnownToWorker, nothingKnown } from '#src/protocol/batch/known.js';
import { isShortForm } from '#src/protocol/batch/short-form.js';
import { decodeBatch, decodeReplies, encodeBatch, encodeReplies } from '#src/protocol/batch-codec.js';
import type { CheckpointArea } from '#src/protocol/checkpoint.js';
import type { Message } from '#src/protocol/mailbox.js';
import type { ExecutionReply, Reply, Request, ResumeTerms } from '#src/protocol/messages.js';
import { toShared } from '#src/support/bytes/shared-bytes.js';

type Resume = Extract<Request, { kind: 'resume' }>;

const { limits } = resolveRuntimeConfig({});
const block = toShared(bytes(4_096, 9));

function bytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 31 + seed);
}

const areaAt = (start: number, length: number): CheckpointArea => ({
  id: start + 1,
  block: 4,
  start,
  bytes: block.subarray(start, start + length),
});

function termsOf(key: string, more: Partial<ResumeTerms> = {}): ResumeTerms {
  return { key, imageHash: 'ab'.repeat(32), features: 5, limits, ...more };
}

function resumeOf(terms: ResumeTerms, more: Partial<Resume> = {}): Resume {
  const common = {
    kind: 'resume',
    snapshot: new Uint8Array(0),
    answers: bytes(20),
    instructionsBefore: 12_345,
  } as const;
  return { ...common, ...terms, terms, checkpoint: areaAt(512, 77), ...more };
}

/** As the other thread gets it. */
function arrive({ packed, shared }: Message): Message {
  return { packed: Uint8Array.from(packed), shared };
}

/** A main thread and a worker, and what they have told each other. */
function pair() {
  const told = new KnownToWorker();
  const here = nothingKnown();
  const send = (requests: readonly Request[], area: CheckpointArea = areaAt(1_024, 512)) => {
    const message = encodeBatch(
      requests,
      requests.map(({ kind }) => (kind === 'resume' ? area : undefined)),
      told,
    );
    return { message, arrived: decodeBatch(arrive(message), here) };
  };
  return { send, here };
}

/** Bytes as text, so that whose memory it is does not matter; what only the requesting thread has is left out. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('latin1')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([key]) => key !== 'terms');
  return Object.fromEntries(fields.map(([key, item]) => [key, plain(item)]));
}

const withArea = (request: Resume, area = areaAt(1_024, 512)): Resume => ({ ...request, area });

describe('a run that goes on', () => {
  it('is told its terms once, and then crosses in few bytes', () => {
    const { send } = pair();
    const terms = termsOf('k', { tenant: 'acme', localeSettings: { locale: 'de-CH', timeZone: 'Europe/Zurich' } });
    const first = send([resumeOf(terms)]);
    const second = send([resumeOf(terms, { now: 1_760_000_000_000.5, answers: bytes(31, 4) })]);
    expect([first, second].map(({ message }) => isShortForm(message.packed))).toEqual([false, true]);
    expect(second.message.packed.length).toBeLessThan(200);
    expect(plain(first.arrived)).toStrictEqual([plain(withArea(resumeOf(terms)))]);
    expect(plain(second.arrived)).toStrictEqual([
      plain(withArea(resumeOf(terms, { now: 1_760_000_000_000.5, answers: bytes(31, 4) }))),
    ]);
  });

  it.each<[string, Partial<Resume>]>([
    ['a deadline', { deadline: { ms: 3, atMs: 4.5 } }],
    ['a log that is listened to', { logRing: toShared(bytes(64)) }],
    ['values that were left out', { leftOut: 'kept' }],
    ['values that come after all', { leftOut: { encoded: bytes(9), spentMs: 2 } }],
    ['another state', { renewal: bytes(12) }],
    ['large answers', { answers: bytes(20_000) }],
  ])('crosses whole with %s', (_what, more) => {
    const { send } = pair();
    const terms = termsOf('k');
    send([resumeOf(terms)]);
    const { message, arrived } = send([resumeOf(terms, more)]);
    expect(isShortForm(message.packed)).toBe(false);
    expect(plain(arrived)).toStrictEqual([plain(withArea(resumeOf(terms, more)))]);
  });

  it('keeps its place among others', () => {
    const { send } = pair();
    const terms = termsOf('k');
    send([resumeOf(terms)]);
    const requests = Array.from({ length: 20 }, (_, i): Request => {
      if (i % 3 === 1) return { kind: 'compile', source: `return ${i}`, filename: `${i}.js` };
      return i % 3 === 0 ? resumeOf(terms, { instructionsBefore: i }) : resumeOf(termsOf(`other ${i}`));
    });
    const { message, arrived } = send(requests);
    expect(isShortForm(message.packed)).toBe(true);
    expect(plain(arrived)).toStrictEqual(
      requests.map((request) => plain(request.kind === 'resume' ? withArea(request) : request)),
    );
  });

  it('is never taken for another one, however many there are', () => {
    const { send } = pair();
    const all = Array.from({ length: 700 }, (_, i) => termsOf(`k${i}`, { features: i }));
    for (let i = 0; i < all.length; i += 30) {
      // Some that are known by now, of which one loses its number to one that is new.
      const known = [...all.slice(Math.max(0, i - 240), Math.max(0, i - 238)), ...all.slice(Math.max(0, i - 2), i)];
      const some = [...known, ...all.slice(i, i + 30)].map((terms) => resumeOf(terms));
      const { arrived } = send(some);
      expect(plain(arrived)).toStrictEqual(some.map((request) => plain(withArea(request))));
    }
  });

  it('is refused by a worker that was not told', () => {
    const told = new KnownToWorker();
    const terms = termsOf('k');
    encodeBatch([resumeOf(terms)], [areaAt(0, 512)], told);
    const message = encodeBatch([resumeOf(terms)], [areaAt(0, 512)], told);
    expect(() => decodeBatch(arrive(message))).toThrow(RangeError);
  });

  it('is refused where its message is cut off', () => {
    const { send, here } = pair();
    const terms = termsOf('k');
    send([resumeOf(terms)]);
    const { packed } = send([resumeOf(terms), resumeOf(terms)]).message;
    for (let length = 1; length < packed.length; length++) {
      const cut = { packed: Uint8Array.from(packed.subarray(0, length)), shared: [] };
      expect(() => decodeBatch(cut, here)).toThrow(Error);
    }
  });
});

describe('a reply', () => {
  const executed: ExecutionReply = {
    kind: 'executed',
    outcome: bytes(40),
    failure: undefined,
    startedAtMs: 1_760_000_000_000.25,
    durationUs: 123.5,
    memoryUsedBytes: 1,
    memoryPeakBytes: 16 * 2 ** 20,
    instructionCount: 2 ** 33,
    heapExhausted: false,
    retired: [],
  };
  const request = resumeOf(termsOf('k'));
  const onItsImage = { imageHash: request.imageHash, features: request.features };
  const cross = (replies: readonly (Reply | undefined)[], requests: readonly Request[]) => {
    const message = encodeReplies(replies, 77, requests);
    return { message, ...decodeReplies(arrive(message), requests) };
  };

  it.each<[string, boolean, Reply]>([
    ['of a run that has ended', true, executed],
    ['without an outcome', true, { ...executed, outcome: undefined, heapExhausted: true }],
    ['of one that waits', true, { ...executed, ...onItsImage, checkpointBytes: 300_000 }],
    ['of one that waits, with a clock', true, { ...executed, ...onItsImage, checkpointBytes: 3, clockMs: 0.5 }],
    ['of one that waits on another image', false, { ...executed, imageHash: 'cd', features: 5, checkpointBytes: 3 }],
    ['of one that waits as a snapshot', false, { ...executed, ...onItsImage, snapshot: bytes(90) }],
    ['of one that lacks input', false, { ...executed, lacksInput: true }],
    ['of one that failed', false, { ...executed, failure: { code: 'TIMEOUT', message: 'm', context: {} } }],
    ['of a VM that was replaced', false, { ...executed, retired: ['grown'] }],
    ['that is large', false, { ...executed, outcome: bytes(20_000) }],
  ])('%s comes across', (_what, isShort, reply) => {
    const { message, replies, memoryBytes } = cross([reply], [request]);
    expect(isShortForm(message.packed)).toBe(isShort);
    expect([plain(replies), memoryBytes]).toStrictEqual([[plain(reply)], 77]);
  });

  it('keeps its place among others', () => {
    const replies: (Reply | undefined)[] = [
      undefined,
      executed,
      { kind: 'loaded' },
      { ...executed, ...onItsImage, checkpointBytes: 5 },
      { ...executed, lacksInput: true },
      executed,
      undefined,
    ];
    const arrived = cross(
      replies,
      replies.map(() => request),
    );
    expect(plain(arrived.replies)).toStrictEqual(plain(replies));
  });

  it('to something else than a run is refused if it says that it waits', () => {
    const message = encodeReplies([{ ...executed, ...onItsImage, checkpointBytes: 5 }], 0, [request]);
    const load: Request = { kind: 'load', key: 'k', bytecode: bytes(3) };
    expect(() => decodeReplies(arrive(message), [load])).toThrow(RangeError);
  });
});

describe('a damaged message', () => {
  it('is refused, or is another one', () => {
    const { send, here } = pair();
    const terms = termsOf('k');
    send([resumeOf(terms)]);
    const { packed } = send([resumeOf(terms), { kind: 'load', key: 'k', bytecode: bytes(9) }, resumeOf(terms)]).message;
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const damaged = Uint8Array.from(packed);
        damaged[at] = (damaged[at] as number) ^ bits;
        try {
          expect(decodeBatch({ packed: damaged, shared: [] }, here)).toBeInstanceOf(Array);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
