import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { SuspensionStore } from '#src/index.js';
import { mailboxOf } from '#src/suspension/file-store/run-mailbox.js';
import { fileHarness, idOf, makeOutcome, makeSuspension } from '../store-helpers.js';

const RUN = idOf('a run').slice(0, -2);
const FIRST = `${RUN}.1`;
const SECOND = `${RUN}.2`;
const LEASE = { owner: 'one', leaseUntilMs: 3_000 };

function replaceByLink(path: string): void {
  rmSync(path);
  symlinkSync('/etc/passwd', path);
}

describe('the mailbox of a run in files', () => {
  let harness: ReturnType<typeof fileHarness>;
  let store: SuspensionStore;
  let folder: string;
  beforeEach(async () => {
    harness = fileHarness();
    [store] = harness.open(1) as [SuspensionStore];
    folder = mailboxOf(join(harness.directory, 'v2'), RUN);
    await store.put(makeSuspension(FIRST));
  });
  afterEach(() => harness.dispose());

  const post = (id: string) => store.post(RUN, { id, content: Buffer.from(`content of ${id}`) });
  const claim = async (id: string) => {
    const answer = await store.claim(id, LEASE, 2_000);
    if (answer.kind !== 'claimed') throw new Error(answer.kind);
    return answer;
  };
  const files = () => readdirSync(folder).sort();

  it('leaves nothing but tombstones of what was consumed, and nothing at all when the run is forgotten', async () => {
    await post('a');
    await post('b');
    expect(files().map((name) => name[0])).toEqual(['m', 'm']);
    const { fence } = await claim(FIRST);
    await store.settle(FIRST, fence, makeOutcome('continued'), makeSuspension(SECOND), ['a', 'b']);
    expect(files().map((name) => name[0])).toEqual(['x', 'x']);
    await store.settle(SECOND, undefined, makeOutcome('cancelled'));
    await store.sweep(30_000);
    expect(existsSync(folder)).toBe(false);
  });

  it('what was consumed is not given again, if the process died before it removed it', async () => {
    await post('a');
    const [name = ''] = files();
    const bytes = readFileSync(join(folder, name));
    const { fence } = await claim(FIRST);
    await store.settle(FIRST, fence, makeOutcome('continued'), makeSuspension(SECOND), ['a']);
    for (const file of files()) rmSync(join(folder, file));
    writeFileSync(join(folder, name), bytes, { mode: 0o600 });
    expect(await store.messages(RUN)).toEqual([]);
    expect((await claim(SECOND)).messages).toEqual([]);
    expect(await post('a')).toBe('duplicate');
  });

  it('what a process left half written is none, and is gone with the run', async () => {
    await post('a');
    const [name = ''] = files();
    writeFileSync(join(folder, `${name}.0000abcd.999999.0123456789ab.tmp`), 'half');
    expect((await claim(FIRST)).messages).toHaveLength(1);
  });

  it('names of others are ignored', async () => {
    await post('a');
    for (const name of [
      'm1-x',
      'm0000000001-1-../x'.replaceAll('/', '_'),
      `m0000000001-${'a'.repeat(32)}`,
      'x-',
      'README',
    ]) {
      writeFileSync(join(folder, name), 'text', { mode: 0o600 });
    }
    expect((await claim(FIRST)).messages).toHaveLength(1);
  });

  it.each<[string, (path: string) => void]>([
    ['cut', (path) => truncateSync(path, 20)],
    ['empty', (path) => truncateSync(path, 0)],
    ['edited', (path) => writeFileSync(path, readFileSync(path).fill(0x41, 30, 31), { mode: 0o600 })],
    ['a link', replaceByLink],
    ['enormous', (path) => truncateSync(path, 2 ** 40)],
    [
      'under the name of another',
      (path) =>
        renameSync(
          path,
          path.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
        ),
    ],
    ['of another size than its name says', (path) => renameSync(path, path.replace(/-\d+-/, '-1-'))],
  ])('a message that is %s is refused: the run is not claimed, and others are', async (_title, damage) => {
    await post('a');
    const other = idOf('another run');
    await store.put({ ...makeSuspension(other), dueAtMs: 1 });
    damage(join(folder, files()[0] as string));
    await expect(claim(FIRST)).rejects.toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE' });
    expect((await store.read(FIRST))?.state).toBe('suspended');
    expect((await store.due(2_000, { limit: 10 })).map(({ id }) => id)).toContain(other);
    await claim(other);
  });

  it('one that was copied from another run is refused', async () => {
    await post('a');
    const other = idOf('another run');
    const otherRun = other.slice(0, -2);
    await store.put(makeSuspension(other));
    await store.post(otherRun, { id: 'a', content: Buffer.from('content of b') });
    const [name = ''] = files();
    const theirs = mailboxOf(join(harness.directory, 'v2'), otherRun);
    writeFileSync(join(theirs, name), readFileSync(join(folder, name)), { mode: 0o600 });
    await expect(claim(other)).rejects.toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE', context: { problem: 'seal' } });
  });

  it('a run is found, whatever the note of its last generation says', async () => {
    const { fence } = await claim(FIRST);
    await store.settle(FIRST, fence, makeOutcome('continued'), makeSuspension(SECOND));
    const note = folder.replace(/\.mail$/, '.run');
    expect(readFileSync(note, 'utf8')).toBe('2');
    for (const content of ['1', '2', '7', '', 'text', '999999999999', '-1']) {
      writeFileSync(note, content, { mode: 0o600 });
      expect((await store.current(RUN))?.id).toBe(SECOND);
    }
    rmSync(note);
    expect((await store.current(RUN))?.id).toBe(SECOND);
    await store.sweep(30_000);
    expect(readFileSync(note, 'utf8')).toBe('2');
  });

  it('hints for what is over, or was never stored, do no harm and are removed', async () => {
    const due = join(harness.directory, 'v2', 'due', '0');
    await post('a');
    const before = readdirSync(due).length;
    expect(before).toBe(2);
    writeFileSync(join(due, `5~${idOf('nobody')}~00000000~`), '', { mode: 0o600 });
    writeFileSync(join(due, 'text'), '', { mode: 0o600 });
    expect((await store.due(2_000, { limit: 10 })).map(({ id }) => id)).toEqual([FIRST]);
    await store.settle(FIRST, undefined, makeOutcome('cancelled'));
    expect(await store.due(2_000, { limit: 10 })).toEqual([]);
    expect(readdirSync(due).filter((name) => name.includes(RUN))).toEqual([]);
  });
});
