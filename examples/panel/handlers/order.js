// The user picks one of the results. If the shop refuses the order, the handler shows the reason instead of failing.
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
