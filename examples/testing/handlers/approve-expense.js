// Approves an expense: small ones at once, others by asking the person responsible.
const { expense } = $args;
const { policy } = $state;

if (expense.amount <= 0) throw new RangeError(`An expense has an amount, not ${expense.amount}`);

async function isApproved() {
  if (expense.amount <= policy.approvedUpTo) return true;
  const { manager } = await $ext.directory.find(expense.by);
  const { approved } = await $ext.approvals.request({ to: manager, amount: expense.amount });
  return approved;
}

const status = (await isApproved()) ? 'approved' : 'declined';
$state.expense = { ...expense, status };
$emit(`expense.${status}`, { by: expense.by, amount: expense.amount });
return status;
