import assert from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pack } from 'msgpackr';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Artifact, openArtifact, sealArtifact } from '#src/cache/artifact.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { createRuntime, encoded, HandlerCompiler, NexusError, type NexusRuntime } from '#src/index.js';
import { ALL_CAPABILITIES } from '../support/executor.js';
import { workersExecute } from '../support/runtime-helpers.js';
import { bundleSource } from '../support/sources/bundle-source.js';

const directory = await mkdtemp(join(tmpdir(), 'nexus-runtime-test-'));
const cacheDir = join(directory, 'cache');
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The NexusError that a promise rejects with. */
async function rejection(promise: Promise<unknown>): Promise<NexusError> {
  const error = await promise.then(
    () => new Error('it resolved'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(NexusError);
  return error as NexusError;
}

describe('a runtime', () => {
  let runtime: NexusRuntime;

  beforeAll(async () => {
    runtime = await createRuntime({ cacheDir, maxInstances: 2, killGraceMs: 100 });
  });
  afterAll(() => runtime.shutdown());

  it('takes a handler from source to result', async () => {
    const context = { stateSnapshot: { count: 1 }, args: { by: 2 }, capabilities: ALL_CAPABILITIES };
    const result = await runtime.executeHandler('$state.count += $args.by; return $state.count', context);
    expect(result).toMatchObject({
      status: 'success',
      returnValue: 3,
      stateMutations: [{ operation: 'set', key: 'count', value: 3 }],
      metrics: { hostCalls: 1, cacheHit: false },
    });
    const again = await runtime.executeHandler('$state.count += $args.by; return $state.count', context);
    expect(again.metrics).toMatchObject({ cacheHit: true, cacheTier: 'memory' });
  });

  it('reports and counts a rejection that nobody handled, with the effects', async () => {
    const before = runtime.getStats().errors.EXECUTION_ERROR ?? 0;
    const result = await runtime.executeHandler('$state.a = 1;\n(async () => { await null; missing() })()', {
      capabilities: ALL_CAPABILITIES,
    });
    expect(result).toMatchObject({
      status: 'error',
      error: { code: 'EXECUTION_ERROR', location: { line: 2 }, context: { unhandledRejections: 1 } },
      stateMutations: [{ operation: 'set', key: 'a', value: 1 }],
    });
    expect(runtime.getStats().errors.EXECUTION_ERROR).toBe(before + 1);
  });

  it('takes context that is MessagePack already, and filters its state', async () => {
    const result = await runtime.executeHandler('return [{ ...$state }, $args, $scope]', {
      stateSnapshot: encoded(pack({ open: 1, secret: 2 })),
      args: encoded(pack([1, 'two'])),
      scope: { plain: true },
      capabilities: ['state:read:open'],
    });
    expect(result.returnValue).toEqual([{ open: 1 }, [1, 'two'], { plain: true }]);
  });

  it('passes bytes inside a value as bytes', async () => {
    const result = await runtime.executeHandler('return [$args.bytes.constructor.name, $args.bytes]', {
      args: { bytes: new Uint8Array([1, 2]) },
    });
    expect(result.returnValue).toEqual(['Uint8Array', new Uint8Array([1, 2])]);
  });

  it('runs many handlers at once, each with its own context', async () => {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, n) => runtime.executeHandler('return $args * 2', { args: n })),
    );
    expect(results.map((result) => result.returnValue)).toEqual(Array.from({ length: 200 }, (_, n) => n * 2));
  });

  it('ends a worker that a native loop holds, and goes on', async () => {
    const source = 'const a = "a".repeat(3e6) + "b"; return ("a".repeat(6e6)).indexOf(a)';
    const result = await runtime.executeHandler(source, {}, 100);
    expect(result.error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'watchdog', value: 100 } });
    expect((await runtime.executeHandler('return 1 + 1')).returnValue).toBe(2);
  });

  it('cancels by signal, before and while it runs, and keeps the reason', async () => {
    const early = await runtime.executeHandler('return 1', {}, { signal: AbortSignal.abort(new Error('not needed')) });
    expect(early.error).toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('not needed') });
    const controller = new AbortController();
    const running = runtime.executeHandler('while (true);', {}, { signal: controller.signal });
    await workersExecute();
    controller.abort('user left');
    expect((await running).error).toMatchObject({ code: 'CANCELLED', context: { reason: 'user left' } });
  });

  it('cancels while it compiles, at once, and with any reason', async () => {
    const slow = `let v = 0; ${'v = v + 1;'.repeat(90_000)}return v`;
    const controller = new AbortController();
    const running = runtime.executeHandler(slow, {}, { signal: controller.signal });
    await workersExecute();
    controller.abort(Object.create(null));
    expect((await running).error?.code).toBe('CANCELLED');
    // The worker still compiles: it was not waited for.
    expect(runtime.getStats().activeInstances).toBe(1);
    expect((await runtime.executeHandler(slow)).returnValue).toBe(90_000);
  });

  it('counts time from when a worker begins, not from when it starts to boot', async () => {
    const init = 'const end = Date.now; let x = 0; for (let i = 0; i < 2e6; i++) x += i; exports.x = x;';
    const slow = await createRuntime({
      cacheDir: false,
      maxInstances: 1,
      killGraceMs: 10,
      libraries: { slow: { source: init } },
    });
    try {
      const native = 'const a = "a".repeat(3e6) + "b"; return ("a".repeat(6e6)).indexOf(a)';
      expect((await slow.executeHandler(native, {}, 30)).error?.context?.['layer']).toBe('watchdog');
      for (let i = 0; i < 3; i++) expect((await slow.executeHandler('return 1', {}, 100)).returnValue).toBe(1);
    } finally {
      await slow.shutdown();
    }
  });

  it('takes the longest timeout there is', async () => {
    expect((await runtime.executeHandler('return 1', {}, 2 ** 31 - 1)).returnValue).toBe(1);
  });

  it('says which handler an error belongs to', async () => {
    const result = await runtime.executeHandler('throw 1', { handlerName: 'onClick', panelId: 'orders' });
    expect(result.error?.context).toMatchObject({ handlerName: 'onClick', panelId: 'orders' });
  });

  it('uses the file name it is given in stacks', async () => {
    const result = await runtime.executeHandler('\nthrow new Error("x")', {}, { filename: 'rules/vat.js' });
    expect(result.error?.stack).toContain('rules/vat.js:2:');
  });

  describe('bad code', () => {
    it('bad code with a syntax error is a result with line, column and a caret', async () => {
      const result = await runtime.executeHandler('const a = 1;\nconst b = ;\nreturn a');
      expect(result).toMatchObject({
        status: 'error',
        error: { code: 'COMPILATION_ERROR', location: { line: 2, column: 11 } },
      });
      expect(result.error?.snippet).toBe('1 | const a = 1;\n2 | const b = ;\n  |           ^\n3 | return a');
    });

    it.each([
      ['empty', ' \n\t', 'empty'],
      ['a lone surrogate', 'return "\ud800"', 'index 8'],
      ['leaving its wrapper', '}); steal(); (async function(){', 'closes the function'],
    ])('%s is INVALID_HANDLER', async (_title, source, says) => {
      const result = await runtime.executeHandler(source);
      expect(result.error).toMatchObject({ code: 'INVALID_HANDLER', message: expect.stringContaining(says) });
    });

    it.each([
      [undefined],
      [null],
      [42],
      [{ code: 'return 1' }],
      [Buffer.from('return 1')],
    ])('bad code that is no string (%s) is INVALID_ARGUMENT', async (source) => {
      const error = await rejection(runtime.executeHandler(source as unknown as string));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', fault: 'caller', context: { field: 'code' } });
    });

    it.each([
      ['\0', 'COMPILATION_ERROR'],
      ['return import.meta', 'COMPILATION_ERROR'],
      ['yield 1; )', 'COMPILATION_ERROR'],
    ])('%j is %s', async (source, code) => {
      expect((await runtime.executeHandler(source)).error?.code).toBe(code);
    });

    it('bad code with a byte order mark or a hashbang runs', async () => {
      expect((await runtime.executeHandler('\ufeffreturn 1')).returnValue).toBe(1);
      expect((await runtime.executeHandler('#!/usr/bin/env node\nreturn 2')).returnValue).toBe(2);
    });
  });

  describe('a bad context', () => {
    it.each([
      [{ args: { user: { onClick() {} } } }, 'args.user.onClick'],
      [{ scope: [Symbol('s')] }, 'scope[0]'],
      [{ stateSnapshot: { when: new (class Moment {})() }, capabilities: ALL_CAPABILITIES }, 'stateSnapshot.when'],
    ])('value that cannot cross rejects naming its path', async (context, path) => {
      const error = await rejection(runtime.executeHandler('return 1', context));
      expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path } });
      expect(error.message).toContain(path);
    });

    it.each([
      [{ capabilities: ['state:write'] }, 'context.capabilities[0]'],
      [{ capabilities: ['events:emit:a*b'] }, 'context.capabilities[0]'],
      [{ capabilities: 'all' }, 'context.capabilities'],
      [{ stateSnapshot: [1] }, 'context.stateSnapshot'],
      [{ stateSnapshot: encoded(Buffer.from([0xc1])) }, 'context.stateSnapshot'],
      [{ stateSnapshot: encoded(pack([1])) }, 'context.stateSnapshot'],
      [{ stateSnapshot: pack({ a: 1 }) }, 'encoded(bytes)'],
      [{ argz: 1 }, 'context.argz'],
      [null, 'context'],
    ])('%j rejects naming %s', async (context, field) => {
      const error = await rejection(runtime.executeHandler('return 1', context as never));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain(field);
    });

    it('a bad context that claims to be endless is given up on the way', async () => {
      const args: unknown[] = [];
      args.length = 4e9;
      expect((await rejection(runtime.executeHandler('return 1', { args }))).context).toMatchObject({
        limit: 'maxContextBytes',
      });
    });

    it('a bad context with an accessor that throws rejects naming its path', async () => {
      const args = Object.defineProperty({}, 'x', { enumerable: true, get: () => assert.fail('not now') });
      const error = await rejection(runtime.executeHandler('return 1', { args }));
      expect(error).toMatchObject({ code: 'SERIALIZATION_ERROR', context: { path: 'args.x' } });
    });

    it('larger than maxContextBytes rejects with both figures', async () => {
      const error = await rejection(runtime.executeHandler('return 1', { args: 'x'.repeat(9 * 1024 * 1024) }));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', context: { limit: 'maxContextBytes' } });
    });

    it.each([
      [{ timeoutMs: 0 }, 'timeoutMs'],
      [{ timeoutMs: 1.5 }, 'timeoutMs'],
      [{ limits: { maxEvents: 101 } }, 'limits.maxEvents'],
      [{ limits: { maxEvent: 1 } }, 'limits.maxEvents'],
      [{ timeout: 5 }, 'options.timeoutMs'],
      [{ seed: Number.NaN }, 'seed'],
      [{ filename: 'a\n1' }, 'filename'],
      [{ filename: '\ud800.js' }, 'filename'],
    ])('option %j rejects naming %s', async (options, names) => {
      const error = await rejection(runtime.executeHandler('return 1', {}, options as never));
      expect(error.code).toBe('INVALID_ARGUMENT');
      expect(error.message).toContain(names);
    });
  });

  describe('artifacts', () => {
    it('run where the source was never seen', async () => {
      const artifact = await runtime.precompileHandler('return $args + 1', { filename: 'add.js' });
      const other = await createRuntime({ cacheDir: false });
      try {
        const result = await other.executeCompiledHandler(artifact, { args: 41 });
        expect(result).toMatchObject({ status: 'success', returnValue: 42, metrics: { cacheHit: true } });
      } finally {
        await other.shutdown();
      }
    });

    it('keep lines and snippets', async () => {
      const artifact = await runtime.precompileHandler('\n\nthrow new Error("here")');
      const result = await runtime.executeCompiledHandler(artifact);
      expect(result.error).toMatchObject({
        location: { line: 3 },
        snippet: expect.stringContaining('throw new Error'),
      });
    });

    it.each([
      ['truncated', (bytes: Uint8Array) => bytes.subarray(0, -1), 'mac'],
      ['edited', (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 40 ? byte ^ 1 : byte)), 'mac'],
      ['source text', () => Buffer.from('return 1'.repeat(20)), 'magic'],
      ['nothing', () => new Uint8Array(), 'length'],
    ])('%s reject with INVALID_ARTIFACT saying which check failed', async (_title, damage, problem) => {
      const artifact = await runtime.precompileHandler('return 1');
      const error = await rejection(runtime.executeCompiledHandler(damage(artifact)));
      expect(error).toMatchObject({ code: 'INVALID_ARTIFACT', context: { problem } });
    });

    it('artifacts that claim the key of another handler do not take its place', async () => {
      const { fingerprint } = await loadEngine();
      const victim = openArtifact(await runtime.precompileHandler('return "victim"'), fingerprint, []);
      const evil = openArtifact(await runtime.precompileHandler('return "evil"'), fingerprint, []);
      const forged = sealArtifact(victim.header, evil.content, undefined);
      expect((await runtime.executeCompiledHandler(forged)).returnValue).toBe('evil');
      expect((await runtime.executeHandler('return "victim"')).returnValue).toBe('victim');
    });

    it.each([
      [
        'engine',
        (artifact: Artifact) => sealArtifact({ ...artifact.header, engine: 'another' }, artifact.content, undefined),
      ],
      [
        'mac',
        (artifact: Artifact) => sealArtifact(artifact.header, artifact.content, Buffer.from('a secret of others')),
      ],
      [
        'header',
        (artifact: Artifact) => sealArtifact({ ...artifact.header, namespace: 'app:x' }, artifact.content, undefined),
      ],
    ])('sealed with a wrong %s reject saying so', async (problem, reseal) => {
      const { fingerprint } = await loadEngine();
      const artifact = openArtifact(await runtime.precompileHandler('return 1'), fingerprint, []);
      expect(await rejection(runtime.executeCompiledHandler(reseal(artifact)))).toMatchObject({
        code: 'INVALID_ARTIFACT',
        context: { problem },
      });
    });

    it('artifacts of bad code reject with the code, the place and the snippet', async () => {
      const error = await rejection(runtime.precompileHandler('return ('));
      expect(error).toMatchObject({ code: 'COMPILATION_ERROR', context: { location: { line: 1 } } });
    });
  });

  it('counts what it does, in its statistics and in Prometheus alike', async () => {
    const counted = await createRuntime({ cacheDir: false });
    try {
      await counted.executeHandler('return 1');
      await counted.executeHandler('return 1');
      await counted.executeHandler('throw 1');
      expect(counted.getStats()).toMatchObject({
        totalExecutions: 3,
        errors: { EXECUTION_ERROR: 1 },
        cacheHitRate: 1 / 3,
        cache: { memory: { hits: 1 }, misses: 2, compilations: 2 },
      });
      const text = await counted.getPrometheusMetrics();
      expect(text).toContain('nexus_handler_executions_total{status="success"} 2');
      expect(text).toContain('nexus_handler_executions_total{status="error"} 1');
      expect(text).toContain('nexus_cache_hits_total{tier="memory"} 1');
      expect(text).toContain('nexus_handler_duration_seconds_count 3');
    } finally {
      await counted.shutdown();
    }
  });

  it('puts its metrics into a registry it is given', async () => {
    const registry = new Registry();
    const counted = await createRuntime({ cacheDir: false, metrics: { registry, prefix: 'app_' } });
    try {
      await counted.executeHandler('return 1');
      await counted.getPrometheusMetrics();
      expect(await registry.metrics()).toContain('app_handler_executions_total{status="success"} 1');
    } finally {
      await counted.shutdown();
    }
  });
});

