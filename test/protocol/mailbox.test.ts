import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import { Mailbox, type MailboxEnd, type Message } from '#src/protocol/mailbox.js';
import { bundleSource } from '../support/sources/bundle-source.js';

const KIB = 1024;
/** What fits into shared memory. */
const AREA_BYTES = 64 * KIB;
/** Cut differently, it is different. */
const NOISE = Uint8Array.from({ length: 1024 * KIB }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 24);

const opened: Mailbox[] = [];

afterEach(() => {
  for (const mailbox of opened.splice(0)) mailbox.close();
});

function create(): { readonly near: Mailbox; readonly farEnd: MailboxEnd } {
  const { mailbox: near, farEnd } = Mailbox.create();
  opened.push(near);
  return { near, farEnd };
}

/** Both ends in this thread. */
function createBoth(): { readonly near: Mailbox; readonly far: Mailbox } {
  const { near, farEnd } = create();
  return { near, far: Mailbox.open(farEnd) };
}

function bytes(length: number, from = 0): Uint8Array {
  return NOISE.slice(from, from + length);
}

/** A message in bytes of its own: sending may take them away. */
function message(length: number, from = 0): Message {
  return { packed: bytes(length, from), shared: [] };
}

/** `expect` would look at every byte of large messages, one at a time. */
function isSame(message: Message, length: number, from = 0): boolean {
  return message.shared.length === 0 && Buffer.compare(message.packed, bytes(length, from)) === 0;
}

function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  const shared = new Uint8Array(new SharedArrayBuffer(length));
  shared.set(bytes(length));
  return shared;
}

describe('a message', () => {
  it('is received as it was sent, in both directions', async () => {
    const { near, far } = createBoth();
    near.send({ packed: Uint8Array.of(1, 2, 3), shared: [] });
    expect(far.receiveSync()).toEqual({ packed: Uint8Array.of(1, 2, 3), shared: [] });
    far.send({ packed: Uint8Array.of(4), shared: [] });
    expect(await near.receive()).toEqual({ packed: Uint8Array.of(4), shared: [] });
  });

  it('comes to who waits for it already', async () => {
    const { near, far } = createBoth();
    for (const length of [5, AREA_BYTES + 5, 6]) {
      const reply = near.receive();
      far.send(message(length));
      expect(isSame(await reply, length)).toBe(true);
    }
  });

  it.each([0, 1, 100, AREA_BYTES - 1, AREA_BYTES, AREA_BYTES + 1, 1024 * KIB])('may have %i bytes', async (length) => {
    const { near, far } = createBoth();
    near.send(message(length));
    expect(isSame(far.receiveSync(), length)).toBe(true);
    far.send(message(length));
    expect(isSame(await near.receive(), length)).toBe(true);
  });

  it('is received in bytes of its own, which the next one does not change', async () => {
    const { near, far } = createBoth();
    near.send(message(100, 0));
    const first = far.receiveSync();
    near.send(message(100, 500));
    const second = far.receiveSync();
    expect([isSame(first, 100, 0), isSame(second, 100, 500)]).toEqual([true, true]);
    expect(first.packed.buffer.byteLength).toBe(100);
    far.send(message(100, 0));
    const reply = await near.receive();
    far.send(message(100, 500));
    await near.receive();
    expect(isSame(reply, 100, 0)).toBe(true);
  });

  it('does not end up in the other direction', async () => {
    const { near, far } = createBoth();
    near.send(message(10, 0));
    far.send(message(20, 50));
    expect(isSame(await near.receive(), 20, 50)).toBe(true);
    expect(isSame(far.receiveSync(), 10, 0)).toBe(true);
  });

  it('does not end up in another mailbox', () => {
    const [one, other] = [createBoth(), createBoth()];
    one.near.send(message(10, 1));
    other.near.send(message(10, 2));
    expect(isSame(one.far.receiveSync(), 10, 1)).toBe(true);
    expect(isSame(other.far.receiveSync(), 10, 2)).toBe(true);
  });

  it('keeps its content among thousands, in turn', async () => {
    const { near, far } = createBoth();
    for (let i = 0; i < 5_000; i++) {
      const length = i % 100 === 0 ? AREA_BYTES + i : (i * 37) % 2_000;
      near.send(message(length, i));
      if (!isSame(far.receiveSync(), length, i)) throw new Error(`request ${i} is another`);
      far.send(message(length, i + 1));
      if (!isSame(await near.receive(), length, i + 1)) throw new Error(`reply ${i} is another`);
    }
  });
});

