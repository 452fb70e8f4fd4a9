// POST /handlers/price
const { items } = $args;

const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
$emit('cart.priced', { total });
return { total, approval: total > $state.limit };
