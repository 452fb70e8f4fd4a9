import { describe, expect, it } from 'vitest';

import { KeyDeriver } from '#src/compiler/key.js';

describe('the key of a source', () => {
  const deriver = new KeyDeriver('engine-1');

  it.each([
    ['nothing', ''],
    ['a few characters', 'return "aé€😀"'],
    ['megabytes of ASCII', 'return 1\n'.repeat(300_000)],
    ['megabytes of everything', 'aé€😀'.repeat(400_000)],
  ])('is the same when it is hashed in slices: %s', async (_name, source) => {
    for (const filename of ['handler.js', 'rules/é.ts']) {
      const { key, encoded } = await deriver.deriveInSlices({ source, filename });
      expect(key).toBe(deriver.derive({ source, filename }));
      expect(encoded && Buffer.from(encoded).toString('utf8') === source).toBe(true);
    }
  });

  it('is another for another engine, file name, source or source map, and for a source that is not kept', async () => {
    const text = { source: 'return 1', filename: 'a.js' };
    const withMaps = [
      { sourceMap: '{}' },
      { sourceMap: '{} ' },
      { sourceMap: '' },
      { sourceMap: '{}', keepsSource: false },
    ];
    const keys = [
      ...(await Promise.all(withMaps.map((one) => deriver.deriveInSlices({ ...text, ...one })))).map(({ key }) => key),
      deriver.derive({ ...text, keepsSource: false }),
      deriver.derive({ source: 'return 1', filename: 'a.js' }),
      deriver.derive({ source: 'return 2', filename: 'a.js' }),
      deriver.derive({ source: 'return 1', filename: 'b.js' }),
      deriver.derive({ source: 'return 1', filename: 'a.ts' }),
      new KeyDeriver('engine-2').derive({ source: 'return 1', filename: 'a.js' }),
      deriver.derive({ source: '', filename: 'a.jsreturn 1' }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
