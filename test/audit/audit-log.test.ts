import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { AuditEvent } from '#src/api/observing/observer.js';
import { type AuditLogOptions, auditLog, verifyAuditLog } from '#src/index.js';
import { rejection, withRuntime } from '../support/runtime-helpers.js';
import { bundleSource } from '../support/sources/bundle-source.js';

const SECRET = 'a secret of the audit';
const root = await mkdtemp(join(tmpdir(), 'nexus-audit-'));
afterAll(() => rm(root, { recursive: true, force: true }));

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(join(root, 'log-'));
  file = join(directory, 'audit.log');
});

function event(uses: number, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    time: new Date(1_760_000_000_000 + uses),
    runId: 'run',
    handler: 'ab'.repeat(32),
    argsHash: 'cd'.repeat(32),
    capability: 'state:read:a',
    allowed: true,
    uses,
    ...more,
  };
}

/** Writes a log of so many events, and closes it. */
async function written(events: number, options: Partial<AuditLogOptions> = {}) {
  const log = auditLog({ file, secret: SECRET, ...options });
  for (let i = 1; i <= events; i++) log.onAudit(event(i));
  await log.close();
  return log;
}

const linesOf = async (path = file) => (await readFile(path, 'utf8')).split('\n').slice(0, -1);
const verify = (options = {}) => verifyAuditLog(file, { secret: SECRET, ...options });

describe('an audit log', () => {
  it('has a line of JSON for each event, with the hash of the line before it', async () => {
    const log = auditLog({ file, secret: SECRET });
    log.onAudit(event(1, { tenant: 'acme', handlerName: 'pay', panelId: 'cart' }));
    log.onAudit(event(2, { allowed: false, isCut: true }));
    await log.close();
    const records = (await linesOf()).map((line) => JSON.parse(line));
    expect(records.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'start'],
      [2, 'use'],
      [3, 'use'],
      [4, 'end'],
    ]);
    expect(records.slice(1).map(({ prev }) => prev)).toEqual(records.slice(0, -1).map(({ hash }) => hash));
    expect(records[1]).toMatchObject({
      ...event(1),
      time: event(1).time.toISOString(),
      tenant: 'acme',
      panelId: 'cart',
    });
    expect(records[2]).toMatchObject({ allowed: false, isCut: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await verify()).toEqual({
      ok: true,
      files: [file],
      records: 4,
      first: 1,
      head: { seq: 4, hash: records[3].hash },
      isClosed: true,
      lost: 0,
      torn: [],
    });
    expect(log.head).toEqual({ seq: 4, hash: records[3].hash });
  });

  it('is told by a runtime who did what, in which run, with which arguments', async () => {
    const log = auditLog({ file });
    await withRuntime({ maxInstances: 1, observer: { onAudit: log.onAudit } }, async (runtime) => {
      const context = { capabilities: ['ext:*', 'events:emit:*'] as const, handlerName: 'pay' };
      const call = (args: unknown) =>
        runtime.executeHandler('$emit("e"); return await $ext.host.next()', { ...context, args }, { tenant: 'acme' });
      const first = await call({ a: 1 });
      await call({ a: 1 });
      await call({ a: 2 });
      const { suspensionId = '' } = first.suspension ?? {};
      await runtime.resumeHandler(suspensionId, { success: true, value: 1 });
      const extensions = { host: { next: async () => 1 } };
      await runtime.run('await $ext.host.next(); $emit("f")', context, { extensions });
      const uses = (await linesOf()).map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'use');
      expect(uses.slice(0, 2)).toMatchObject(
        ['events:emit:e', 'ext:host.next'].map((capability) => ({
          tenant: 'acme',
          handlerName: 'pay',
          runId: suspensionId.split('.')[0],
          handler: expect.stringMatching(/^[0-9a-f]{64}$/),
          argsHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          capability,
        })),
      );
      const [one, , same, , other] = uses.map(({ argsHash }) => argsHash);
      expect([one === same, one === other]).toEqual([true, false]);
      const ofRun = uses.slice(-2);
      expect(ofRun.map(({ capability }) => capability)).toEqual(['ext:host.next', 'events:emit:f']);
      expect(new Set(ofRun.map(({ runId }) => runId)).size).toBe(1);
    });
    await log.close();
    expect(await verifyAuditLog(file)).toMatchObject({ ok: true, isClosed: true });
  });

  it('goes on where it ended, over as many starts and files as there are, and forgets the oldest', async () => {
    for (let start = 0; start < 3; start++) await written(40, { maxBytes: 4_096, keep: 3 });
    expect((await readdir(directory)).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2', 'audit.log.3']);
    for (const name of await readdir(directory))
      expect((await stat(join(directory, name))).size).toBeLessThanOrEqual(4_096);
    const report = await verify();
    expect(report).toMatchObject({ ok: true, isClosed: true, head: { seq: 3 * 42 } });
    expect(report.first).toBeGreaterThan(1);
    expect(report.files.map((path) => path.slice(directory.length + 1))).toEqual([
      'audit.log.3',
      'audit.log.2',
      'audit.log.1',
      'audit.log',
    ]);
  });

  it('goes on when only rotated files are left', async () => {
    await written(5);
    const { head } = await verify();
    await writeFile(`${file}.1`, await readFile(file));
    await rm(file);
    await written(1);
    expect(JSON.parse((await linesOf())[0] ?? '')).toMatchObject({ seq: head.seq + 1, prev: head.hash });
    expect(await verify()).toMatchObject({ ok: true, records: 10 });
  });

  it('is whole after fewer files are kept than before', async () => {
    const secret = SECRET;
    const write = async (keep: number) => {
      const log = auditLog({ file, secret, maxBytes: 4_096, keep });
      for (let i = 0; i < 80; i++) log.onAudit(event(i));
      await log.close();
      return log.head;
    };
    await write(5);
    const head = await write(2);
    expect(await verifyAuditLog(file, { secret, head })).toMatchObject({ ok: true, isClosed: true });
    expect((await readdir(directory)).sort()).toEqual(['audit.log', 'audit.log.1', 'audit.log.2']);
  });

  it('has records that can be read again, however long the names are', async () => {
    const log = auditLog({ file, secret: SECRET });
    const long = 'T'.repeat(1_100_000);
    log.onAudit(event(1, { handlerName: long, panelId: long, tenant: long, capability: `state:read:${long}` }));
    await log.close();
    expect(await verifyAuditLog(file, { secret: SECRET, head: log.head })).toMatchObject({ ok: true, isClosed: true });
  });

  it('can be a stream', async () => {
    const stream = new PassThrough();
    const log = auditLog({ stream, secret: SECRET });
    log.onAudit(event(1));
    await log.close();
    await writeFile(file, stream.read());
    expect(await verify()).toMatchObject({ ok: true, records: 3 });
    expect(stream.writableEnded).toBe(false);
  });
});

