import { describe, expect, it } from 'vitest';
import { type Prepared, valueOfPrepared } from '#src/api/context.js';
import { decodeOwnFields } from '#src/codec/values/decoding/decode.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { RecordKeys } from '#src/codec/values/record-keys.js';
import { PreparedPart, PreparedValues } from '#src/execution/prepared/prepared-values.js';
import { encodeFields, encodeSharedInSlices } from '#src/protocol/context-encoding.js';

const MIB = 1024 * 1024;
/** A time in the past: each step does as little as it can. */
const AT_ONCE = 0;
const bounds = { maxBytes: 256 * MIB };
/** Far more than is read or written in one slice. */
const rows = Array.from({ length: 60_000 }, (_, i) => ({ i, name: `n${i}`, tags: ['a', new Date(i), i / 3] }));

/** How many turns the event loop has until the promise is settled. */
async function turnsDuring(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await promise;
  isDone = true;
  return turns;
}

describe('a prepared state of which a call may read a part', () => {
  const readsOther = ['other', 'none'];

  it('is narrowed in turns of the event loop, once for all calls at the same time, and known from then on', async () => {
    const values = new PreparedValues(256 * MIB);
    const handle = await values.prepare({ rows, other: { a: [1] } });
    const narrowing = values.stateOf(handle, readsOther);
    const second = values.stateOf(handle, readsOther);
    expect([narrowing, second].every((each) => each instanceof Promise)).toBe(true);
    expect(await turnsDuring(narrowing as Promise<unknown>)).toBeGreaterThan(2);
    const known = values.stateOf(handle, readsOther);
    expect(known).toBeInstanceOf(PreparedPart);
    const parts = [await narrowing, await second, known] as PreparedPart[];
    expect(new Set(parts.map(({ content }) => content.document)).size).toBe(1);
    expect(decodeOwnFields((known as PreparedPart).content.document).slice(0, 1)).toEqual([{ other: { a: [1] } }]);
  });

  it('is passed as it is when all of it may be read', async () => {
    const values = new PreparedValues(256 * MIB);
    const handle = await values.prepare({ a: 1 });
    expect(values.stateOf(handle, true)).toBe(handle);
    expect(await values.stateOf(handle, ['a', 'b'])).toBe(handle);
  });

  it('keeps no part of a value that was disposed meanwhile', async () => {
    const values = new PreparedValues(256 * MIB);
    const handle = await values.prepare({ rows, other: 1 });
    const narrowing = values.stateOf(handle, readsOther);
    handle.dispose();
    expect(await narrowing).toBeInstanceOf(PreparedPart);
    expect(() => values.stateOf(handle, readsOther)).toThrow('was disposed');
    expect(values.bytes).toBe(0);
  });
});

describe('a value of many MB', () => {
  it.each([
    ['of many records', { rows }],
    ['of long strings', Array.from({ length: 6 }, (_, i) => `${'x'.repeat(MIB)}${i}`)],
  ])('%s, is prepared in turns of the event loop', async (_, value) => {
    const values = new PreparedValues(256 * MIB);
    let handle: Prepared | undefined;
    const turns = await turnsDuring(
      values.prepare(value).then((made) => {
        handle = made;
      }),
    );
    expect(turns).toBeGreaterThan(2);
    expect(valueOfPrepared(handle as Prepared)).toEqual(value);
  });
});

describe('the keys of a record', () => {
  it.each([
    ['none', {}],
    [
      'of all kinds of values',
      { a: 1, '': null, '7': [{ b: [[]] }], d: new Date(0), m: new Map([[{ x: 1 }, [2]]]), u: undefined },
    ],
    [
      'with bytes',
      { v: new Float64Array(3), b: new ArrayBuffer(9), s: 'é€😀', n: 2n ** 80n, r: /x/g, e: new Error('x') },
    ],
    ['that are large', { rows, other: rows }],
  ])('%s, are read in steps', (_, value) => {
    const reading = new RecordKeys(encodeFields([value], ['value'], bounds));
    let steps = 1;
    while (!reading.run(AT_ONCE)) steps++;
    expect(reading.keys).toEqual(Object.keys(value));
    if ('rows' in value) expect(steps).toBeGreaterThan(100);
  });
});

describe('a large document', () => {
  const text = 'x'.repeat(3 * MIB);
  const value = Array.from({ length: 6 }, (_, i) => ({
    [`key${i}`]: `${text}${i}`,
    bytes: new Uint8Array(1000).fill(i),
  }));

  it('is copied in steps of a MiB, and is what it is at once', () => {
    const whole = encodeFields([value], ['value'], bounds);
    const encoder = new ValueEncoder();
    encoder.beginFields([value], ['value'], bounds.maxBytes);
    while (!encoder.run(AT_ONCE));
    let steps = 1;
    const copy = () => encoder.finishInSlices((bytes) => new Uint8Array(bytes), AT_ONCE);
    let copied = copy();
    for (; copied === undefined; copied = copy()) steps++;
    expect(steps).toBeGreaterThan(10);
    expect(Buffer.compare(copied, whole)).toBe(0);
  });

  it('is in shared memory where it is wanted there, and the limit of bytes holds', async () => {
    const shared = await encodeSharedInSlices([value], ['value'], bounds);
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.compare(shared, encodeFields([value], ['value'], bounds))).toBe(0);
    await expect((async () => encodeSharedInSlices([value], ['value'], { maxBytes: MIB }))()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      context: { limit: 'maxContextBytes' },
    });
  });
});
