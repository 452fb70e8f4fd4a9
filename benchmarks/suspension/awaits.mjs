// A handler that waits for a number of answers, one after the other, and the answers of an application.
import assert from 'node:assert/strict';

export const SOURCE = `
let total = 0;
for (const sku of $args.skus) {
  const { price } = await $ext.shop.price(sku);
  total += price;
}
$state.total = total;
return total;
`;

export const contextOf = (awaits) => ({
  stateSnapshot: { total: 0 },
  args: { skus: Array.from({ length: awaits }, (_, i) => `SKU-${i}`) },
  capabilities: ['state:read:total', 'state:write:total', 'ext:shop.price'],
});

export const answerTo = (sku) => ({ price: 100 + Number(sku.slice('SKU-'.length)) });

const totalOf = (awaits) => contextOf(awaits).args.skus.reduce((sum, sku) => sum + answerTo(sku).price, 0);

export function check(awaits, { returnValue, stateMutations }) {
  const total = totalOf(awaits);
  assert.equal(returnValue, total);
  assert.deepEqual(stateMutations, [{ operation: 'set', key: 'total', value: total }]);
}
