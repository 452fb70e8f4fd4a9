// The user picks one of the results. An order that the shop refuses is no failure of the panel: it says why.
const { sku } = $args;

$view.command('basket', 'spinner', true);
try {
  const { quantity } = await $ext.shop.add(sku);
  $state.basket = { ...$state.basket, [sku]: quantity };
  $emit('basket.changed', { sku, quantity });
} catch (error) {
  $view.command('basket', 'notice', error.message);
} finally {
  $view.command('basket', 'spinner', false);
}
