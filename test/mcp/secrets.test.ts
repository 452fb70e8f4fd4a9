import { describe, expect, it } from 'vitest';

import { valueWithoutSecrets, withoutSecrets } from '#src/mcp/config/secrets.js';

const SECRETS = new Map([
  ['SHORT', 'abcdef'],
  ['LONG', 'abcdefghij'],
  ['NUMBER', '123456'],
  ['QUOTED', 'has "quotes"\nand lines'],
]);

describe('secrets in what programs and models see', () => {
  it('are replaced whole, also where one is a part of another', () => {
    expect(withoutSecrets('key abcdefghij, key abcdef', SECRETS)).toBe('key ${env:LONG}, key ${env:SHORT}');
  });

  it('are replaced in texts and keys of values, wherever they are', () => {
    const value = {
      list: ['of abcdefghij', { abcdef: 'has "quotes"\nand lines' }],
      __proto__: null,
      plain: [1, null, true],
    };
    expect(valueWithoutSecrets(value, SECRETS)).toEqual({
      list: ['of ${env:LONG}', { '${env:SHORT}': '${env:QUOTED}' }],
      plain: [1, null, true],
    });
  });

  it('are numbers only where the whole number is one', () => {
    const value = { id: 1234567, text: 'x123456', key: 123456, near: [12345, 1.5, -123456] };
    expect(valueWithoutSecrets(value, SECRETS)).toEqual({
      ...{ id: 1234567, text: 'x${env:NUMBER}', key: '${env:NUMBER}', near: [12345, 1.5, -123456] },
    });
  });

  it('are looked for in nothing if there are none of them in it', () => {
    const value = { any: ['thing'] };
    expect(valueWithoutSecrets(value, SECRETS)).toBe(value);
    expect(valueWithoutSecrets(undefined, SECRETS)).toBeUndefined();
  });
});