describe('a message with shared bytes', () => {
  it('brings the same memory, in both directions', async () => {
    const { near, far } = createBoth();
    const shared = [sharedBytes(100), sharedBytes(20 * KIB)];
    near.send({ packed: bytes(10), shared });
    const there = far.receiveSync();
    expect(there).toEqual({ packed: bytes(10), shared });
    far.send(there);
    const back = await near.receive();
    expect(back).toEqual({ packed: bytes(10), shared });
    for (const [i, item] of shared.entries()) {
      item[7] = 201 + i;
      expect([there.shared[i]?.[7], back.shared[i]?.[7]]).toEqual([201 + i, 201 + i]);
    }
  });

  it.each([0, AREA_BYTES, AREA_BYTES + 1])('may have %i bytes beside them', (length) => {
    const { near, far } = createBoth();
    const item = sharedBytes(5);
    near.send({ packed: bytes(length), shared: [item] });
    const { packed, shared } = far.receiveSync();
    expect(Buffer.compare(packed, bytes(length))).toBe(0);
    item[0] = 77;
    expect(shared.map((one) => one[0])).toEqual([77]);
  });

  it('brings a part of memory as that part', () => {
    const { near, far } = createBoth();
    const whole = sharedBytes(1_000);
    near.send({ packed: bytes(1), shared: [whole.subarray(300, 400)] });
    expect(far.receiveSync().shared).toEqual([whole.subarray(300, 400)]);
  });

  it('leaves none of them to the next message', async () => {
    const { near, far } = createBoth();
    near.send({ packed: bytes(1), shared: [sharedBytes(1)] });
    far.receiveSync();
    near.send(message(2));
    expect(isSame(far.receiveSync(), 2)).toBe(true);
    far.send({ packed: bytes(1), shared: [sharedBytes(1)] });
    await near.receive();
    far.send(message(2));
    expect(isSame(await near.receive(), 2)).toBe(true);
  });
});

describe('an announcement', () => {
  it('does not make a message appear', () => {
    const { near, far } = createBoth();
    near.prewake();
    near.send(message(3));
    expect(isSame(far.receiveSync(), 3)).toBe(true);
    for (let i = 0; i < 5; i++) near.prewake();
    near.send(message(4));
    expect(isSame(far.receiveSync(), 4)).toBe(true);
  });

  it('an announcement that comes late is no message, either', () => {
    const { near, far } = createBoth();
    near.send(message(3));
    near.prewake();
    expect(isSame(far.receiveSync(), 3)).toBe(true);
    near.prewake();
    near.send(message(AREA_BYTES + 1));
    expect(isSame(far.receiveSync(), AREA_BYTES + 1)).toBe(true);
  });

  it('does not reach the thread that made it', async () => {
    const { near, far } = createBoth();
    const reply = near.receive();
    near.prewake();
    near.send(message(3));
    far.receiveSync();
    far.send(message(4));
    expect(isSame(await reply, 4)).toBe(true);
  });
});

describe('closing', () => {
  it.each([
    ['before any message', []],
    ['after a short message', [10]],
    ['after a long message', [AREA_BYTES + 1]],
    ['after both', [AREA_BYTES + 1, 10]],
  ])('ends the wait for a message: %s', async (_when, lengths) => {
    const { near, far } = createBoth();
    for (const length of lengths) {
      far.send(message(length));
      await near.receive();
    }
    const pending = near.receive();
    near.close();
    await expect(pending).rejects.toThrow('closed');
    await expect(near.receive()).rejects.toThrow('closed');
  });

  it('is not taken for a message, nor is an announcement', async () => {
    const { near, far } = createBoth();
    far.send(message(10));
    await near.receive();
    const pending = near.receive();
    far.prewake();
    far.send(message(20));
    expect((await pending).packed).toHaveLength(20);
  });

  it('may be done twice', () => {
    const { near } = createBoth();
    near.close();
    near.close();
  });

  it('makes what is sent afterwards nothing, not an error', () => {
    const { near } = createBoth();
    near.close();
    for (const length of [10, AREA_BYTES + 1]) near.send(message(length));
    near.send({ packed: bytes(1), shared: [sharedBytes(1)] });
    near.prewake();
  });
});

const MAILBOX = (await bundleSource('src/protocol/mailbox.ts')).href;
/** Sends back what it receives. */
const ECHO = `
  const { workerData: { url, end } } = require('node:worker_threads');
  import(url).then(({ Mailbox }) => {
    const mailbox = Mailbox.open(end);
    for (;;) mailbox.send(mailbox.receiveSync());
  });
`;

describe('another thread', () => {
  it('ends by itself although it waits for a message', async () => {
    const code = `
      const { workerData: url } = require('node:worker_threads');
      import(url).then(({ Mailbox }) => void Mailbox.create().mailbox.receive());
    `;
    const worker = new Worker(code, { eval: true, workerData: MAILBOX, execArgv: [] });
    expect(await once(worker, 'exit')).toEqual([0]);
  });

  it('sends back 2,000 messages as they were', async () => {
    const { near, farEnd } = create();
    const workerData = { url: MAILBOX, end: farEnd };
    const worker = new Worker(ECHO, { eval: true, workerData, transferList: [farEnd.port], execArgv: [] });
    const fault = new Promise<never>((_resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', (code) => reject(new Error(`the thread ended with ${code}`)));
    });
    const sizes = fc.sample(
      fc.oneof(fc.integer({ min: 0, max: 200 * KIB }), fc.integer({ min: 0, max: 2 * KIB }), fc.constant(AREA_BYTES)),
      2_000,
    );
    const memory = sharedBytes(2_000);
    const exchange = async () => {
      for (const [i, size] of sizes.entries()) {
        const refers = i % 10 === 0;
        if (i % 3 === 0) near.prewake();
        const reply = near.receive();
        near.send({ packed: bytes(size, i), shared: refers ? [memory] : [] });
        const { packed, shared } = await reply;
        if (Buffer.compare(packed, bytes(size, i)) !== 0) throw new Error(`message ${i} of ${size} bytes is another`);
        memory[i] = i % 251;
        expect(shared.map((one) => one[i])).toEqual(refers ? [i % 251] : []);
      }
    };
    await Promise.race([exchange(), fault]).finally(() => {
      // It was ended, and did not end by itself.
      fault.catch(() => {});
      return worker.terminate();
    });
  });
});
