// A state with a large table beside small values, and a handler that names only these.

/** @param {number} bytes of the table as JSON */
export function tableBeside(bytes) {
  const orders = [];
  for (let length = 0; length < bytes; ) {
    const id = orders.length;
    const customer = `customer ${(id * 7919) % 10_007}`;
    const order = {
      id,
      customer,
      city: `city ${id % 300}`,
      total: id * 12.5,
      isPaid: id % 3 > 0,
      note: 'by courier, before noon',
    };
    orders.push(order);
    length += JSON.stringify(order).length + 1;
  }
  return {
    source: 'return $state.settings.currency + $state.user.name;',
    context: {
      stateSnapshot: { settings: { currency: 'EUR', limit: 3 }, user: { id: 7, name: 'Ann' }, orders },
      capabilities: ['state:read:*'],
    },
    expected: 'EURAnn',
  };
}
