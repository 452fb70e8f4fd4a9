// What a model answered, in place of a model.

const FIRST = `const late = (await tools.orders.list()).filter((order) => order.daysLate > 7);
return Promise.all(late.map(({ id, total }) => tools.orders.giveRefund({ orderId: id, amount: total / 2 })));`;

const SECOND = `const late = (await tools.orders.list()).filter((order) => order.daysLate > 7);
console.log(late.length + ' orders are late');
return Promise.all(late.map(({ id, total }) => tools.orders.refund({ orderId: id, amount: total / 2 })));`;

/** @param messages of the conversation so far */
export function recordedModel(messages) {
  const told = messages.at(-1).content;
  // The name that it was told is the one that it uses.
  return { code: told.includes('tools.orders.refund(') ? SECOND : FIRST };
}
