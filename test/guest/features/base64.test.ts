import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { expectAsInNode, inVm } from '../../support/globals.js';

describe('btoa', () => {
  it('encodes as Node does, and refuses what is not Latin-1', async () => {
    const inputs = ['', 'a', 'ab', 'abc', 'abcd', '\0', '\xff\xfe', 'é', 'Ā', '€', '😀', 'x'.repeat(5000), '\ud800'];
    await expectAsInNode((input: string) => btoa(input), inputs);
  });

  it('takes whatever becomes a string', async () => {
    await expectAsInNode((input: unknown) => btoa(input as string), [undefined, null, 12, true, [1, 2]]);
  });
});

describe('atob', () => {
  it('decodes as Node does: white space, missing padding, and nothing that is no base64', async () => {
    const inputs = [
      '',
      'YQ==',
      'YQ=',
      'YQ',
      'Y',
      'YWI=',
      'YWI',
      'YWJj',
      ' Y W\tJ\nj\f\r',
      'YW Jj=',
      ' YQ=',
      'YQ= ',
      'Y Q==',
      ' YQ==   ',
      '=',
      '====',
      'YQ===',
      'a-b_',
      'YQ==YQ==',
      'YWJj\v',
      'ab\u00a0cd',
      'ééé',
      '+/+/',
      'YR==',
      'YWJ=',
      'AAA=A',
      'A=A=',
      'TWFu'.repeat(4000),
    ];
    await expectAsInNode((input: string) => atob(input), inputs);
  });

  it('atob of btoa is the identity on bytes, and both agree with Node on any text', async () => {
    const binary = fc.sample(fc.string({ unit: 'binary', maxLength: 60 }), 300);
    const latin1 = fc.sample(fc.uint8Array({ maxLength: 60 }), 300).map((bytes) => String.fromCharCode(...bytes));
    await expectAsInNode((input: string) => btoa(input), [...binary, ...latin1]);
    await expectAsInNode((input: string) => atob(input), [...binary, ...latin1.map(btoa)]);
    const back = await inVm((input: string) => atob(btoa(input)), latin1);
    expect(back).toEqual(latin1.map((value) => ({ value })));
  });

  it('throws an InvalidCharacterError that is a DOMException', async () => {
    const probe = () => {
      try {
        return atob('*');
      } catch (error) {
        const thrown = error as DOMException;
        return [thrown instanceof DOMException, thrown instanceof Error, thrown.name, thrown.code];
      }
    };
    await expectAsInNode(probe, [0]);
    await expectAsInNode(() => (atob as () => string)(), [0]);
  });
});
