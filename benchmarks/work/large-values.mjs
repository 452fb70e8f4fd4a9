// Values of some hundred KB, one for each kind of data that is encoded in a way of its own.
const list = (length, make) => Array.from({ length }, (_, i) => make(i));

function tree(depth) {
  return depth === 0 ? { leaf: true, n: 1 } : { l: tree(depth - 1), r: tree(depth - 1), v: depth };
}

const fieldOf = (i, k) => [i + k, `v${i % 50}`, i % 2 === 0][k % 3];

export const LARGE_VALUES = {
  '9,000 records of 3 keys': list(9_000, (id) => ({ id, name: `customer ${id * 7919}`, total: id * 12.5 })),
  '2,000 records of 16 keys': list(2_000, (i) => Object.fromEntries(list(16, (k) => [`field_${k}`, fieldOf(i, k)]))),
  '4,000 records with arrays and records inside': list(4_000, (id) => ({
    ...{ id, sku: `SKU-${id}`, price: id * 1.25, active: id % 3 === 0, tags: ['a', 'b', 'c'].slice(id % 3) },
    ...{ dims: { w: id % 10, h: id % 7, d: 1 }, note: id % 4 === 0 ? 'hello world' : null },
  })),
  'a tree of 16,383 objects': tree(13),
  '100,000 whole numbers': list(100_000, (i) => i * 3),
  '50,000 fractions': list(50_000, (i) => i * 1.37),
  '20,000 strings, ASCII': list(20_000, (i) => `string number ${i} of twenty thousand`),
  '20,000 strings, Latin-1': list(20_000, (i) => `Zürich straße ${i} à la carte`),
  '10,000 strings, UTF-16': list(10_000, (i) => `Москва 東京 ${i} снег`),
  'a string of 1 MB': 'lorem ipsum '.repeat(85_000),
  'a Float64Array of 1 MB': new Float64Array(125_000).map((_, i) => i * 1.1),
};
