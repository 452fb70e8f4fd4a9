// globex: what it costs to send.
const { total, country } = $state.cart;
const rates = { DE: 4, AT: 7, CH: 12 };

if (total >= 100) return 0;
return rates[country] ?? 25;
