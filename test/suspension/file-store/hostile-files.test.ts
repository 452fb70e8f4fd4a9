import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SuspensionStore } from '#src/api/suspension-store.js';
import { packMessage } from '#src/codec/message-pack.js';
import type { NexusError } from '#src/errors/nexus-error.js';
import { FileStore } from '#src/suspension/file-store/file-store.js';
import { encodeRecord, RECORD_VERSION } from '#src/suspension/file-store/record.js';
import type { KeptSize } from '#src/suspension/room/kept.js';
import { fileHarness, idOf, makeOutcome, makeSuspension } from '../store-helpers.js';

const GIB = 1024 ** 3;
const NOW = 2_000;
const LEASE = { owner: 'one', leaseUntilMs: 3_000 };
const LATER = 9_000;

/** An attacker who can write to the directory, and so has its key. */
interface Enemy {
  readonly path: string;
  readonly key: Uint8Array;
}

/** Takes no space, however long it is. */
function sparse(path: string, bytes: number, start: Uint8Array = new Uint8Array()): void {
  rmSync(path, { force: true, recursive: true });
  const file = openSync(path, 'w', 0o600);
  ftruncateSync(file, bytes);
  closeSync(file);
  const head = openSync(path, 'r+');
  if (start.length > 0) writeFileSync(head, start);
  closeSync(head);
}

function preamble(headerBytes: number): Buffer {
  const start = Buffer.alloc(10);
  start.write('NXSR', 'latin1');
  start.writeUInt16BE(RECORD_VERSION, 4);
  start.writeUInt32BE(headerBytes, 6);
  return start;
}

/** A record with a valid seal, whatever its header contains. */
function sealed(header: unknown, key: Uint8Array, rest: Uint8Array = new Uint8Array()): Buffer {
  const packed = header instanceof Uint8Array ? header : packMessage(header);
  const start = Buffer.concat([preamble(packed.length), packed]);
  return Buffer.concat([start, createHmac('sha256', key).update(start).digest(), rest]);
}

const id = idOf('a run');
const facts = { id, createdAtMs: 1, expiresAtMs: 10_000, info: {} };
const digest = new Uint8Array(32);
const part = { bytes: 0, digest };
const beginning = (more: object) => ({ beginning: { facts, envelope: part, ...more } });
const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(0xc0)]);
const text = (value: string) => Buffer.from(packMessage(value));

const FILES: readonly (readonly [string, (enemy: Enemy) => void])[] = [
  ['3 GB that say nothing', ({ path }) => sparse(path, 3 * GIB)],
  ['3 GB that say they are a record', ({ path }) => sparse(path, 3 * GIB, preamble(3 * GIB - 42))],
  ['a terabyte', ({ path }) => sparse(path, 1024 * GIB, preamble(100))],
  [
    'a header of 4 GB in a small file',
    ({ path }) => writeFileSync(path, Buffer.concat([preamble(0xffff_ffff), Buffer.alloc(100)])),
  ],
  ['a header of 4 GB in 60 MB', ({ path }) => sparse(path, 60 * 1024 ** 2, preamble(0xffff_ffff))],
  [
    'a header as long as the file, with a seal that is wrong',
    ({ path }) => sparse(path, 1024 ** 2, preamble(1024 ** 2 - 42)),
  ],
  [
    'a pipe',
    ({ path }) => {
      rmSync(path);
      execFileSync('mkfifo', [path]);
    },
  ],
  [
    'a directory',
    ({ path }) => {
      rmSync(path);
      mkdirSync(path);
    },
  ],
  [
    'a link to itself',
    ({ path }) => {
      rmSync(path);
      symlinkSync(path, path);
    },
  ],
  [
    'a link to /dev/zero',
    ({ path }) => {
      rmSync(path);
      symlinkSync('/dev/zero', path);
    },
  ],
  [
    'an envelope that is longer than the file',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ envelope: { bytes: 1e9, digest } }), key)),
  ],
  [
    'an envelope of 2^53 bytes',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ envelope: { bytes: 2 ** 53, digest } }), key)),
  ],
  [
    'an envelope of a negative length',
    ({ path, key }) =>
      writeFileSync(path, sealed(beginning({ envelope: { bytes: -1, digest } }), key, Buffer.alloc(0))),
  ],
  [
    'an envelope of infinite length',
    ({ path, key }) =>
      writeFileSync(path, sealed(beginning({ envelope: { bytes: Number.POSITIVE_INFINITY, digest } }), key)),
  ],
  [
    'an envelope of half a byte',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ envelope: { bytes: 0.5, digest } }), key)),
  ],
  [
    'a digest of one byte',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ envelope: { bytes: 0, digest: Buffer.of(1) } }), key)),
  ],
  [
    'a digest that is a text',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ envelope: { bytes: 0, digest: 'x' } }), key)),
  ],
  [
    'an expiry that is none',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ facts: { ...facts, expiresAtMs: Number.NaN } }), key)),
  ],
  [
    'an info that is a list',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ facts: { ...facts, info: [1] } }), key)),
  ],
  ['a field that nobody knows', ({ path, key }) => writeFileSync(path, sealed({ ...beginning({}), more: 1 }, key))],
  [
    'a tenant of 100,000 characters',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ facts: { ...facts, tenant: 'a'.repeat(1e5) } }), key)),
  ],
  [
    'another id',
    ({ path, key }) => writeFileSync(path, sealed(beginning({ facts: { ...facts, id: '../../key' } }), key)),
  ],
  ['a header that is a number', ({ path, key }) => writeFileSync(path, sealed(5, key))],
  ['a header that is nested 100,000 deep', ({ path, key }) => writeFileSync(path, sealed(nested(100_000), key))],
  [
    'a header that claims 4 billion items',
    ({ path, key }) => writeFileSync(path, sealed(Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff), key)),
  ],
  [
    'a header that claims 4 GB of text',
    ({ path, key }) => writeFileSync(path, sealed(Buffer.of(0xdb, 0xff, 0xff, 0xff, 0xff), key)),
  ],
  [
    'a header with a key __proto__',
    ({ path, key }) =>
      writeFileSync(path, sealed(Buffer.concat([Buffer.of(0x81), text('__proto__'), Buffer.of(0x80)]), key)),
  ],
  [
    'a header of a million empty maps',
    ({ path, key }) =>
      writeFileSync(path, sealed(Buffer.concat([Buffer.of(0xdd, 0, 0x0f, 0x42, 0x40), Buffer.alloc(1e6, 0x80)]), key)),
  ],
  ['an extension of MessagePack', ({ path, key }) => writeFileSync(path, sealed(Buffer.of(0xd4, 0x72, 0x40), key))],
];

