import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { bundleSource } from '../support/sources/bundle-source.js';

const LIBRARY = (await bundleSource('src/index.ts')).href;

/** Runs a program to its end, in a process of its own. */
function run(program: string) {
  const source = `import { createRuntime, HandlerCompiler } from ${JSON.stringify(LIBRARY)};\n${program}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { stdout, stderr, status };
}

describe('a process', () => {
  it('ends by itself with a runtime that nobody shut down, and says which', () => {
    const { stdout, stderr, status } = run(`
      const runtime = await createRuntime({ cacheDir: false });
      console.log((await runtime.executeHandler('return 6 * 7')).returnValue);`);
    expect({ stdout, status }).toEqual({ stdout: '42\n', status: 0 });
    expect(stderr).toContain('NEXUS_NOT_CLOSED');
    expect(stderr).toMatch(/Call shutdown\(\) of the runtime, made at .*\[eval1\]:3/);
  });

  it('ends with a compiler that nobody closed, and says so', () => {
    const { stderr, status } = run(`await new HandlerCompiler({ cacheDir: false }).compile('return 1');`);
    expect(status).toBe(0);
    expect(stderr).toContain('Call close() of the HandlerCompiler');
  });

  it('says nothing when everything was shut down', () => {
    const { stderr, status } = run(`
      const runtime = await createRuntime({ cacheDir: false });
      const compiler = new HandlerCompiler({ cacheDir: false });
      await compiler.compile('return 1');
      await runtime.shutdown();
      await compiler.close();`);
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });

  it('does not wait for workers that still boot', () => {
    const { stderr, status } = run(
      `const runtime = await createRuntime({ cacheDir: false, minInstances: 2, maxInstances: 2 });`,
    );
    expect(status).toBe(0);
    expect(stderr).toContain('NEXUS_NOT_CLOSED');
  });

  it('waits for the handlers that it warms up with', () => {
    const { stdout, status } = run(`
      const runtime = await createRuntime({ cacheDir: false, maxInstances: 2, minInstances: 2 });
      console.log((await runtime.warmup(['return 1', 'return 2'])).loaded);
      await runtime.shutdown();`);
    expect({ stdout, status }).toEqual({ stdout: '2\n', status: 0 });
  });

  it('waits for what it asked for, while a worker starts and while it executes', () => {
    const { stdout, status } = run(`
      const runtime = await createRuntime({ cacheDir: false, maxInstances: 2 });
      const calls = ['return 1', 'for (let i = 0; i < 1e6; i++); return 2'].map((code) => runtime.executeHandler(code));
      console.log((await Promise.all(calls)).map((result) => result.returnValue).join());
      await runtime.shutdown();`);
    expect({ stdout, status }).toEqual({ stdout: '1,2\n', status: 0 });
  });
});
