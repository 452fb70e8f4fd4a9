$state.total = $args.items.reduce((sum, item) => sum + item.price * item.quantity, 0);
$emit('order.priced', { total: $state.total });
return $state.total > $state.limit ? 'needs approval' : 'ok';
