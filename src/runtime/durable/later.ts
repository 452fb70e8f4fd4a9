/**
 * A method of an extension returns it when the answer to the call comes later, by `completeCall` with `currentCall().key`: in minutes or in
 * weeks, from any process. Only in runs that were started.
 *
 * @example
 * const approvals = { ask: async (order) => { await mail(order, currentCall().key); return later; } };
 */
export const later: unique symbol = Symbol.for('nexus-runtime.later') as never;
