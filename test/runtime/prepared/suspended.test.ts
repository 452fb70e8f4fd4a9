import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { inProcess } from '../../suspension/process-helpers.js';
import { answer } from '../../suspension/resume-helpers.js';

const CAPABILITIES = ['state:read:*', 'state:write:*', 'ext:*'];
const directory = await mkdtemp(join(tmpdir(), 'nexus-prepared-'));
afterAll(() => rm(directory, { recursive: true, force: true }));

function table(rows = 500) {
  return Array.from({ length: rows }, (_, id) => ({ id, name: `row ${id}`, tags: [`t${id % 3}`] }));
}

/** Reads and changes before and after it waits. */
const CODE = `
  const rows = $state.rows;
  rows[3].name = "changed " + $args.label;
  const got = await $ext.a.b(rows[4].name);
  rows[5].name = got;
  const more = await $ext.a.b(1);
  return [rows[3].name, rows[5].name, rows.length, $args.list[499].name, more]`;
const ENDED = ['changed L', 'first', 500, 'row 499', 'second'];

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2 });
});
afterAll(() => runtime.shutdown());

describe('a handler that waits with prepared values', () => {
  it('does in a run what it does with the values themselves', async () => {
    const prepared = await runtime.prepare(table());
    const execute = (rows: object, list: object) => {
      const answers = ['first', 'second'];
      const context = { stateSnapshot: { rows }, args: { list, label: 'L' }, capabilities: CAPABILITIES };
      return runtime.run(CODE, context, { extensions: { a: { b: async () => answers.shift() } } });
    };
    const { metrics: _, ...expected } = await execute(table(), table());
    for (let i = 0; i < 4; i++) {
      const { metrics: __, ...result } = await execute(prepared, prepared);
      expect(result).toEqual(expected);
    }
    expect(expected.returnValue).toEqual(ENDED);
  });

  it('waits with what differs from the image: some KB of any table, and the table once', async () => {
    const code = 'const first = $args[0].name; await $ext.a.b(); return first + $args.length';
    const envelopeOf = async (args: object) => {
      const { suspension } = await runtime.executeHandler(code, { args, capabilities: CAPABILITIES });
      const summary = await runtime.inspectSuspension(suspension?.suspensionId ?? '');
      const result = await runtime.resumeHandler(suspension?.suspensionId ?? '', answer(1));
      expect(result.returnValue).toBe('row 05000');
      return summary?.envelopeBytes ?? 0;
    };
    const itself = await envelopeOf(table(5_000));
    const prepared = await envelopeOf(await runtime.prepare(table(5_000)));
    expect(prepared).toBeLessThan(itself);
  });

  it('goes on when the value was disposed meanwhile', async () => {
    const prepared = await runtime.prepare(table());
    const context = { args: prepared, capabilities: CAPABILITIES };
    const { suspension } = await runtime.executeHandler('await $ext.a.b(); return $args[9].name', context);
    prepared.dispose();
    const result = await runtime.resumeHandler(suspension?.suspensionId ?? '', answer(1));
    expect(result.returnValue).toBe('row 9');
  });

  it('is refused if the envelope has no room for them', async () => {
    const small = await createRuntime({ cacheDir: false, maxInstances: 1, maxSuspensionBytes: 64 * 1024 });
    const noise = Array.from({ length: 200_000 }, (_, i) => Math.sin(i));
    const prepared = await small.prepare(noise);
    const result = await small.executeHandler('await $ext.a.b()', { args: prepared, capabilities: CAPABILITIES });
    expect(result.error).toMatchObject({ context: { limit: 'maxSuspensionBytes' } });
    await small.shutdown();
  });

  it('goes on in other processes, which never had them', async () => {
    const store = { suspensionDir: directory };
    const context = { stateSnapshot: { rows: [] as object }, args: {}, capabilities: CAPABILITIES };
    const value = { list: table(), label: 'L' };
    const step = { code: CODE.replace('$state.rows', '$state.rows ?? $args.list'), prepare: ['args'] as const };
    const begun = await inProcess(store, [{ ...step, context: { ...context, stateSnapshot: {}, args: value } }]);
    let said = begun;
    for (const given of ['first', 'second']) {
      expect(said.outcomes[0]).toMatchObject({ result: { status: 'suspended' } });
      const id = said.outcomes[0]?.result?.suspension?.suspensionId ?? '';
      said = await inProcess(store, [{ resume: id, answers: answer(given) }]);
    }
    expect(said.outcomes[0]?.result).toMatchObject({ status: 'success', returnValue: ENDED });
    const whole = await inProcess(store, [
      {
        code: '$state.rows[1].name = "x"; await $ext.a.b(); $state.rows[2].name = "y"; return $state.rows.length',
        prepare: ['stateSnapshot'],
        context: { ...context, stateSnapshot: { rows: table() } },
      },
    ]);
    expect(whole.outcomes[0]?.result).toMatchObject({ stateMutations: [{ operation: 'set', key: 'rows' }] });
    const id = whole.outcomes[0]?.result?.suspension?.suspensionId ?? '';
    const ended = await inProcess(store, [{ resume: id, answers: answer(1) }]);
    expect(ended.outcomes[0]?.result).toMatchObject({
      returnValue: 500,
      stateMutations: [{ operation: 'set', key: 'rows' }],
    });
  });
});
