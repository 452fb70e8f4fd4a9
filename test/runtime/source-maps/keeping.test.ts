import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HandlerCompiler, type RuntimeOptions } from '#src/index.js';
import { rejection, withRuntime } from '../../support/runtime-helpers.js';
import { inProcess } from '../../suspension/process-helpers.js';
import { answer } from '../../suspension/resume-helpers.js';
import { Project } from './project.js';

const PROJECT = new Project({
  'main.ts': [
    "import { check } from './check';",
    'export default async ({ n }: { n: number }) => {',
    "  const answer = await $ext.http.get('/x');",
    '  return check(n, answer as number);',
    '};',
  ].join('\n'),
  'check.ts':
    '// 😀\nexport const check = (n: number, m: number) => {\n  throw new RangeError«fails»(`no ${n} ${m}`);\n};\n',
});
const SIMPLE = new Project({ 'main.ts': 'type X = 1;\nexport default () => { throw new Error«fails»("x"); };\n' });
/** The place in a file, with the line. */
const FAILS = { location: SIMPLE.place('fails'), snippet: expect.stringContaining('export default () =>') };

let directory: string;
let code: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-source-maps-'));
  ({ code } = await SIMPLE.bundle('main.ts'));
});
afterAll(() => rm(directory, { recursive: true }));

/** In a runtime of its own, with an own disk cache. */
const inRuntime = <T>(cacheDir: string, use: Parameters<typeof withRuntime<T>>[1], options: RuntimeOptions = {}) =>
  withRuntime({ cacheDir: join(directory, cacheDir), maxInstances: 1, ...options }, use);

describe('a source map is kept', () => {
  it('in the memory of a runtime', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      for (const hit of [false, true, true]) {
        const { error, metrics } = await runtime.executeHandler(code);
        expect(error).toMatchObject(FAILS);
        expect(metrics.cacheHit).toBe(hit);
      }
    });
  });

  it('in the disk cache, for a runtime that never saw the file', async () => {
    await inRuntime('disk', (runtime) => runtime.executeHandler(code));
    await inRuntime('disk', async (runtime) => {
      const { error, metrics } = await runtime.executeHandler(code);
      expect(metrics.cacheTier).toBe('disk');
      expect(error).toMatchObject(FAILS);
    });
  });

  it('in artifacts, sealed with a secret or not', async () => {
    for (const cacheSecret of [undefined, 'a secret of sixteen and more']) {
      const options = cacheSecret === undefined ? {} : { cacheSecret };
      const artifact = await withRuntime(options, (runtime) => runtime.precompileHandler(code));
      await withRuntime(options, async (runtime) => {
        expect((await runtime.executeCompiledHandler(artifact)).error).toMatchObject(FAILS);
        // The caller's bytes may change once it was read.
        artifact.fill(0);
      });
    }
  });

  it('beside the bytecode: the text that is kept ends before it', async () => {
    await using compiler = new HandlerCompiler({ cacheDir: false });
    const handler = await compiler.compile(code);
    expect(handler.source).not.toContain('sourceMappingURL');
    expect(code.startsWith(handler.source)).toBe(true);
    expect(handler.sourceMap?.digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await compiler.compile('return 1')).sourceMap).toBeUndefined();
  });

  it('and counts in the bytes of the cache', async () => {
    await withRuntime({}, async (runtime) => {
      const bytesOf = async (source: string) => {
        await runtime.clearCache();
        await runtime.precompileHandler(source);
        return runtime.getStats().cache.memory.bytes;
      };
      const plain = await bytesOf(code.slice(0, code.indexOf('//# sourceMappingURL')));
      const mapped = await bytesOf(code);
      await using compiler = new HandlerCompiler({ cacheDir: false });
      const { sourceMap } = await compiler.compile(code);
      expect(mapped - plain).toBe(sourceMap?.deflated.length);
    });
  });
});

describe('a source map that was changed after it was sealed', () => {
  /** Changes a byte in front of the trailer, which is the map. */
  const damaged = (sealed: Uint8Array) => {
    const copy = Buffer.from(sealed);
    copy[copy.length - 40] = (copy.at(-40) as number) ^ 1;
    return copy;
  };

  it('is not used: places are those of the text that was compiled', async () => {
    await withRuntime({}, async (runtime) => {
      const artifact = await runtime.precompileHandler(code);
      const { error } = await runtime.executeCompiledHandler(damaged(artifact));
      expect(error?.location).not.toHaveProperty('file');
      expect(error?.snippet).toContain('throw new Error("x")');
    });
  });

  it('is found when the cache is verified', async () => {
    await inRuntime('damaged', (runtime) => runtime.precompileHandler(code));
    const [folder = ''] = await readdir(join(directory, 'damaged'));
    const [name = ''] = (await readdir(join(directory, 'damaged', folder))).filter((file) => file.endsWith('.qjsc'));
    const path = join(directory, 'damaged', folder, name);
    await writeFile(path, damaged(await readFile(path)));
    await using compiler = new HandlerCompiler({ cacheDir: join(directory, 'damaged') });
    expect((await compiler.verifyCache()).removed).toEqual([{ key: name.slice(0, -5), reason: 'mac' }]);
  });
});

