// A handler: it can do nothing but what it is granted. Days pass at its `await`s, and processes come and go.
const { order, amount, approvers } = $args;

async function decisionOf(who) {
  $emit('asked', { order, who });
  for (const [wait, what] of [['3d', 'reminded'], ['4d', 'escalated']]) {
    try {
      return await $signal(`decision:${who}`, { timeout: wait });
    } catch (error) {
      if (error.name !== 'TimeoutError') throw error;
      $emit(what, { order, who });
    }
  }
  return $signal(`decision:${who}`);
}

$emit('reserved', { order, amount });
try {
  const decisions = await Promise.all(approvers.map(decisionOf));
  const isGranted = decisions.every((approved) => approved);
  $emit(isGranted ? 'paid' : 'declined', { order, amount });
  return isGranted;
} finally {
  // Also when it is cancelled.
  $emit('released', { order });
}
