import fc from 'fast-check';
import { expect, it } from 'vitest';

import { byViews, natively } from '#src/support/same-ranges.js';

it('ranges of bytes are the same by views as by the comparison of Node', () => {
  const range = fc.tuple(fc.nat(6), fc.nat(6)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  const bytes = fc.uint8Array({ minLength: 6, maxLength: 6, max: 1 });
  fc.assert(
    fc.property(bytes, range, bytes, range, (one, [start, end], other, [otherStart, otherEnd]) => {
      const args = [Buffer.from(one), start, end, other, otherStart, otherEnd] as const;
      const expected = Buffer.from(one.slice(start, end)).equals(other.slice(otherStart, otherEnd));
      expect([natively(...args), byViews(...args)]).toEqual([expected, expected]);
    }),
  );
});
