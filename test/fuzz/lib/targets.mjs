import { readdirSync } from 'node:fs';

const FOLDER = new URL('../targets/', import.meta.url);

/** The names of all targets. */
export const TARGET_NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -'.mjs'.length))
  .sort();

/**
 * A target exports, by name:
 * - `cases` and `short`: how many cases its long form and its short form have;
 * - `generate(random, index)` → a case;
 * - `run(case, session)` → undefined, or a finding `{ kind, message }`; may be asynchronous;
 * - `open()` → a session for all cases, and `close(session)`, if it needs one;
 * - `smaller(case)` → smaller cases, if it can;
 * - `nodeOptions`: of the process that runs it;
 * - `describe(case)`: a text of it;
 * - `maxHoldMs(case)`: how long it may hold the main thread, when that is not the usual time.
 */
export async function loadTarget(name) {
  if (!TARGET_NAMES.includes(name)) throw new Error(`There is no target "${name}": ${TARGET_NAMES.join(', ')}.`);
  return import(new URL(`${name}.mjs`, FOLDER));
}
