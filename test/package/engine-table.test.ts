import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

import { KNOWN_ENGINES } from '#src/engine/known-engines.js';

it('the derivation finds the facts of the table for the installed engine', async () => {
  const script = fileURLToPath(new URL('../../scripts/derive-engine-table.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 1024 * 1024 });
  const { name: _, ...facts } = JSON.parse(stdout, (_key, value) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value,
  );
  expect(
    KNOWN_ENGINES.some(({ name: __, ...known }) => JSON.stringify(print(known)) === JSON.stringify(print(facts))),
  ).toBe(true);
}, 120_000);

function print(value: object): unknown {
  return JSON.parse(JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? String(item) : item)));
}