describe('a directory of suspensions', () => {
  const whole = idOf('whole');
  let harness: ReturnType<typeof fileHarness>;
  let store: FileStore;
  let root: string;
  let key: Uint8Array;

  beforeEach(async () => {
    harness = fileHarness();
    root = join(harness.directory, 'v2');
    [store] = harness.open(1) as [FileStore];
    await store.put(makeSuspension(id));
    await store.put(makeSuspension(whole));
    key = await store.key();
  });
  afterEach(() => harness.dispose());

  const pathOf = (name: string) => join(root, name.charCodeAt(0).toString(16), name);
  const failure = (promise: Promise<unknown>): Promise<NexusError> =>
    promise.then(
      () => {
        throw new Error('did not reject');
      },
      (error) => error,
    );
  const counted = async (view: FileStore): Promise<string[]> => {
    const ids: string[] = [];
    await view.count(
      () => undefined,
      (sizes: readonly KeptSize[]) => ids.push(...sizes.map((size) => size.id)),
    );
    return ids;
  };

  it.each(
    FILES,
  )('a directory of suspensions with %s in place of a record refuses it, keeps it, and works in all else', async (_title, plant) => {
    plant({ path: pathOf(`${id}.0`), key });
    for (const attempt of [
      () => store.read(id),
      () => store.claim(id, LEASE, NOW),
      () => store.settle(id, undefined, makeOutcome('cancelled')),
    ]) {
      const error = await failure(attempt());
      expect(error.code).toBe('SUSPENSION_INCOMPATIBLE');
      expect(error.context).toMatchObject({ suspensionId: id, problem: expect.any(String) });
    }
    const page = await store.list({ limit: 10 });
    expect(page.unreadable).toEqual([id]);
    expect(page.suspensions.map((each) => each.id)).toEqual([whole]);
    expect(await counted(store)).toEqual([whole]);
    const next = harness.open(1)[0] as SuspensionStore;
    const { expired, unreadable } = await next.sweep(2 * Date.now());
    expect(expired).toEqual([whole]);
    expect([[], [id]]).toContainEqual(unreadable);
    await failure(next.read(id));
  });

  it.each(
    FILES,
  )('with %s in place of a transition refuses it, keeps it, and works in all else', async (_title, plant) => {
    await store.claim(id, LEASE, NOW);
    plant({ path: pathOf(`${id}.1`), key });
    for (const attempt of [
      () => store.read(id),
      () => store.claim(id, LEASE, LATER),
      () => store.renew(id, 1, LATER),
    ]) {
      expect((await failure(attempt())).code).toBe('SUSPENSION_INCOMPATIBLE');
    }
    expect((await store.list({ limit: 10 })).unreadable).toEqual([id]);
    expect(await counted(store)).toEqual([whole]);
    expect((await store.sweep(2 * Date.now())).expired).toEqual([whole]);
  });

  it('a directory of suspensions with an outcome of a forged kind refuses it', async () => {
    await store.claim(id, LEASE, NOW);
    const moment = { version: 2, expiresAtMs: 1 };
    for (const standing of [
      { ...moment, state: 'settled', outcome: { state: 'done', settledAtMs: 1, keepUntilMs: 1 } },
      { ...moment, state: 'settled', outcome: { state: 'failed', settledAtMs: -1, keepUntilMs: 1 } },
      { ...moment, state: 'settled', outcome: { state: 'failed', settledAtMs: 1, keepUntilMs: 2 ** 60 } },
      { ...moment, state: 'settled' },
      { ...moment, state: 'suspended', fence: 1 },
      { ...moment, state: 'resuming', fence: 2 ** 60, owner: 'a', leaseUntilMs: 1 },
      { ...moment, version: 1e12, state: 'suspended' },
      { ...moment, state: 'gone' },
    ]) {
      writeFileSync(pathOf(`${id}.2`), sealed({ transition: { id, standing, content: part } }, key));
      expect((await failure(store.read(id))).context).toMatchObject({ problem: 'content' });
    }
  });

  it('a directory of suspensions with versions far apart is swept without counting up to them', async () => {
    await store.settle(id, undefined, makeOutcome('cancelled', 'outcome', 3_000));
    for (const version of [3, 7, 15, 999_999_999]) writeFileSync(pathOf(`${id}.${version}`), 'x');
    await store.sweep(5_000);
    await store.sweep(5_000);
    expect((await store.list({ limit: 10 })).suspensions.map((each) => each.id)).toContain(whole);
  });

  it('a directory of suspensions with names that are none of ours leaves them alone', async () => {
    const names = [
      'x'.repeat(200),
      `${id}.01`,
      `${id}.-1`,
      `${id}.1e3`,
      `${id}.9999999999`,
      `${id}`,
      '.hidden',
      '\u202e',
      'a\nb',
    ];
    for (const name of names) writeFileSync(join(root, id.charCodeAt(0).toString(16), name), 'x');
    expect((await store.list({ limit: 10 })).suspensions).toHaveLength(2);
    await store.sweep(NOW);
    for (const name of names) expect(readFileSync(join(root, id.charCodeAt(0).toString(16), name), 'utf8')).toBe('x');
  });

  it('a directory of suspensions with directories in place of debris and of temporary files is swept all the same', async () => {
    const gone = idOf('gone');
    mkdirSync(pathOf(`${gone}.1`));
    const temporary = pathOf(`${id}.1.00000000.99999999999999999999999.0123456789ab.tmp`);
    mkdirSync(temporary);
    utimesSync(temporary, 1, 1);
    expect([...(await store.sweep(20_000)).expired].sort()).toEqual([id, whole].sort());
  });

  it.each([
    ['a file', (path: string) => writeFileSync(path, '')],
    ['a link', (path: string) => symlinkSync('/tmp', path)],
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ])('a directory of suspensions with %s in place of a shard says so', async (_title, plant) => {
    const shard = join(root, '5f');
    rmSync(shard, { recursive: true });
    plant(shard);
    const error = await failure((harness.open(1)[0] as SuspensionStore).list({ limit: 1 }));
    expect(error.code).toBe('INTERNAL_ERROR');
    expect(error.message).toContain('suspensionDir');
  });

  it.each([
    ['3 GB', (path: string) => sparse(path, 3 * GIB)],
    [
      'a pipe',
      (path: string) => {
        rmSync(path);
        execFileSync('mkfifo', [path]);
      },
    ],
    [
      'a directory',
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
    [
      'a link',
      (path: string) => {
        renameSync(path, `${path}-moved`);
        symlinkSync(`${path}-moved`, path);
      },
    ],
    ['nothing in it', (path: string) => sparse(path, 0)],
  ])('a directory of suspensions with %s in place of the key says so, and makes no other', async (_title, plant) => {
    plant(join(root, 'key'));
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await failure((harness.open(1)[0] as SuspensionStore).key());
      expect(error.code).toBe('INTERNAL_ERROR');
      expect(error.message).toContain('the key in it');
    }
  });

  it('does not take what it could not read again', async () => {
    const small = new FileStore(join(harness.directory, 'small'), 1_000);
    const envelope = new Uint8Array(3 * 1024 ** 2);
    await expect(small.put({ ...makeSuspension(idOf('large')), envelope })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    let deep: unknown = {};
    for (let depth = 0; depth < 5_000; depth++) deep = [deep];
    const given = { ...makeSuspension(idOf('deep')), info: { deep } };
    await expect(small.put(given)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect((await small.list({ limit: 10 })).suspensions).toEqual([]);
    await small.close();
  });

  it('lists, counts and sweeps one shard with thousands of records, each once', async () => {
    const shard = join(root, '41');
    const ids = Array.from({ length: 12_000 }, (_, i) => `A${String(i).padStart(21, '0')}.1`).sort();
    // The same bytes under each name: only the first has the name that matches its content.
    const record = Buffer.concat(
      await encodeRecord(
        { beginning: { facts: { ...facts, id: ids[0] as string }, envelope: new Uint8Array(8) } },
        key,
      ),
    );
    for (const each of ids) writeFileSync(join(shard, `${each}.0`), record);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.list({ limit: 5_000, ...(after !== undefined && { after }) });
      seen.push(...page.suspensions.map((one) => one.id), ...page.unreadable);
      after = page.next;
    } while (after !== undefined);
    expect([...seen].sort()).toEqual([...ids, id, whole].sort());
    expect((await counted(store)).filter((each) => each.startsWith('A'))).toEqual([ids[0]]);
    const { unreadable } = await store.sweep(2 * Date.now());
    expect(unreadable.length).toBe(ids.length - 1);
  }, 120_000);
});
