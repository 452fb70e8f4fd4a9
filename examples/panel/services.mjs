// The services that the application offers its handlers; they are slow, like real services.
import { setTimeout as delay } from 'node:timers/promises';
import { currentCall } from 'nexus-runtime';

const stock = { 'LAMP-2': 4, 'LAMP-3': 0, 'DESK-140': 1 };

export const catalog = {
  async search(text) {
    // A search whose result is no longer needed is stopped.
    await delay(100, undefined, { signal: currentCall().signal });
    console.log(`    … the catalog answers "${text}"`);
    return Object.keys(stock)
      .filter((sku) => sku.includes(text.toUpperCase()))
      .map((sku) => ({ sku }));
  },
};

export const shop = {
  async add(sku) {
    await delay(20);
    console.log(`    … the shop answers for ${sku}`);
    if (!(stock[sku] > 0)) throw new RangeError(`${sku} is sold out`);
    stock[sku] -= 1;
    return { quantity: 1 };
  },
};
