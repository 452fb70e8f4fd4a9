import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmResult } from '#src/index.js';
import { runHandler } from '#src/testing/index.js';

const LINES = 200_000;
const MIB = 1024 * 1024;
const THROW = 'const f = (n) => { if (n === 0) throw new Error("deep"); f(n - 1) }; f(40)';
const source = '\r\n'.repeat(LINES) + THROW;

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});

afterAll(() => runtime.shutdown());

function expectPlace({ error }: Pick<WasmResult, 'error'>): void {
  expect(error?.location).toEqual({ line: LINES + 1, column: 48 });
  expect(error?.snippet?.split('\n').slice(-2)).toEqual([
    `${LINES + 1} | ${THROW}`,
    `${' '.repeat(6)} | ${' '.repeat(47)}^`,
  ]);
  const frames = error?.stack?.split('\n') ?? [];
  expect(frames.slice(1, 21).every((frame) => frame.includes(`(handler.js:${LINES + 1}:`))).toBe(true);
}

describe('an error in a source of very many lines has its place and its lines', () => {
  it('an error in a source of very many lines has its place and its lines when it is executed, the first time and later', async () => {
    for (let i = 0; i < 3; i++) expectPlace(await runtime.executeHandler(source));
  });

  it('an error in a source of very many lines has its place and its lines when it is an artifact', async () => {
    expectPlace(await runtime.executeCompiledHandler(await runtime.precompileHandler(source)));
  });

  it('an error in a source of very many lines has its place and its lines when it is run', async () => {
    expectPlace(await runtime.run(source));
  });

  it('an error in a source of very many lines has its place and its lines in a test', async () => {
    const { error } = await runHandler(source);
    expect(error?.location).toEqual({ line: LINES + 1, column: 48 });
  });

  it('an error in a source of very many lines has its place and its lines when it does not compile, in JavaScript and in TypeScript', async () => {
    for (const [text, filename] of [
      ['const = 1', 'a.js'],
      ['enum A { B }', 'a.ts'],
    ] as const) {
      const { error } = await runtime.executeHandler('\n'.repeat(LINES) + text, {}, { filename });
      expect(error).toMatchObject({ code: 'COMPILATION_ERROR', location: { line: LINES + 1 } });
      expect(error?.snippet).toContain(`${LINES + 1} | ${text}`);
    }
  });
});

describe('an error in a line of very many characters', () => {
  it('shows what is around it', async () => {
    const { error } = await runtime.executeHandler(`/*${'x'.repeat(2 * MIB)}*/ throw new Error("here")`);
    expect(error?.location).toMatchObject({ line: 1 });
    expect(error?.snippet?.length).toBeLessThan(300);
    expect(error?.snippet).toContain('throw new Error');
  });
});

describe('an error where the source is left out because it is long', () => {
  it('has its place when the handler was resumed, and no snippet', async () => {
    const waits = `${'\n'.repeat(LINES)}await $ext.a.b(); throw new Error("late")`;
    const { suspension } = await runtime.executeHandler(waits, { capabilities: ['ext:a'] });
    const { error } = await runtime.resumeHandler(suspension?.suspensionId ?? '', { success: true, value: 1 });
    expect(error).toMatchObject({ message: 'Error: late', location: { line: LINES + 1, column: 34 } });
    expect(error?.stack).toContain(`handler.js:${LINES + 1}:34`);
    expect(error?.snippet).toBeUndefined();
  });

  it('has its place when it is in an artifact of more than 4 MiB', async () => {
    const artifact = await runtime.precompileHandler(`${'\n'.repeat(5 * MIB)}throw new Error("far")`);
    const { error } = await runtime.executeCompiledHandler(artifact);
    expect(error).toMatchObject({ message: 'Error: far', location: { line: 5 * MIB + 1, column: 16 } });
    expect(error?.snippet).toBeUndefined();
  });
});

describe('a source in an artifact', () => {
  it('is bounded as any other', async () => {
    const artifact = await runtime.precompileHandler(`return 1 //${'x'.repeat(3_000)}`);
    const small = await createRuntime({ cacheDir: false, maxInstances: 1, maxSourceBytes: 3_000 });
    try {
      await expect(small.executeCompiledHandler(artifact)).rejects.toMatchObject({
        code: 'INVALID_ARTIFACT',
        message: expect.stringContaining('maxSourceBytes is 3000'),
      });
    } finally {
      await small.shutdown();
    }
  });
});
