// Prices an order: quantity breaks per line, then customer tier, then coupons, then tax per rate of the region.
// Money is whole cents and rates are basis points (1900 = 19 %), so that every product is exact until it is rounded.
const { order } = $args;
const { rules, customer } = $state;

const share = (cents, basisPoints) => Math.round((cents * basisPoints) / 10_000);
const sum = (values) => values.reduce((total, value) => total + value, 0);

function requireWhole(what, value, least) {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${what} must be a whole number from ${least}, not ${value}`);
  }
}

function priceLine({ sku, quantity, unitPrice, taxClass = 'standard' }) {
  requireWhole(`The quantity of ${sku}`, quantity, 1);
  requireWhole(`The unit price of ${sku}, in cents,`, unitPrice, 0);
  const list = quantity * unitPrice;
  const reached = rules.quantityBreaks.filter((step) => quantity >= step.minQuantity);
  const rate = Math.max(0, ...reached.map((step) => step.rate));
  const discount = share(list, rate);
  return { sku, quantity, taxClass, list, discount, net: list - discount };
}

/** Why a coupon does not apply to this order, or undefined. */
function objection(coupon, subtotal) {
  if (coupon === undefined) return 'unknown';
  // A coupon is valid until the end of its last day, in UTC. The order's time is used, so that a quote can be repeated later.
  if (new Date(order.placedAt).toISOString().slice(0, 10) > coupon.validUntil) return 'expired';
  if (subtotal < (coupon.minSubtotal ?? 0)) return 'order too small';
  if (coupon.tiers && !coupon.tiers.includes(customer.tier)) return `not for ${customer.tier} customers`;
  return undefined;
}

function applyCoupons(subtotal, afterTier) {
  const applied = [];
  const rejected = [];
  let remaining = afterTier;
  for (const code of new Set(order.coupons)) {
    // hasOwn, because customers type the code, and "constructor" is not a coupon.
    const coupon = Object.hasOwn(rules.coupons, code) ? rules.coupons[code] : undefined;
    const reason = objection(coupon, subtotal);
    if (reason !== undefined) {
      rejected.push({ code, reason });
      continue;
    }
    const amount = Math.min(remaining, coupon.amount ?? share(remaining, coupon.rate));
    remaining -= amount;
    applied.push({ code, amount });
  }
  return { applied, rejected };
}

/** Distributes an amount over lines by value. Rounding the running total keeps the sum of the parts exact to the cent. */
function spread(amount, values) {
  const whole = sum(values);
  let seen = 0;
  let given = 0;
  return values.map((value) => {
    seen += value;
    const part = whole === 0 ? 0 : Math.round((amount * seen) / whole) - given;
    given += part;
    return part;
  });
}

const lines = order.lines.map(priceLine);
const subtotal = sum(lines.map((line) => line.net));
const tierDiscount = share(subtotal, rules.tiers[customer.tier] ?? 0);
const coupons = applyCoupons(subtotal, subtotal - tierDiscount);

// Discounts must not reduce an order below its handling costs.
const wanted = tierDiscount + sum(coupons.applied.map((coupon) => coupon.amount));
const orderDiscount = Math.min(wanted, Math.max(0, subtotal - rules.minimumTotal));
const net = subtotal - orderDiscount;

const rates = rules.taxRates[order.region];
if (rates === undefined) throw new RangeError(`No tax rates for region ${order.region}`);
const parts = spread(orderDiscount, lines.map((line) => line.net));
const taxable = {};
lines.forEach((line, index) => {
  taxable[line.taxClass] = (taxable[line.taxClass] ?? 0) + line.net - parts[index];
});
// Tax is rounded once per rate, as on the invoice.
const taxes = Object.entries(taxable).map(([taxClass, base]) => {
  const rate = rates[taxClass];
  if (rate === undefined) throw new RangeError(`Region ${order.region} has no ${taxClass} rate`);
  return { taxClass, rate, base, amount: share(base, rate) };
});
const total = net + sum(taxes.map((tax) => tax.amount));

for (const { code, reason } of coupons.rejected) $log.warn(`Coupon ${code} was not applied: ${reason}`);
$state.lastQuote = { orderId: order.id, total, currency: rules.currency, quotedAt: order.placedAt };
$emit('order.priced', { orderId: order.id, customerId: customer.id, total, currency: rules.currency });

return { lines, subtotal, tierDiscount, coupons, orderDiscount, net, taxes, total, currency: rules.currency };
