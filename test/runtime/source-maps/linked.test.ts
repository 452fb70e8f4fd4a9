import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withRuntime } from '../../support/runtime-helpers.js';
import { Project } from './project.js';

const PROJECT = new Project({
  'handler.ts': "import { check } from './lib/check';\n// 😀\nexport default ({ n }: { n: number }) => check(n);\n",
  'lib/check.ts':
    "import { fail } from './fail.js';\nexport const check = (n: number): number => {\n  if (n < 0) return fail(n);\n  return n;\n};\n",
  'lib/fail.js': "export function fail(n) {\r\n\tconst s = '😀'; throw new RangeError«fails»(s + n);\r\n}\r\n",
});
const textOf = (file: string) => PROJECT.files[file]?.text ?? '';
const modules = { files: { 'lib/check.ts': textOf('lib/check.ts'), 'lib/fail.js': textOf('lib/fail.js') } };
const OPTIONS = { filename: 'handler.ts' };

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-linked-'));
});
afterAll(() => rm(directory, { recursive: true }));

describe('a handler that imports files', () => {
  it('tells the places of errors in them, from memory, from disk and from an artifact', async () => {
    const expected = {
      location: PROJECT.place('fails'),
      snippet: expect.stringContaining('throw new RangeError(s + n)'),
    };
    const context = { args: { n: -1 } };
    const artifact = await withRuntime({ cacheDir: directory, modules }, async (runtime) => {
      for (let i = 0; i < 2; i++) {
        const { error } = await runtime.executeHandler(textOf('handler.ts'), context, OPTIONS);
        expect(error).toMatchObject(expected);
        expect(error?.stack).toMatch(/fail \(lib\/fail\.js:2:[\s\S]*check \(lib\/check\.ts:3:[\s\S]*\(handler\.ts:3:/);
      }
      return runtime.precompileHandler(textOf('handler.ts'), OPTIONS);
    });
    await withRuntime({ cacheDir: directory, modules }, async (runtime) => {
      const { error, metrics } = await runtime.executeHandler(textOf('handler.ts'), context, OPTIONS);
      expect(metrics.cacheTier).toBe('disk');
      expect(error).toMatchObject(expected);
    });
    await withRuntime({}, async (runtime) => {
      expect((await runtime.executeCompiledHandler(artifact, context)).error).toMatchObject(expected);
    });
  });
});
