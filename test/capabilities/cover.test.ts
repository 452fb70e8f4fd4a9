import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grants } from '#src/capabilities/grants.js';
import { capabilitiesCover, parseCapabilities } from '#src/index.js';

describe('capabilities from outside', () => {
  it('are a typed copy if they follow the grammar', () => {
    const given = ['state:read:*', 'ext:http'];
    const parsed = parseCapabilities(given);
    given.push('no');
    expect(parsed).toEqual(['state:read:*', 'ext:http']);
  });

  it.each<[unknown, string]>([
    [['state:read:a', 'state:all:*'], 'capabilities[1] is "state:all:*"'],
    [[7], 'capabilities[0] is 7'],
    ['state:read:a', 'capabilities is "state:read:a"; it must be an array'],
    [undefined, 'capabilities is undefined'],
  ])('%j are refused', (given, message) => {
    const error = expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) });
    expect(() => parseCapabilities(given as string[])).toThrow(error);
  });
});

describe('a list of capabilities covers another', () => {
  it.each<[string[], string[], boolean]>([
    [[], [], true],
    [['state:read:*'], ['state:read:a', 'state:read:b*'], true],
    [['state:read:*'], ['state:write:a'], false],
    [['state:read:ab*'], ['state:read:a*'], false],
    [['state:read:ab*'], ['state:read:ab'], true],
    [['state:read:a'], ['state:read:a*'], false],
    [['ext:http'], ['ext:http.get', 'ext:http.*'], true],
    [['ext:http.get'], ['ext:http'], false],
    [['ext:http'], ['ext:https.get'], false],
    [['ext:*'], ['ext:http'], true],
  ])('%j and %j: %s', (granted, needed, expected) => {
    expect(capabilitiesCover(granted, needed)).toBe(expected);
  });

  it('says which list a token is in that is none', () => {
    expect(() => capabilitiesCover(['x'], [])).toThrow('granted[0] is "x"');
    expect(() => capabilitiesCover([], ['y'])).toThrow('needed[0] is "y"');
  });

  it('exactly if all names that the other allows are allowed', () => {
    const pattern = fc
      .tuple(fc.constantFrom('', 'a', 'b', 'aa', 'ab'), fc.constantFrom('', '*'))
      .map((parts) => parts.join('') || 'a');
    const list = fc.array(
      pattern.map((one) => `state:read:${one}`),
      { maxLength: 3 },
    );
    const names = ['a', 'b', 'aa', 'ab', 'aaz', 'abz', 'z', 'bz', 'az'];
    fc.assert(
      fc.property(list, list, (granted, needed) => {
        const [mine, theirs] = [Grants.parse(granted), Grants.parse(needed)];
        const all = names.every((name) => !theirs.allows('state:read', name) || mine.allows('state:read', name));
        expect(capabilitiesCover(granted, needed)).toBe(all);
      }),
    );
  });
});
