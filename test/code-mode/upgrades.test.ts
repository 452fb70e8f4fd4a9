// Programs that wait, over what changes in the meantime: the deployment that continues them, and the secret that seals them.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CodeMode, createCodeMode } from '#src/code-mode/index.js';
import { createRuntime, type NexusRuntime, type RuntimeOptions } from '#src/index.js';
import { Made, OPTIONS, payTools } from './support.js';

const FIRST = 'the first secret of this store';
const SECOND = 'the second secret of this store';
/** With these, the base image is another, as it is after an upgrade of the package. */
const OTHER = { libraries: { other: { source: 'var other = { f: () => "other" };' } } };
const CODE = `
console.log('begun');
const before = await tools.pay.balance({ of: 'me' });
const sent = await Promise.all(['ada', 'bob'].map((to) => tools.pay.send({ to, amount: 5 })));
const last = await tools.pay.send({ to: 'eve', amount: before });
return [before, ...sent.map(({ id }) => id), last.id, typeof other];`;

let directory: string;
let made: Made;
const runtimes: NexusRuntime[] = [];

async function open(
  options: RuntimeOptions = {},
): Promise<{ readonly runtime: NexusRuntime; readonly codeMode: CodeMode }> {
  const runtime = await createRuntime({ ...OPTIONS, suspensionDir: directory, suspensionSecret: FIRST, ...options });
  runtimes.push(runtime);
  return { runtime, codeMode: createCodeMode({ runtime, tools: payTools(made) }) };
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-upgrades-'));
  made = new Made();
});
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.shutdown();
  await rm(directory, { recursive: true, force: true });
});

async function approveAll(codeMode: CodeMode): Promise<string[]> {
  const waiting = await codeMode.pending();
  for (const { callId } of waiting) await codeMode.approve(callId);
  return waiting.map(({ input }) => (input as { to: string }).to);
}

const ENDED = { status: 'success', result: [100, 'p-ada', 'p-bob', 'p-eve', 'undefined'] };
const CALLS = ['balance me', 'send ada 5', 'send bob 5', 'send eve 100'];

describe('a program that waits', () => {
  it('goes on in another deployment and back, with its own image, and each call is made once', async () => {
    const first = await open();
    const { runId } = await first.codeMode.run(CODE);
    const newer = await open(OTHER);
    expect(newer.runtime.deployment).not.toBe(first.runtime.deployment);
    expect(await approveAll(newer.codeMode)).toEqual(['ada', 'bob']);
    const half = await newer.codeMode.resume(runId);
    expect(half).toMatchObject({
      status: 'suspended',
      logs: [{ message: 'begun' }],
      pending: [{ input: { to: 'eve' } }],
    });
    await first.runtime.shutdown();
    const back = await open();
    await approveAll(back.codeMode);
    expect(await back.codeMode.resume(runId)).toMatchObject(ENDED);
    expect(made.calls).toEqual(CALLS);
    expect([...made.keys.values()]).toEqual([1, 1, 1, 1]);
    // Its outcome can be asked for again, wherever.
    expect(await newer.codeMode.resume(runId)).toMatchObject(ENDED);
  });

  it('whose image is lost says so, is not lost itself, and goes on where there is one', async () => {
    const first = await open();
    const { runId } = await first.codeMode.run(CODE);
    await first.runtime.shutdown();
    const [version = ''] = await readdir(directory);
    await rm(join(directory, version, 'images'), { recursive: true });
    const newer = await open(OTHER);
    await approveAll(newer.codeMode);
    await expect(newer.codeMode.resume(runId)).rejects.toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE' });
    const same = await open();
    await approveAll(same.codeMode);
    expect((await same.codeMode.resume(runId)).status).toBe('suspended');
    await approveAll(same.codeMode);
    expect(await same.codeMode.resume(runId)).toMatchObject(ENDED);
    expect(made.calls).toEqual(CALLS);
  });

  it('goes on after a change of secrets once it is sealed anew, with what was decided before', async () => {
    const old = await open();
    const { runId } = await old.codeMode.run(CODE);
    const [ada] = await old.codeMode.pending({ runId });
    await old.codeMode.approve(ada?.callId as string);
    await old.runtime.shutdown();

    const both = await open({ suspensionSecret: [SECOND, FIRST] });
    expect(await both.runtime.resealRuns()).toEqual({ resealed: 1, left: 0 });
    expect(await both.runtime.resealRuns()).toEqual({ resealed: 0, left: 0 });
    await both.runtime.shutdown();

    const now = await open({ suspensionSecret: SECOND });
    expect((await now.codeMode.pending({ runId })).map(({ input }) => input)).toEqual([{ to: 'bob', amount: 5 }]);
    await expect(now.codeMode.approve(ada?.callId as string)).resolves.toBe(false);
    await approveAll(now.codeMode);
    expect(await now.codeMode.resume(runId)).toMatchObject({ status: 'suspended', logs: [{ message: 'begun' }] });
    await approveAll(now.codeMode);
    expect(await now.codeMode.resume(runId)).toMatchObject(ENDED);
    expect(made.calls).toEqual(CALLS);
  });

  it('is neither listed nor continued by who has another secret, and is as it was for who has its own', async () => {
    const old = await open();
    const { runId } = await old.codeMode.run(CODE);
    const stranger = await open({ suspensionSecret: SECOND });
    expect(await stranger.codeMode.pending()).toEqual([]);
    await expect(stranger.codeMode.resume(runId)).rejects.toMatchObject({
      code: expect.stringMatching(/^SUSPENSION_/),
    });
    await expect(stranger.codeMode.approve(`${runId}:c2`)).rejects.toMatchObject({
      code: expect.stringMatching(/^SUSPENSION_/),
    });
    expect(await approveAll(old.codeMode)).toEqual(['ada', 'bob']);
    expect((await old.codeMode.resume(runId)).status).toBe('suspended');
  });

  it('of a session keeps its values over both', async () => {
    const old = await open();
    const session = old.codeMode.session();
    const outcome = await session.run(`session.state.before = 1;
      const sent = await tools.pay.send({ to: 'ada', amount: 5 });
      session.state.after = sent.id;
      return session.state.before;`);
    const data = JSON.parse(JSON.stringify(session));
    await old.runtime.shutdown();
    const both = await open({ ...OTHER, suspensionSecret: [SECOND, FIRST] });
    expect(await both.runtime.resealRuns()).toEqual({ resealed: 1, left: 0 });
    await approveAll(both.codeMode);
    const restored = both.codeMode.session({ from: data });
    expect((await restored.resume(outcome.runId)).result).toBe(1);
    expect(restored.state).toEqual({ before: 1, after: 'p-ada' });
  });
});
