import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { createRuntime } from '#src/index.js';

import { SCRIPTS } from './scripts.js';

/** Enough memory for a library of half a megabyte and the objects that it creates. */
const OPTIONS = {
  cacheDir: false,
  metrics: false,
  maxInstances: 1,
  memoryLimitBytes: 128 * 2 ** 20,
  timeoutMs: 30_000,
} as const;

/** The whole package as one CommonJS text, as an application would bundle it. */
async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `module.exports = require(${JSON.stringify(name)});`,
      resolveDir: import.meta.dirname,
      loader: 'js',
    },
    bundle: true,
    format: 'cjs',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error(`${name} was not bundled`);
  return file.text;
}

/** The same text and the same handler, in this Node. */
async function inNode(source: string, handler: string): Promise<unknown> {
  const module = { exports: {} };
  new Function('module', 'exports', source)(module, module.exports);
  const run = new Function('$lib', `return (async () => {${handler}\n})();`) as (lib: object) => Promise<unknown>;
  return run({ it: module.exports });
}

describe('a handler that uses a library computes what Node computes', () => {
  it.each(SCRIPTS)('a handler that uses $name computes what Node computes', async ({ name, handler }) => {
    const source = await bundle(name);
    await using runtime = await createRuntime({ ...OPTIONS, libraries: { it: { source } } });
    const result = await runtime.executeHandler(handler);
    expect(result.error).toBeUndefined();
    const expected = await inNode(source, handler);
    expect(result.returnValue).toEqual(expected);
    expect(Array.isArray(expected) && expected.length).toBeGreaterThanOrEqual(10);
  }, 120_000);
});
