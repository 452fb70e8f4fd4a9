import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import * as abi from '#src/guest/abi.js';

/** What was agreed under each version. A version that was released is not changed: add the next one. */
const KNOWN: Readonly<Record<number, string>> = {
  1: '999d8520d07712699a5aa0fe8cc45921c95dc6cc06e34de24778f5560f6d24c6',
  2: 'd3666e78e64ea9cc54a45faca1914e29d910413663264d8839f8eed82cc8bcd7',
  3: '16c93620c88224663e79726ddc7d94c5c60d0337de449ad25d17effc71865a9b',
  4: '16eab2125250d2918988025c142b4b8c29f95b9824a15b701d6dd9bd2fabdc80',
};

function digestOf({ ABI_VERSION: _, ...agreed }: typeof abi): string {
  const sorted = Object.entries(agreed).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

describe('the ABI of host and guest', () => {
  it('has a version that is raised with its content', () => {
    expect(digestOf(abi)).toBe(KNOWN[abi.ABI_VERSION]);
  });

  it('has another digest when an order or a position in it is another', () => {
    expect(digestOf({ ...abi, COUNTED_LIMITS: abi.COUNTED_LIMITS.toReversed() as never })).not.toBe(digestOf(abi));
    expect(digestOf({ ...abi, LOGGING: 4 as never })).not.toBe(digestOf(abi));
  });
});
