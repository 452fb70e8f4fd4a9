import { describe, expect, it } from 'vitest';

import { EncodedGrants } from '#src/execution/request/encoded-grants.js';

const TOKENS = ['state:read:known', 'state:write:known*', 'events:emit:known', 'ext:known.price'];

describe('lists of capabilities that were seen before', () => {
  it('are parsed once, whatever list they are in', () => {
    expect(EncodedGrants.of([...TOKENS])).toBe(EncodedGrants.of([...TOKENS]));
    expect(EncodedGrants.of([...TOKENS].reverse())).not.toBe(EncodedGrants.of([...TOKENS]));
    expect(EncodedGrants.of(TOKENS.slice(1))).not.toBe(EncodedGrants.of(TOKENS));
  });

  it('are those that they were when they were parsed: a list may be changed', () => {
    const list = [...TOKENS];
    const before = EncodedGrants.of(list);
    list[0] = 'state:read:other';
    expect(EncodedGrants.of(list)).not.toBe(before);
    expect(EncodedGrants.of([...TOKENS])).toBe(before);
  });

  it.each([
    ['a list in it', [['state:read:known']]],
    ['an object with its text', [{ toString: (): string => 'state:read:known' }]],
  ])('do not excuse what is no list of tokens: %s', (_, list) => {
    EncodedGrants.of(['state:read:known']);
    expect(() => EncodedGrants.of(list as string[])).toThrow(/capabilities/);
  });

  it.each(['\n', ','])('are not taken for one token with the same text: joined by %j', (separator) => {
    const two = TOKENS.slice(0, 2);
    const one = [two.join(separator)];
    const before = EncodedGrants.of([...two]);
    expect(EncodedGrants.of(one)).not.toBe(before);
    expect(EncodedGrants.of([...one])).not.toBe(before);
    expect(EncodedGrants.of([...two]).grants.grant('state:read')).toEqual(before.grants.grant('state:read'));
  });

  it('are forgotten when many others come', () => {
    const before = EncodedGrants.of([...TOKENS]);
    for (let i = 0; i < 1_000; i++) EncodedGrants.of([`state:read:other${i}`]);
    expect(EncodedGrants.of([...TOKENS])).not.toBe(before);
  });
});
