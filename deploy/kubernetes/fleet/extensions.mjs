// What callers do for handlers: `await $ext.shop.price('apple')`. An application has its own here, with its credentials.
const PRICES = { apple: 3, pear: 4 };

export const shop = {
  price: async (name) => PRICES[name],
};
