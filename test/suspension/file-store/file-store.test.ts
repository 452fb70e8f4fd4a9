import { createHash } from 'node:crypto';
import {
  appendFile,
  chmod,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SuspensionStore } from '#src/api/suspension-store.js';
import type { NexusError } from '#src/errors/nexus-error.js';
import { RecordLog } from '#src/suspension/file-store/record-log.js';
import { decideSettlement, versionOfFence } from '#src/suspension/lifecycle.js';
import { fileHarness, idOf, makeOutcome, makeSuspension, plain } from '../store-helpers.js';

const NOW = 2_000;
const LEASE = { owner: 'one', leaseUntilMs: 3_000 };

describe('the file store', () => {
  const id = idOf('a run');
  const nextId = idOf('a run', 2);
  let harness: ReturnType<typeof fileHarness>;
  let root: string;
  let store: SuspensionStore;

  beforeEach(() => {
    harness = fileHarness();
    root = join(harness.directory, 'v2');
    [store] = harness.open(1) as [SuspensionStore];
  });
  afterEach(() => harness.dispose());

  it('of a newer format is refused and not touched, unless this one has its own beside it', async () => {
    const newer = join(harness.directory, 'v3');
    await mkdir(newer);
    await writeFile(join(newer, 'key'), 'of the newer one');
    await expect(store.put(makeSuspension(id))).rejects.toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { problem: 'version', expected: 2, actual: 3 },
    });
    expect((await readdir(harness.directory, { recursive: true })).sort()).toEqual(['v3', join('v3', 'key')]);
    await rm(newer, { recursive: true });
    await store.put(makeSuspension(id));
    await mkdir(newer);
    expect(await openAgain().read(id)).toMatchObject({ state: 'suspended' });
  });

  const openAgain = () => harness.open(1)[0] as SuspensionStore;
  const pathOf = (name: string) => join(root, name.charCodeAt(0).toString(16), name);
  const files = async () => {
    const shards = (await readdir(root)).filter((name) => name !== 'key');
    const names = await Promise.all(shards.map((shard) => readdir(join(root, shard))));
    return names.flat().sort();
  };
  const claim = async (view: SuspensionStore = store) =>
    ((await view.claim(id, LEASE, NOW)) as { readonly fence: number }).fence;
  const failure = (promise: Promise<unknown>): Promise<NexusError> =>
    promise.then(
      () => {
        throw new Error('did not reject');
      },
      (error) => error,
    );

  it('is private to its owner, and leaves nothing but records', async () => {
    await store.put(makeSuspension(id));
    await store.claim(id, LEASE, NOW);
    expect(await files()).toEqual([`${id}.0`, `${id}.1`]);
    for (const directory of [root, dirname(pathOf(id))]) expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const file of [join(root, 'key'), pathOf(`${id}.0`), pathOf(`${id}.1`)]) {
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    }
  });

  it('opens nothing before it is used', async () => {
    expect(await readdir(harness.directory)).toEqual([]);
    await store.close();
    expect(await readdir(harness.directory)).toEqual([]);
  });

  it('is found again by the next process, as it was', async () => {
    await store.put(makeSuspension(id));
    const key = await store.key();
    const fence = await claim();
    await store.settle(id, fence, makeOutcome('continued'), makeSuspension(nextId));
    await store.close();
    const next = openAgain();
    expect(Buffer.compare(await next.key(), key)).toBe(0);
    expect(await next.read(id)).toMatchObject({ state: 'continued' });
    expect(plain(await next.read(nextId))).toEqual(plain({ ...makeSuspension(nextId), state: 'suspended' }));
  });

  it('has one key, whoever makes it', async () => {
    const keys = await Promise.all(harness.open(8).map((view) => view.key()));
    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(1);
    expect((await readdir(root)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('keeps one copy of what ends one generation and begins the next', async () => {
    await store.put(makeSuspension(id));
    const fence = await claim();
    await store.settle(id, fence, makeOutcome('continued'), makeSuspension(nextId));
    const [end, beginning] = await Promise.all([stat(pathOf(`${id}.2`)), stat(pathOf(`${nextId}.0`))]);
    expect(beginning.ino).toBe(end.ino);
  });

  describe('after a crash between the two names of a continued run', () => {
    beforeEach(async () => {
      await store.put(makeSuspension(id));
      const fence = await claim();
      await store.settle(id, fence, makeOutcome('continued', 'outcome', 20_000), makeSuspension(nextId));
      await rm(pathOf(`${nextId}.0`));
    });

    it.each<[string, (view: SuspensionStore) => Promise<unknown>]>([
      ['read', (view) => view.read(nextId)],
      ['claimed', (view) => view.claim(nextId, LEASE, NOW)],
      ['cancelled', (view) => view.settle(nextId, undefined, makeOutcome('cancelled'))],
      ['listed', (view) => view.list({ limit: 10 })],
      ['listed one by one', (view) => view.list({ limit: 1 })],
      ['swept', (view) => view.sweep(20_000)],
    ])('the next generation has its name as soon as it is %s', async (_title, look) => {
      await look(openAgain());
      expect(await files()).toContain(`${nextId}.0`);
      expect(await store.read(nextId)).toBeDefined();
    });

    it('a listing has it', async () => {
      const { suspensions } = await openAgain().list({ limit: 10 });
      expect(suspensions.map((each) => `${each.id} ${each.state}`)).toEqual([`${id} continued`, `${nextId} suspended`]);
    });
  });

  it('does not forget a generation before the one before it, which could bring it back', async () => {
    await store.put(makeSuspension(id));
    const fence = await claim();
    await store.settle(id, fence, makeOutcome('continued', 'outcome', 30_000), makeSuspension(nextId));
    await store.settle(nextId, undefined, makeOutcome('cancelled', 'outcome', 20_000));
    expect((await store.sweep(25_000)).forgotten).toBe(0);
    expect(await store.read(nextId)).toMatchObject({ state: 'cancelled' });
    expect((await store.sweep(30_000)).forgotten).toBe(2);
    expect(await files()).toEqual([]);
  });

  it('takes back what comes too late for a suspension that was forgotten', async () => {
    await store.put(makeSuspension(id));
    const fence = await claim();
    await rm(pathOf(`${id}.0`));
    expect(await store.settle(id, fence, makeOutcome('continued'), makeSuspension(nextId))).toEqual({
      kind: 'unknown',
    });
    expect(await files()).toEqual([`${id}.1`]);
    await store.sweep(NOW);
    expect(await files()).toEqual([]);
  });

  it('gives nobody a first generation that was linked after its run had gone on, by a process that was then killed', async () => {
    const given = makeSuspension(id, { expiresAtMs: 99_999 });
    await store.put(given);
    await store.settle(id, await claim(), makeOutcome('continued'), { ...given, id: nextId, dueAtMs: NOW });
    await store.forget?.([id]);
    const log = new RecordLog(root, await store.key(), 1_000_000);
    expect(await log.begin({ ...given, dueAtMs: NOW })).toBe(true);
    const runId = id.slice(0, id.indexOf('.'));
    expect((await store.current(runId))?.id).toBe(nextId);
    expect(await store.post(runId, { id: 'one', content: Buffer.from('') })).toBe('accepted');
    expect(await openAgain().claim(id, LEASE, NOW)).toEqual({ kind: 'unknown' });
    expect(await files()).not.toContain(`${id}.0`);
    expect((await store.due(NOW, { limit: 5 })).map((one) => one.id)).toEqual([nextId]);
    expect((await store.claim(nextId, LEASE, NOW)).kind).toBe('claimed');
  });

  it('takes back what comes too late for a run that was erased and begun again', async () => {
    await store.put(makeSuspension(id));
    const fence = await claim();
    const log = new RecordLog(root, await store.key(), 1_000_000);
    const outcome = makeOutcome('completed');
    // Another process erases it, and a third one claims what was begun again, while this one is stopped in the middle.
    let again = 0;
    const prepare = async () => {
      if (again > 0) return;
      await store.erase([id.slice(0, id.indexOf('.'))]);
      await store.put({ ...makeSuspension(id), expiresAtMs: 99_999 });
      again = await claim();
    };
    const answer = await log.change(id, (lifecycle) => decideSettlement(lifecycle, fence, outcome), { fence, prepare });
    expect(answer).toEqual({ kind: 'fenced' });
    expect(await files()).toEqual([`${id}.0`, `${id}.1`]);
    expect(await store.settle(id, again, outcome)).toEqual({ kind: 'recorded' });
  });

  it('looks at hardly any of hundreds of leases', async () => {
    await store.put({ ...makeSuspension(id), expiresAtMs: 1_000_000 });
    for (let round = 0; round < 150; round++) {
      const fence = await claim();
      expect(versionOfFence(fence)).toBe(round * 2 + 1);
      await store.release(id, fence);
    }
    expect(versionOfFence(await claim(openAgain()))).toBe(301);
  });

  it.each([Number.MAX_SAFE_INTEGER, 2 ** 31 * 1000, 0])('takes an expiry at %d', async (expiresAtMs) => {
    await store.put({ ...makeSuspension(id), expiresAtMs });
    expect((await store.sweep(5_000)).expired).toEqual(expiresAtMs === 0 ? [id] : []);
  });

  describe('debris', () => {
    const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
    const temporary = (pid: number | string, its = host) => pathOf(`${id}.1.${its}.${pid}.0123456789ab.tmp`);

    it('debris of processes that are gone is swept, of the living and of others it stays, and foreign files stay', async () => {
      await store.put(makeSuspension(id));
      const kept = [temporary(process.pid), temporary(4_194_303, 'ffffffff'), pathOf('A file of somebody')];
      const keyOf = (pid: number) => join(root, `key.${host}.${pid}.0123456789ab.tmp`);
      for (const path of [...kept, temporary(4_194_303), keyOf(4_194_303), keyOf(process.pid)]) {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, 'half');
      }
      await store.sweep(NOW);
      for (const path of [...kept, keyOf(process.pid)]) expect((await lstat(path)).isFile()).toBe(true);
      for (const path of [temporary(4_194_303), keyOf(4_194_303)]) {
        await expect(lstat(path)).rejects.toMatchObject({ code: 'ENOENT' });
      }
      expect(await store.read(id)).toBeDefined();
    });

    it('debris of other hosts is swept when it is old', async () => {
      await store.put({ ...makeSuspension(id), expiresAtMs: 2 * Date.now() });
      const path = temporary(1, 'ffffffff');
      await writeFile(path, 'half');
      const { ctimeMs } = await lstat(path);
      await store.sweep(Math.floor(ctimeMs) + 3_600_000);
      expect(await files()).toContain(basename(path));
      await store.sweep(Math.floor(ctimeMs) + 3_600_002);
      expect(await files()).not.toContain(basename(path));
    });
  });

  describe('what is damaged', () => {
    const content = 'the outcome that matters';
    beforeEach(async () => {
      await store.put(makeSuspension(id));
      const fence = await claim();
      await store.settle(id, fence, makeOutcome('continued', content), makeSuspension(nextId));
      await store.put(makeSuspension(idOf('whole')));
    });

    const DAMAGES: readonly (readonly [string, (path: string) => Promise<unknown>, string])[] = [
      ['truncated', (path) => truncate(path, 300), 'truncated'],
      ['cut within its header', (path) => truncate(path, 60), 'truncated'],
      ['cut within its first bytes', (path) => truncate(path, 5), 'truncated'],
      ['empty', (path) => truncate(path, 0), 'truncated'],
      ['longer', (path) => appendFile(path, 'x'), 'truncated'],
      ['100 GB long', (path) => truncate(path, 1e11), 'truncated'],
      ['of another format', (path) => writeFile(path, 'text '.repeat(100)), 'magic'],
      ['open to others', (path) => chmod(path, 0o666), 'file'],
      [
        'another suspension’s',
        async (path) => {
          await rm(path);
          await link(pathOf(`${idOf('whole')}.0`), path);
        },
        'seal',
      ],
      [
        'a symbolic link',
        async (path) => {
          await rename(path, `${path}-moved`);
          await symlink(`${path}-moved`, path);
        },
        'file',
      ],
      [
        'a directory',
        async (path) => {
          await rm(path);
          await mkdir(path);
        },
        'file',
      ],
    ];

    it.each(
      DAMAGES,
    )('%s, is refused with a typed error, named in listings, and kept', async (_title, damage, problem) => {
      await damage(pathOf(`${id}.2`));
      const before = await files();
      for (const attempt of [
        () => store.read(id),
        () => store.claim(id, LEASE, 5_000),
        () => store.settle(id, 1, makeOutcome('completed')),
        () => store.settle(id, undefined, makeOutcome('cancelled')),
        () => store.renew(id, 1, 9_000),
      ]) {
        const error = await failure(attempt());
        expect(error.code).toBe('SUSPENSION_INCOMPATIBLE');
        expect(error.context).toMatchObject({ suspensionId: id, problem });
        expect(error.message).toContain(id);
      }
      const page = await store.list({ limit: 10 });
      expect(page.unreadable).toContain(id);
      expect(page.suspensions.map((each) => each.id)).toContain(idOf('whole'));
      await lutimes(pathOf(`${id}.2`), 1, 1);
      expect((await store.sweep(9_000)).unreadable).toContain(id);
      expect(await files()).toEqual(before);
    });

    it('a suspension with a damaged envelope is not claimed', async () => {
      const path = pathOf(`${idOf('whole')}.0`);
      const bytes = await readFile(path);
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      await writeFile(path, bytes);
      const error = await failure(store.claim(idOf('whole'), LEASE, NOW));
      expect(error.context).toMatchObject({ problem: 'seal' });
      expect(await files()).not.toContain(`${idOf('whole')}.1`);
      expect((await store.list({ limit: 10 })).suspensions.map((each) => each.id)).toContain(idOf('whole'));
    });

    it('a damaged key makes everything refused, and nothing overwritten', async () => {
      const before = await files();
      await writeFile(join(root, 'key'), Buffer.alloc(32));
      const next = openAgain();
      expect((await failure(next.read(id))).context).toMatchObject({ problem: 'seal' });
      await writeFile(join(root, 'key'), 'short');
      expect(await failure(openAgain().key())).toMatchObject({ code: 'INTERNAL_ERROR' });
      expect(await files()).toEqual(before);
    });
  });

  describe('a directory that cannot be used', () => {
    it.each<[string, () => Promise<unknown>, RegExp]>([
      ['a file in its place', () => writeFile(harness.directory, ''), /not a directory|in its place/],
      ['a link in its place', () => symlink('/tmp', harness.directory), /symbolic link/],
      [
        'a file in place of the folder in it',
        async () => {
          await mkdir(harness.directory);
          await writeFile(root, '');
        },
        /not a directory/,
      ],
    ])('%s: every operation says so, and works once it is gone', async (_title, plant, reason) => {
      await rm(harness.directory, { recursive: true });
      await plant();
      for (const attempt of [
        () => store.put(makeSuspension(id)),
        () => store.read(id),
        () => store.list({ limit: 1 }),
        () => store.key(),
      ]) {
        const error = await failure(attempt());
        expect(error.code).toBe('INTERNAL_ERROR');
        expect(error.message).toMatch(reason);
        expect(error.message).toContain('suspensionDir');
      }
      await rm(harness.directory, { recursive: true });
      await store.put(makeSuspension(id));
      expect(await store.read(id)).toBeDefined();
    });

    it('is closed to others when it stands open', async () => {
      await mkdir(root, { mode: 0o755 });
      await store.put(makeSuspension(id));
      expect((await stat(root)).mode & 0o777).toBe(0o700);
    });

    it('removed while it is in use: a put says so, and acknowledges nothing', async () => {
      await store.put(makeSuspension(id));
      await rm(harness.directory, { recursive: true });
      const error = await failure(store.put(makeSuspension(idOf('another'))));
      expect(error.code).toBe('INTERNAL_ERROR');
      expect(error.message).toContain('removed');
      expect((error.cause as NodeJS.ErrnoException).code).toBe('ENOENT');
    });
  });

  it('takes thousands of operations at once with few files open', async () => {
    const ids = Array.from({ length: 2_000 }, (_, i) => idOf(`run ${i}`));
    let mostOpen = 0;
    const count = async () => {
      mostOpen = Math.max(mostOpen, (await readdir('/proc/self/fd').catch(() => [])).length);
    };
    await Promise.all(ids.map((each) => store.put(makeSuspension(each)).then(count)));
    expect(mostOpen).toBeLessThan(300);
    const claims = await Promise.all(ids.map((each) => store.claim(each, LEASE, NOW)));
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(2_000);
  }, 60_000);
});
