import { describe, expect, it } from 'vitest';

import {
  ContentTooLargeError,
  type DurableContent,
  openDurable,
  sealDurable,
} from '#src/suspension/durable/durable-envelope.js';
import { openMessage, sealMessage } from '#src/suspension/durable/run-message.js';
import { openEnvelope, sealEnvelope } from '#src/suspension/sealed/envelope.js';
import { envelopeKeys } from '#src/suspension/sealed/envelope-keys.js';
import { plain } from './store-helpers.js';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA.1';
const keys = envelopeKeys([], async () => Buffer.alloc(32, 7));
const facts = { runId: 'order-7', codeHash: 'a', inputHash: 'b', startedAtMs: 5, maxCalls: 9, tenant: 'acme' };
const CONTENT: DurableContent = {
  kind: 'waiting',
  facts,
  arrivalMs: 7,
  document: Buffer.from('document'),
  inner: Buffer.from('handler'),
  later: ['c1'],
};
const refused = { code: 'SUSPENSION_INCOMPATIBLE' };

describe('a generation of a run', () => {
  it('opens as it was sealed, under its id alone', async () => {
    for (const content of [CONTENT, { kind: 'begin', facts, arrivalMs: 1, document: new Uint8Array() } as const]) {
      const sealed = await sealDurable(ID, content, await keys);
      const opened = await openDurable(ID, sealed, await keys);
      expect({ ...opened, document: Buffer.from(opened.document) }).toEqual({
        ...content,
        document: Buffer.from(content.document),
      });
      await expect(openDurable('BAAAAAAAAAAAAAAAAAAAAA.1', sealed, await keys)).rejects.toMatchObject(refused);
    }
  });

  it('opens with what it carries, and with what a failure keeps', async () => {
    const document = Buffer.from('of a message');
    const carried = [
      { id: 'answer:c1', message: { type: 'answer', callId: 'c1', document } },
      { id: 'signal:5', message: { type: 'signal', name: 'paid', document } },
      { id: 'cancel', message: { type: 'cancel' } },
    ] as const;
    const innerId = 'AAAAAAAAAAAAAAAAAAAAAA.9';
    for (const again of [{ kind: 'waiting', document } as const, undefined]) {
      const kind = again === undefined ? 'waiting' : 'end';
      const content: DurableContent = { ...CONTENT, kind, carried, innerId, ...(again && { again }) };
      const opened = await openDurable(ID, await sealDurable(ID, content, await keys), await keys);
      expect(plain(opened)).toEqual(plain(content));
    }
    const begin: DurableContent = { kind: 'end', facts, arrivalMs: 1, document, again: { kind: 'begin', document } };
    expect(plain(await openDurable(ID, await sealDurable(ID, begin, await keys), await keys))).toEqual(plain(begin));
  });

  it.each<[string, RegExp, () => Partial<DurableContent>]>([
    [
      'more messages than are read',
      /carries has 50001 messages, more than 50000/,
      () => ({ carried: Array.from({ length: 50_001 }, (_, n) => ({ id: `${n}`, message: { type: 'cancel' } })) }),
    ],
    [
      'messages of more bytes than are read, however small they are compressed',
      /carries has \d+ bytes, more than 134217728/,
      () => ({
        carried: Array.from({ length: 9 }, (_, n) => ({
          id: `${n}`,
          message: { type: 'signal', name: 'n', document: Buffer.alloc(15 * 1024 * 1024) },
        })),
      }),
    ],
    [
      'a result of more bytes than are read',
      /result of its last step has 134217729 bytes/,
      () => ({ document: Buffer.alloc(128 * 1024 * 1024 + 1) }),
    ],
    ['longer notes than are read', /noted has 4194305 characters/, () => ({ notes: 'x'.repeat(4 * 1024 * 1024 + 1) })],
    ['a longer name than is read', /handlerName/, () => ({ facts: { ...facts, handlerName: 'x'.repeat(65_537) } })],
  ])('is not sealed with %s', async (_, message, makePart) => {
    const sealed = sealDurable(ID, { ...CONTENT, ...makePart() }, await keys);
    await expect(sealed).rejects.toThrow(ContentTooLargeError);
    await expect(sealed).rejects.toThrow(message);
  });

  it.each<[string, DurableContent]>([
    ['is to be tried again, and has not ended', { ...CONTENT, again: { kind: 'waiting', document: CONTENT.document } }],
    [
      'is to begin again with a handler',
      { ...CONTENT, kind: 'end', again: { kind: 'begin', document: CONTENT.document } },
    ],
    [
      'carries an answer without a call',
      { ...CONTENT, carried: [{ id: 'a', message: { type: 'answer', document: CONTENT.document } as never }] },
    ],
    ['carries what is no message', { ...CONTENT, carried: [{ id: 'a', message: { type: 'other' } as never }] }],
  ])('that %s is refused', async (_title, content) => {
    const sealed = await sealDurable(ID, content, await keys);
    await expect(openDurable(ID, sealed, await keys)).rejects.toMatchObject(refused);
  });

  it.each<[string, object]>([
    ['messages that are longer than all of it', { extraBytes: 1e6 }],
    ['messages that do not inflate', { extraBytes: 3 }],
    ['another kind', { kind: 'other' }],
    ['a handler that is longer than all of it', { innerBytes: 1e6 }],
    ['a handler that is longer than anything', { innerBytes: Number.MAX_SAFE_INTEGER }],
    ['no handler, although it waits', { innerBytes: 0 }],
    ['a handler, although it has ended', { kind: 'end' }],
    ['a field that is not known', { more: 1 }],
    ['no facts', { facts: {} }],
    ['facts of another type', { facts: { ...facts, maxCalls: '9' } }],
    ['a call that is no name', { later: [5] }],
  ])('with %s is refused', async (_title, change) => {
    const { header, payload } = await openEnvelope(ID, await sealDurable(ID, CONTENT, await keys), await keys);
    const edited = await sealEnvelope(ID, { ...(header as object), ...change }, payload, await keys);
    await expect(openDurable(ID, edited, await keys)).rejects.toMatchObject(refused);
  });

  it('whose document does not inflate, or is a suspension of executeHandler, is refused', async () => {
    const { header } = await openEnvelope(ID, await sealDurable(ID, CONTENT, await keys), await keys);
    const torn = await sealEnvelope(ID, header, Buffer.from('handler and no document'), await keys);
    const other = await sealEnvelope(ID, { engine: 'x' }, new Uint8Array(), await keys);
    for (const envelope of [torn, other]) {
      await expect(openDurable(ID, envelope, await keys)).rejects.toMatchObject(refused);
    }
  });
});

