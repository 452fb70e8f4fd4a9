// A handler: it can do nothing but what it is granted, and it does not know that days pass at its `await`.
const { order, amount } = $args;

$state.status = 'waiting for approval';
$emit('refund.requested', { order, amount });

const { approved, by } = await $ext.approvals.request({ order, amount, reason: 'arrived broken' });

$state.status = approved ? 'refunded' : 'declined';
$emit(approved ? 'refund.granted' : 'refund.declined', { order, amount, by });
return approved ? `${amount} € go back to the customer, says ${by}` : `no refund, says ${by}`;
