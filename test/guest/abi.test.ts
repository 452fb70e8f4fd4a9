import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import * as abi from '#src/guest/abi.js';
import { type GuestAbi, guestAbi, KNOWN_ABIS, PRESENT_ABI } from '#src/protocol/guest-abis.js';

/** What was agreed under each version. A version that was released is not changed: add the next one. */
const KNOWN: Readonly<Record<number, string>> = {
  1: '999d8520d07712699a5aa0fe8cc45921c95dc6cc06e34de24778f5560f6d24c6',
  2: 'd3666e78e64ea9cc54a45faca1914e29d910413663264d8839f8eed82cc8bcd7',
  3: '16c93620c88224663e79726ddc7d94c5c60d0337de449ad25d17effc71865a9b',
  4: '4006ce852dd319bf42da94e064e113f607b4413dcfeb9d66b96d10b657a9f8be',
  5: 'aa2d513b8a9783213dfec81f1ab2332aa67f413282fe38f38afa1a140ad59f13',
  6: '56abcf2602ca02450cf03825a4b4daad9cb1f5b9c85bc6b3110a4752967302df',
  7: '91ecdab4e3304249a67681879ca4dba5d3c6e6d50c326060f4ebe6d1fee65885',
  8: '36956cb388a72f80968afdb03ff6c44afbb5c500495686ff965cdf98c2fefb4b',
};

/** What of the older versions that are spoken a waiting handler depends on, of their own `guest/abi.ts`: exports, grants, limits, outcome. */
const SPOKEN: Readonly<Record<number, string>> = {
  7: '87d2e26933c5dab27ce53b2b25af99da19fd344fe68ff47eb47357aa22901381',
};

function digestOf({ ABI_VERSION: _, ...agreed }: typeof abi): string {
  const sorted = Object.entries(agreed).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

describe('the ABI of host and guest', () => {
  it('has a version that is raised with its content', () => {
    expect(digestOf(abi)).toBe(KNOWN[abi.ABI_VERSION]);
  });

  it('is spoken in older versions as each of them was', () => {
    expect(KNOWN_ABIS).toEqual([abi.ABI_VERSION, ...Object.keys(SPOKEN).map(Number).reverse()]);
    for (const [version, digest] of Object.entries(SPOKEN)) {
      const { exports, grantKinds, countedLimits, outcomeFields } = guestAbi(Number(version)) as GuestAbi;
      const parts = JSON.stringify([exports, grantKinds, countedLimits, outcomeFields]);
      expect(createHash('sha256').update(parts).digest('hex')).toBe(digest);
    }
    expect(guestAbi(abi.ABI_VERSION)).toBe(PRESENT_ABI);
    expect(guestAbi(1)).toBeUndefined();
  });

  it('has another digest when an order or a position in it is another', () => {
    expect(digestOf({ ...abi, COUNTED_LIMITS: abi.COUNTED_LIMITS.toReversed() as never })).not.toBe(digestOf(abi));
    expect(digestOf({ ...abi, LOGGING: 4 as never })).not.toBe(digestOf(abi));
  });
});
