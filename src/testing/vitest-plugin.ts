/**
 * A plugin that makes vitest's watch mode know which tests use which handler files.
 *
 * @module nexus-runtime/testing/vitest-plugin
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { USES_VARIABLE } from './watch.js';

/** The part of vitest's configuration that the plugin sets. */
export interface HandlerWatchConfig {
  readonly test: {
    readonly env: Readonly<Record<string, string>>;
    readonly watchTriggerPatterns: {
      pattern: RegExp;
      testsToRun: (file: string) => string[] | undefined;
    }[];
  };
}

/** A plugin of Vite, as far as it is needed here. */
export interface HandlerWatchPlugin {
  readonly name: string;
  config(): HandlerWatchConfig;
}

/**
 * Tests are run again when a handler file changes that they passed to `runHandler` or `suspendAt`. Vitest 3.2
 * or newer:
 *
 * ```ts
 * // vitest.config.ts
 * import { watchHandlers } from 'nexus-runtime/testing/vitest-plugin';
 * import { defineConfig } from 'vitest/config';
 *
 * export default defineConfig({ plugins: [watchHandlers()] });
 * ```
 */
export function watchHandlers(): HandlerWatchPlugin {
  return {
    name: 'nexus-runtime:watch-handlers',
    config() {
      const folder = mkdtempSync(join(tmpdir(), 'nexus-handler-uses-'));
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
      const uses = join(folder, 'uses.jsonl');
      writeFileSync(uses, '');
      const pattern = /\.[cm]?[jt]s$/;
      return {
        test: {
          env: { [USES_VARIABLE]: uses },
          watchTriggerPatterns: [{ pattern, testsToRun: (file) => testsOf(uses, resolve(file)) }],
        },
      };
    },
  };
}

/** @returns undefined for a file that is not known as a handler, which vitest then treats as it does without us */
function testsOf(uses: string, handler: string): string[] | undefined {
  const lines = readFileSync(uses, 'utf8').split('\n').filter(Boolean);
  const tests = new Set<string>();
  for (const line of lines) {
    const [test, used] = JSON.parse(line) as [test: string | null, handler: string];
    if (test !== null && resolve(used) === handler) tests.add(test);
  }
  return tests.size === 0 ? undefined : [...tests];
}
