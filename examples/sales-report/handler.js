// A report over orders, by region: what was sold, for how much, and what sold best. `lodash` is evaluated once when the
// runtime starts, so no execution pays for loading it.
const { chain, sumBy, round } = $lib.lodash;

const revenue = (lines) => round(sumBy(lines, (line) => line.price * line.quantity), 2);

const regions = chain($args.orders)
  .filter({ status: 'paid' })
  .groupBy('region')
  .map((orders, region) => {
    const lines = orders.flatMap((order) => order.lines);
    const best = chain(lines)
      .groupBy('sku')
      .map((sold, sku) => ({ sku, quantity: sumBy(sold, 'quantity') }))
      .orderBy(['quantity', 'sku'], ['desc', 'asc'])
      .head()
      .value();
    return { region, orders: orders.length, revenue: revenue(lines), best };
  })
  .orderBy('revenue', 'desc')
  .value();

$state.report = { regions, revenue: round(sumBy(regions, 'revenue'), 2) };
$emit('report.ready', { regions: regions.length });
return $state.report.revenue;