describe('what was done to a log', () => {
  const CHANGES: readonly (readonly [what: string, change: (lines: string[]) => void, line: number])[] = [
    ['a changed value', (lines) => lines.splice(4, 1, (lines[4] ?? '').replace('"uses":4', '"uses":5')), 5],
    ['a removed line', (lines) => lines.splice(4, 1), 5],
    ['a line that is there twice', (lines) => lines.splice(4, 0, lines[4] ?? ''), 6],
    ['two lines in another order', (lines) => lines.splice(4, 2, lines[5] ?? '', lines[4] ?? ''), 5],
    ['an inserted line', (lines) => lines.splice(4, 0, '{"seq":5}'), 5],
    ['an empty line', (lines) => lines.splice(4, 0, ''), 5],
    ['a line of 2 MiB', (lines) => lines.splice(4, 0, 'x'.repeat(2 ** 21)), 5],
    ['a changed hash', (lines) => lines.splice(4, 1, (lines[4] ?? '').replace(/.{3}"\}$/, '000"}')), 5],
    ['a removed part of the last line', (lines) => lines.push((lines.pop() ?? '').slice(0, -9)), 12],
  ];

  it.each(CHANGES)('%s is found, with its place', async (_, change, line) => {
    await written(10);
    const lines = await linesOf();
    change(lines);
    await writeFile(file, `${lines.join('\n')}\n`);
    expect(await verify()).toMatchObject({
      ok: false,
      broken: { file, line, reason: expect.any(String) },
      head: { seq: line > 5 && line < 12 ? 5 : line - 1 },
      isClosed: false,
    });
  });

  it('is found in rotated files, and when one of them is missing', async () => {
    await written(60, { maxBytes: 4_096 });
    const { files } = await verify();
    expect(files.length).toBeGreaterThan(3);
    const [, second = '', third = ''] = files;
    const intact = await readFile(third);
    await rm(third);
    const after = files[files.indexOf(third) + 1];
    expect(await verify()).toMatchObject({ ok: false, broken: { file: after, line: 1 } });
    await writeFile(third, intact);
    await writeFile(second, (await readFile(second, 'utf8')).replace(/"uses":\d+/, '"uses":999'));
    expect(await verify()).toMatchObject({ ok: false, broken: { file: expect.stringMatching(/audit\.log\.\d$/) } });
  });

  it('cannot be hidden by a new chain when there is a secret', async () => {
    await written(3, { secret: 'the secret of the forger' });
    expect(await verify()).toMatchObject({ ok: false, broken: { line: 1 } });
  });

  it('at the end is found by a head that was kept, and shown by the missing last record', async () => {
    const { head } = await written(10);
    const lines = await linesOf();
    await writeFile(file, `${lines.slice(0, 8).join('\n')}\n`);
    expect(await verify()).toMatchObject({ ok: true, isClosed: false });
    expect(await verify({ head })).toMatchObject({
      ok: false,
      broken: { file, line: 8, reason: 'is the end of the log, and record 12 is missing behind it' },
    });
    // Written again, it has another past.
    await written(10);
    expect(await verify({ head })).toMatchObject({
      ok: false,
      broken: { reason: expect.stringContaining('given head') },
    });
  });
});

describe('a process that dies within a line', () => {
  it.each([1, 40, 200])('leaves %d bytes: the next one continues, and both are told', async (bytes) => {
    const log = auditLog({ file, secret: SECRET });
    for (let i = 1; i <= 3; i++) log.onAudit(event(i));
    const [line = ''] = (await linesOf()).slice(-1);
    await appendFile(file, line.slice(0, bytes));
    expect(await verify()).toMatchObject({ ok: true, isClosed: false, torn: [{ line: 5 }] });
    await written(2);
    expect(await verify()).toMatchObject({
      ok: true,
      isClosed: true,
      records: 8,
      torn: [{ file, line: 5, bytes: bytes + 1 }],
    });
  });

  it('may have written all of it but its end', async () => {
    await written(3);
    await truncate(file, (await stat(file)).size - 1);
    await written(2);
    expect(await verify()).toMatchObject({ ok: true, records: 9, torn: [] });
  });

  it('may die again in the record about it', async () => {
    await written(3);
    await appendFile(file, '{"seq":6,"pre');
    await appendFile(file, '\n{"seq":6,"prev":"00');
    await written(2);
    expect(await verify()).toMatchObject({ ok: true, records: 9, torn: [{ line: 6 }] });
  });

  it('may die in its first record', async () => {
    await writeFile(file, '{"seq":1,"prev":"0000');
    await written(2);
    expect(await verify()).toMatchObject({ ok: true, records: 4, torn: [{ line: 1 }] });
  });

  it('is killed at any time', { timeout: 60_000 }, async () => {
    const writer = await bundleSource('test/audit/write-until-killed.ts');
    for (let time = 0; time < 5; time++) {
      const child = fork(writer, [file, SECRET]);
      await once(child, 'message');
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await written(1);
    const report = await verify();
    expect(report).toMatchObject({ ok: true, isClosed: true });
    expect(report.records).toBeGreaterThan(100);
  });
});

describe('a log that cannot be written', () => {
  const gone = () => join(directory, 'missing', 'audit.log');

  it('is an error at its start, which says what to do', () => {
    expect(() => auditLog({ file: gone() })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: expect.stringMatching(/missing.*ENOENT.*onFailure: 'continue'/),
      }),
    );
  });

  it('refuses executions by default, until it can be written again', async () => {
    const log = auditLog({ file, secret: SECRET });
    await withRuntime({ maxInstances: 1, observer: { onAudit: log.onAudit } }, async (runtime) => {
      const emit = () => runtime.executeHandler('$emit("e"); return 1', { capabilities: ['events:emit:e'] });
      expect((await emit()).status).toBe('success');
      await appendFile(file, 'another program writes here');
      // What the handler did is withheld.
      expect(await rejection(emit())).toMatchObject({
        code: 'INTERNAL_ERROR',
        retryable: true,
        message: expect.stringContaining('another program has changed'),
        context: { option: 'auditLog.onFailure', file },
      });
      await vi.waitFor(async () => expect((await emit()).status).toBe('success'), { timeout: 10_000 });
      const report = await verify();
      // The foreign text is in the log like a write that was cut off.
      expect(report).toMatchObject({ ok: true, torn: [{ line: 3 }] });
      expect(report.lost).toBeGreaterThan(0);
    });
  });

  it('refuses nothing where the caller wants it so, warns once, and says later what is missing', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error & { code?: string }) => {
      if (warning.code === 'NEXUS_AUDIT') warnings.push(warning.message);
    };
    process.on('warning', onWarning);
    try {
      const path = gone();
      const log = auditLog({ file: path, secret: SECRET, onFailure: 'continue' });
      expect(log.failure).toMatchObject({ code: 'ENOENT' });
      await withRuntime({ maxInstances: 1, observer: { onAudit: log.onAudit } }, async (runtime) => {
        const emit = () => runtime.executeHandler('$emit("e"); return 1', { capabilities: ['events:emit:e'] });
        for (let i = 0; i < 3; i++) expect((await emit()).status).toBe('success');
        await mkdir(join(directory, 'missing'));
        await vi.waitFor(
          async () => {
            await emit();
            expect(log.failure).toBeUndefined();
          },
          { timeout: 10_000 },
        );
      });
      await log.close();
      const report = await verifyAuditLog(path, { secret: SECRET });
      expect(report).toMatchObject({ ok: true, isClosed: true });
      expect(report.lost).toBeGreaterThanOrEqual(3);
    } finally {
      process.off('warning', onWarning);
    }
  });

  it('is a stream that has ended, or takes nothing', async () => {
    const slow = new Writable({ write: () => {} });
    const log = auditLog({ stream: slow });
    const long = 'x'.repeat(1_000);
    for (let i = 0; i < 6_000; i++) log.onAudit(event(i, { tenant: long, handlerName: long, panelId: long }));
    expect(log.failure?.message).toContain('too slow');
    const ended = new PassThrough();
    const other = auditLog({ stream: ended });
    ended.destroy();
    other.onAudit(event(1));
    expect(other.failure?.message).toContain('has ended');
  });

  it('is a stream that fails later: nothing is executed any more, and further errors end no process', async () => {
    let fails = false;
    const stream = new Writable({
      autoDestroy: false,
      write: (_line, _encoding, done) => done(fails ? new Error('the disk is full') : null),
    });
    const log = auditLog({ stream });
    await withRuntime({ maxInstances: 1, observer: { onAudit: log.onAudit } }, async (runtime) => {
      const use = () => runtime.executeHandler('return $state.a', { capabilities: ['state:read:a'] });
      expect((await use()).status).toBe('success');
      fails = true;
      log.onAudit(event(1));
      await vi.waitFor(() => expect(log.failure?.message).toBe('the disk is full'));
      expect(await rejection(use())).toMatchObject({ code: 'INTERNAL_ERROR' });
      stream.emit('error', new Error('again'));
      fails = false;
      // Longer than until the next attempt.
      vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
      expect(await rejection(use())).toMatchObject({ code: 'INTERNAL_ERROR' });
      vi.restoreAllMocks();
    });
    await log.close();
    expect(stream.listenerCount('error')).toBe(0);
  });

  it('is a file with other content, which is left as it is', async () => {
    await writeFile(file, 'a diary\nof mine\n');
    expect(() => auditLog({ file })).toThrow('are not those of an audit log');
    expect(await readFile(file, 'utf8')).toBe('a diary\nof mine\n');
    await rm(file);
    await written(3, { secret: SECRET });
    expect(() => auditLog({ file, secret: 'a secret of somebody' })).toThrow('or were written with another secret');
  });

  it('is one that was closed', async () => {
    const log = await written(1);
    await log.close();
    log.onAudit(event(2));
    expect(log.failure?.message).toBe('it was closed');
  });
});

describe('the options of a log', () => {
  it.each([
    [{}, 'auditLog.file'],
    [{ file: '' }, 'auditLog.file'],
    [{ file: 'a', stream: new PassThrough() }, 'auditLog.file'],
    [{ stream: {} }, 'auditLog.stream'],
    [{ file: 'a', onFailure: 'ignore' }, 'auditLog.onFailure'],
    [{ file: 'a', maxBytes: -1 }, 'auditLog.maxBytes'],
    [{ file: 'a', keep: 0 }, 'auditLog.keep'],
    [{ file: 'a', secret: 'short' }, 'auditLog.secret'],
    [{ file: 'a', fsync: 1 }, 'auditLog.fsync'],
    [{ file: 'a', rotate: 1 }, 'auditLog.rotate'],
  ])('are checked: %j', (options, option) => {
    expect(() => auditLog(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', context: expect.objectContaining({ option }) }),
    );
  });
});
