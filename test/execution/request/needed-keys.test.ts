import { describe, expect, it } from 'vitest';

import { NeededKeys } from '#src/execution/request/needed-keys.js';

const MANY = 100_000;

describe('the keys that a text needs', () => {
  it.each([
    ['rows', '$state.rows'],
    ['rows', 'const { rows } = s'],
    ['a-b', 's["a-b"]'],
    ['größe', 's.größe'],
    ['', 's.x'],
    ['--', 's.x'],
  ])('have %j in %s', (key, text) => {
    expect(new NeededKeys(text).has(key)).toBe(true);
  });

  it.each([
    ['rows', '$state.row + $state.rowsOf'],
    ['a-b', 's.a - s.c'],
    ['größe', 's.gr'],
  ])('do not have %j in %s', (key, text) => {
    expect(new NeededKeys(text).has(key)).toBe(false);
  });

  it.each(['state[k]', 'state ?. [ k]', '$state [`' + '`.x]'])('are not known of %s', (text) => {
    expect(new NeededKeys(text).needsAll).toBe(!text.includes('`'));
  });

  it('are all in a text that is too long to look at', () => {
    expect(new NeededKeys(' '.repeat(20 * MANY)).has('rows')).toBe(true);
  });

  // The square of their length would take minutes.
  it.each([
    ['spaces', `state${' '.repeat(MANY)}x`],
    ['dots', `${'... '.repeat(MANY / 4)}x`],
    ['brackets', `${'state["'.repeat(MANY / 7)}x`],
    ['one letter', 'a'.repeat(MANY)],
    ['words', Array.from({ length: MANY / 12 }, (_, i) => `word${i}`).join(' ')],
  ])('are found in a hostile text in proportion to its length: %s', (_, text) => {
    const needs = new NeededKeys(text);
    for (let i = 0; i < 1_000; i++) needs.has(`${'a'.repeat(i)}b`);
    expect(needs.needsAll).toBe(false);
  });
});
