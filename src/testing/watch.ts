import { appendFileSync } from 'node:fs';

/** The variable that names the file in which uses of handlers are noted: one JSON pair of test and handler each line. */
export const USES_VARIABLE = 'NEXUS_HANDLER_USES';

/** The part of vitest's state of a test file that is read. */
interface VitestState {
  readonly filepath?: unknown;
}

const noted = new Set<string>();

/**
 * Tells runners that watch files that a test reads a handler: Node's own (`node --watch`, `node --test
 * --watch`) as it is told of imports, and vitest by a file that `nexus-runtime/testing/vitest-plugin` reads.
 */
export function noteUse(handler: string): void {
  if (process.env['WATCH_REPORT_DEPENDENCIES'] !== undefined) process.send?.({ 'watch:require': [handler] });
  const file = process.env[USES_VARIABLE];
  if (file === undefined) return;
  const { filepath } = (globalThis as { __vitest_worker__?: VitestState }).__vitest_worker__ ?? {};
  const use = JSON.stringify([typeof filepath === 'string' ? filepath : null, handler]);
  if (noted.has(use)) return;
  noted.add(use);
  try {
    appendFileSync(file, `${use}\n`);
  } catch {
    // Then the test is not started again by itself.
  }
}
