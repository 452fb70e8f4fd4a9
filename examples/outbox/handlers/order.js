// A handler: its effects are rows of the application's database, each exactly once.
const { order } = $args;
$state.status = 'ordered';
$emit('confirmation', { order });
await $sleep('0.1s');
$state.status = 'shipped';
$emit('shipment', { order });
return $state.status;
