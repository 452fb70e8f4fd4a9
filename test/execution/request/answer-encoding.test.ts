import { describe, expect, it } from 'vitest';
import { decodeOwnFields } from '#src/codec/values/decoding/decode.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { encodeAnswers } from '#src/execution/request/answers.js';
import { NO_USAGE } from '#src/execution/usage.js';

const { limits } = resolveRuntimeConfig();
const encode = (value: unknown) => encodeAnswers([{ callId: 'c1', success: true, value }], NO_USAGE, limits);
const decode = (encoded: Uint8Array) => (decodeOwnFields(encoded)[0] as [string, boolean, unknown][])[0]?.[2];
/** Far more than is encoded in one slice. */
const records = (name: string) => Array.from({ length: 60_000 }, (_, i) => ({ name, i, tags: [i % 7] }));

describe('an answer', () => {
  it('an answer of few values is encoded at once', () => {
    const encoded = encode({ name: 'Ada', tags: ['a', 'b'] });
    expect(encoded).toBeInstanceOf(Uint8Array);
    expect(decode(encoded as Uint8Array)).toEqual({ name: 'Ada', tags: ['a', 'b'] });
  });

  it('an answer of many values is encoded in slices, and the event loop has its turns', async () => {
    const value = records('a');
    const encoding = encode(value);
    expect(encoding).toBeInstanceOf(Promise);
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const encoded = await encoding;
    isDone = true;
    expect(turns).toBeGreaterThan(1);
    expect(JSON.stringify(decode(encoded)) === JSON.stringify(value)).toBe(true);
  });

  it('is its own, however many are encoded at the same time', async () => {
    const names = ['a', 'b', 'c'];
    const large = names.map((name) => encode(records(name)));
    const small = names.map((name) => encode({ name }));
    expect(small.map((encoded) => decode(encoded as Uint8Array))).toEqual(names.map((name) => ({ name })));
    const decoded = (await Promise.all(large)).map((encoded) => JSON.stringify(decode(encoded)));
    expect(decoded.map((text, i) => text === JSON.stringify(records(names[i] as string)))).toEqual([true, true, true]);
  });

  it('an answer that changes meanwhile is written as it is when its turn comes', async () => {
    const value: { i: number; tags: unknown[] }[] = records('a');
    const encoding = encode(value);
    for (const record of value) record.tags = [];
    value.length = 1_000;
    const decoded = decode(await encoding) as unknown[];
    expect(decoded).toHaveLength(60_000);
    expect(decoded[0]).toEqual({ name: 'a', i: 0, tags: [0] });
    expect(decoded.at(-1)).toBeUndefined();
  });

  it.each([
    [
      'that holds a function',
      [...records('a'), { f() {} }],
      { code: 'SERIALIZATION_ERROR' },
      'answers[0].value[60000].f',
    ],
    [
      'that is too large',
      Array.from({ length: 600_000 }, () => ({})),
      { code: 'INVALID_ARGUMENT', context: { limit: 'maxContextBytes' } },
      'maxContextBytes',
    ],
  ])('%s, somewhere far behind, rejects', async (_name, value, error, text) => {
    const rejected = await Promise.resolve(encode(value)).catch((reason: unknown) => reason);
    expect(rejected).toMatchObject(error);
    expect((rejected as Error).message).toContain(text);
    // The next one is none the worse for it.
    expect(decode(encode([1]) as Uint8Array)).toEqual([1]);
  });
});