describe('a message to a run', () => {
  const message = { type: 'answer', callId: 'c1', document: Buffer.from('document') } as const;

  it('opens in its run and under its id, and nowhere else', async () => {
    const sealed = await sealMessage('run', 'id', message, await keys);
    expect(await openMessage('run', 'id', sealed, await keys)).toEqual(message);
    expect(
      await openMessage('run', 'c', await sealMessage('run', 'c', { type: 'cancel' }, await keys), await keys),
    ).toEqual({
      type: 'cancel',
    });
    for (const [run, id] of [
      ['other', 'id'],
      ['run', 'other'],
    ] as const) {
      await expect(openMessage(run, id, sealed, await keys)).rejects.toMatchObject(refused);
    }
  });

  it.each<[string, object]>([
    ['of another type', { type: 'question', callId: 'c1' }],
    ['without a payload', { type: 'signal', name: 'paid' }],
    ['without an answer', { type: 'answer', callId: 'c1' }],
    ['without a call', { type: 'answer' }],
    ['with more', { type: 'cancel', more: 1 }],
  ])('%s is refused', async (_title, header) => {
    const sealed = await sealEnvelope('run:message:id', header, new Uint8Array(), await keys);
    await expect(openMessage('run', 'id', sealed, await keys)).rejects.toMatchObject(refused);
  });
});
