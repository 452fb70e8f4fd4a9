// A process of the application: it has the credentials, and executes no code of strangers.
import { currentCall } from 'nexus-runtime';

import { join } from './parts.mjs';

const prices = { apple: 3, pear: 4 };
const shop = {
  price: async (name) => {
    console.log(`caller: ${currentCall().key} price of ${name}`);
    return prices[name];
  },
};
const { runtime } = await join(process.argv[2]);
await runtime.work({ runs: false, extensions: { shop } });
process.send('ready');
