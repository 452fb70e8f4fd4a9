import { expect, it } from 'vitest';

import { differencesOf } from '#src/testing/recording/differences.js';

it.each([
  ['nothing', { a: [1, { b: Number.NaN }] }, { a: [1, { b: Number.NaN }] }, []],
  ['a value', 1, 2, [{ path: '', recorded: 1, replayed: 2 }]],
  ['zeros', { a: 0 }, { a: -0 }, [{ path: 'a', recorded: 0, replayed: -0 }]],
  ['a key that is no name', { 'a b': 1 }, {}, [{ path: '["a b"]', recorded: 1, replayed: undefined }]],
  ['deep inside', { a: [{ b: { c: 1 } }] }, { a: [{ b: { c: 2 } }] }, [{ path: 'a[0].b.c', recorded: 1, replayed: 2 }]],
  ['a longer list', [1], [1, 2], [{ path: '[1]', recorded: undefined, replayed: 2 }]],
  [
    'a Map as a whole',
    { m: new Map([[1, 2]]) },
    { m: new Map() },
    [{ path: 'm', recorded: new Map([[1, 2]]), replayed: new Map() }],
  ],
])('finds %s', (_title, recorded, replayed, differences) => {
  expect(differencesOf(recorded, replayed, '')).toEqual(differences);
});
