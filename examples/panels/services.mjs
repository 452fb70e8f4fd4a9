// The services of the application, which handlers of panels may call; they are slow, like real services.
import { setTimeout as delay } from 'node:timers/promises';

const stock = new Map([
  ['LAMP-2', { sku: 'LAMP-2', name: 'Desk lamp', price: 49, left: 4 }],
  ['LAMP-3', { sku: 'LAMP-3', name: 'Floor lamp', price: 129, left: 0 }],
  ['DESK-140', { sku: 'DESK-140', name: 'Desk, 140 cm', price: 390, left: 1 }],
]);

export const catalog = {
  async search(text) {
    await delay(300);
    return [...stock.values()].filter(({ sku, name }) => `${sku} ${name}`.toLowerCase().includes(text.toLowerCase()));
  },
};

export const shop = {
  async order(sku, quantity) {
    await delay(200);
    const item = stock.get(sku);
    if (item === undefined) throw new RangeError(`There is no ${sku}.`);
    if (item.left < quantity) throw new RangeError(`${item.name}: only ${item.left} left.`);
    item.left -= quantity;
    return { price: item.price * quantity };
  },
};