describe('starting', () => {
  it('rejects an unknown option naming the nearest', async () => {
    const error = await rejection(createRuntime({ cacheDirectory: 'x' } as never));
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', context: { nearest: 'cacheDir' } });
  });

  it('rejects a library that cannot be initialised, with its name and the reason', async () => {
    const error = await rejection(createRuntime({ cacheDir: false, libraries: { dom: { source: 'document.title' } } }));
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', context: { option: 'libraries.dom' } });
    expect(error.message).toMatch(/dom\.js.*document/s);
  });

  it('rejects a library file that cannot be read', async () => {
    const error = await rejection(createRuntime({ cacheDir: false, libraries: { a: { file: '/no/such/file.js' } } }));
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', context: { option: 'libraries.a.file' } });
  });
});

describe('shutting down', () => {
  it('finishes what was accepted, refuses what comes later, and is idempotent', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const accepted = Array.from({ length: 20 }, (_, n) => runtime.executeHandler('return $args', { args: n }));
    await new Promise(setImmediate);
    const ending = runtime.shutdown();
    expect(runtime.shutdown()).toBe(ending);
    expect((await Promise.all(accepted)).map((result) => result.returnValue)).toEqual(
      Array.from({ length: 20 }, (_, n) => n),
    );
    await ending;
    expect((await rejection(runtime.executeHandler('return 1'))).code).toBe('RUNTIME_CLOSED');
    expect((await rejection(runtime.precompileHandler('return 1'))).code).toBe('RUNTIME_CLOSED');
  });

  it('shutting down with a handler that does not end gives up after the drain timeout', async () => {
    const runtime = await createRuntime({ cacheDir: false });
    const ended = rejection(runtime.executeHandler('while (true);', {}, 60_000));
    await workersExecute();
    await runtime.shutdown({ drainTimeoutMs: 1 });
    expect((await ended).code).toBe('RUNTIME_CLOSED');
    expect((await rejection(runtime.shutdown({ drainTimeoutMs: Number.NaN }))).code).toBe('INVALID_ARGUMENT');
  });

  it('an idle runtime does not keep its process alive', async () => {
    const program = `
      import { createRuntime } from '${await bundleSource('src/index.ts')}';
      const runtime = await createRuntime({ cacheDir: false });
      console.log((await runtime.executeHandler('return 6 * 7')).returnValue);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 20_000,
    });
    expect(stdout.trim()).toBe('42');
  });

  it('a full queue is POOL_SATURATED and nothing else', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxQueue: 2 });
    try {
      await runtime.executeHandler('return $args');
      const calls = Array.from({ length: 6 }, (_, n) => runtime.executeHandler('return $args', { args: n }));
      const settled = await Promise.allSettled(calls);
      const refused = settled.filter((call) => call.status === 'rejected');
      expect(refused).toHaveLength(3);
      for (const call of refused) expect(call.reason).toMatchObject({ code: 'POOL_SATURATED', retryable: true });
    } finally {
      await runtime.shutdown();
    }
  });
});

describe('a stand-alone compiler', () => {
  let compiler: HandlerCompiler | undefined;
  afterEach(() => compiler?.close());

  it('fills the directory that a runtime then finds filled', async () => {
    const shared = join(directory, 'shared');
    compiler = new HandlerCompiler({ cacheDir: shared });
    const { key } = await compiler.compile('return "precompiled"');
    await compiler.close();
    expect(await readdir(join(shared, 'v2'))).toEqual([`${key}.qjsc`]);
    const runtime = await createRuntime({ cacheDir: shared });
    try {
      expect((await runtime.executeHandler('return "precompiled"')).metrics.cacheTier).toBe('disk');
    } finally {
      await runtime.shutdown();
    }
  });

  it('rejects bad code, and calls after close', async () => {
    compiler = new HandlerCompiler({ cacheDir: false });
    expect((await rejection(compiler.compile('('))).code).toBe('COMPILATION_ERROR');
    await compiler.close();
    expect((await rejection(compiler.compile('return 1'))).code).toBe('RUNTIME_CLOSED');
  });
});
