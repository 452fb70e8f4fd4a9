// Emits events forever.
for (;;) $emit('cart.changed', { at: Date.now() });