describe('source: false', () => {
  const COMPILED = { line: expect.any(Number), column: expect.any(Number) };

  it('leaves source and source map out of an artifact', async () => {
    await withRuntime({}, async (runtime) => {
      const artifact = await runtime.precompileHandler(code, { source: false });
      expect(Buffer.from(artifact).includes('export default')).toBe(false);
      expect(artifact.length).toBeLessThan((await runtime.precompileHandler(code)).length);
      const { error } = await runtime.executeCompiledHandler(artifact);
      expect(error?.message).toBe('Error: x');
      expect(error?.location).toEqual(COMPILED);
      expect(error).not.toHaveProperty('snippet');
      expect(error?.stack).toContain('(handler.js:');
    });
  });

  it('is an option of a compiler, and of a runtime', async () => {
    const compiler = new HandlerCompiler({ cacheDir: join(directory, 'left-out'), source: false });
    expect(await compiler.compile(code)).toMatchObject({ source: '', sourceMap: undefined });
    expect((await compiler.compile(code, { source: true })).source).not.toBe('');
    await compiler.compile('return 1');
    await compiler.close();
    const options = { source: false };
    await inRuntime(
      'left-out',
      async (runtime) => {
        const { error, metrics } = await runtime.executeHandler(code);
        // What the compiler made.
        expect(metrics.cacheTier).toBe('disk');
        expect(error?.location).toEqual(COMPILED);
        expect(error).not.toHaveProperty('snippet');
        expect((await runtime.executeHandler('return 1')).metrics.cacheTier).toBe('disk');
      },
      options,
    );
    // Both kinds are in one directory.
    await inRuntime('left-out', async (runtime) => {
      expect((await runtime.executeHandler(code)).error).toMatchObject(FAILS);
    });
  });

  it('still tells where a source does not compile', async () => {
    await withRuntime({ source: false }, async (runtime) => {
      const { error } = await runtime.executeHandler('return 1;\nreturn )');
      expect(error).toMatchObject({
        location: { line: 2, column: 8 },
        snippet: expect.stringContaining('2 | return )'),
      });
    });
  });

  it('is true or false', async () => {
    await withRuntime({}, async (runtime) => {
      const error = await rejection(runtime.precompileHandler(code, { source: 'map' as never }));
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', context: { field: 'source' } });
    });
    expect(await rejection(withRuntime({ source: 1 as never }, async () => {}))).toMatchObject({
      code: 'INVALID_CONFIG',
    });
  });
});

describe('a handler that was suspended', () => {
  const CONTEXT = { args: { n: 7 }, capabilities: ['ext:http'], extensionRegistry: { http: ['get'] } };

  /** Bytes that do not get smaller. */
  const noise = (length: number) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
      createHash('sha256').update(`${i}`).digest(),
    );
    return Buffer.concat(blocks).toString('base64');
  };

  it.each([
    ['a small map', 0],
    ['a large map', 40_000],
  ])('goes on in another process, with %s', async (_size, bytes) => {
    const sources = Object.entries(PROJECT.files).map(([path, { text }]) => [path, text] as const);
    const project = new Project({
      ...Object.fromEntries(sources),
      'check.ts': `${PROJECT.files['check.ts']?.text}// ${noise(bytes)}\n`,
    });
    const { code: bundle } = await project.bundle('main.ts');
    const options = { cacheDir: false, suspensionDir: join(directory, `store ${bytes}`), maxInstances: 1 } as const;
    const first = await inProcess(options, [{ code: bundle, context: CONTEXT }]);
    const id = first.outcomes[0]?.result?.suspension?.suspensionId ?? '';
    const second = await inProcess(options, [{ resume: id, answers: answer(8) }]);
    const error = second.outcomes[0]?.result?.error;
    expect(error?.message).toBe('RangeError: no 7 8');
    if (bytes === 0) {
      expect(error).toMatchObject({
        location: PROJECT.place('fails'),
        snippet: expect.stringContaining('3 |   throw new RangeError'),
      });
    } else {
      // Its source is small enough to be kept.
      expect(error?.location).toEqual({ line: 3, column: 23 });
      expect(error?.snippet).toContain('3 |   throw new RangeError(`no ${n} ${m}`);');
    }
  });

  it('goes on in the same process with a map of any size', async () => {
    const project = new Project({
      'main.ts': `export default async () => { await $ext.http.get(1); throw new Error«fails»("x"); };\n// ${noise(40_000)}`,
    });
    const { code: bundle } = await project.bundle('main.ts');
    await withRuntime({}, async (runtime) => {
      const result = await runtime.run(
        bundle,
        { capabilities: ['ext:http'] },
        { extensions: { http: { get: async () => 1 } } },
      );
      expect(result.error?.location).toEqual(project.place('fails'));
    });
  });
});
