// Emits for ever.
for (;;) $emit('cart.changed', { at: Date.now() });
