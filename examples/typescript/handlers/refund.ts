// A handler in TypeScript. `handler.d.ts` declares the application's types; `checkHandlers` and the editor check against it.
const { order: id }: RefundArgs = $args;

const order = await $ext.orders.find(id);
if (order === undefined) throw new RangeError(`There is no order ${id}`);
const amount = order.lines.reduce((sum, line) => sum + line.price * line.quantity, 0);

interface Decision {
  readonly approved: boolean;
  readonly by: string;
}

async function decide(): Promise<Decision> {
  if (amount <= $state.limit) return { approved: true, by: 'the limit' };
  $state.status = 'waiting';
  $view.scrollTo('note');
  return $ext.approvals.request({ id, amount });
}

const { approved, by } = await decide();
if (approved) $emit('refund.granted', { order: id, amount });
else $emit('refund.declined', { order: id, by });
$state.status = approved ? 'refunded' : 'declined';
return { amount, approved, by } satisfies Decision & { amount: number };
