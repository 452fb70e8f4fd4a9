import { createHash, randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { decodeInput, encodeInput } from '#src/runtime/durable/run-input.js';

it('the input of a run is hashed in slices, between which others have turns and may change their bytes', async () => {
  const artifact = randomBytes(6 * 1024 * 1024);
  const given = Buffer.from(artifact);
  let turns = 0;
  let isDone = false;
  const encoding = encodeInput({ code: { artifact: given }, context: {}, options: {} }).finally(() => {
    isDone = true;
  });
  for (; !isDone; turns++) {
    await nextTurn();
    given.fill(0);
  }
  const { document, codeHash } = await encoding;
  expect(turns).toBeGreaterThanOrEqual(6);
  expect(codeHash).toBe(createHash('sha256').update('artifact\0').update(artifact).digest('hex'));
  const { code } = await decodeInput('id', document);
  expect('artifact' in code && Buffer.compare(code.artifact, artifact)).toBe(0);
});
