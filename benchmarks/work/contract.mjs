// Uses of the parts of the contract, each before the reference handler.

// Reads and writes state, emits one event, returns.
export const REFERENCE = `
$state.count = ($state.count ?? 0) + $args.n;
$emit('counted', { count: $state.count });
return $state.count;
`;
export const STATE = { count: 5, user: { name: 'Ada', roles: ['admin', 'author'] } };
export const CAPABILITIES = ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'];
export const EXPECTED = 8;

/** Orders of a shop, 10 KB as JSON. */
export const LARGE_STATE = {
  ...STATE,
  orders: Array.from({ length: 55 }, (_, i) => ({
    id: `order-${1000 + i}`,
    customer: `Customer number ${i}`,
    address: { street: `${i} Main Street`, city: 'Zürich', zip: 8000 + i },
    total: i * 12.5,
    paid: i % 3 === 0,
    tags: ['web', 'priority'],
  })),
};

/** A use of each part of the contract, before the reference handler. */
export const CONTRACT = {
  'reads inside the state': '$state.user.name;',
  'changes inside the state': '$state.user.name = "Grace";',
  'spreads the state': '({ ...$state });',
  'assigns an object': '$state.last = { at: 1 };',
  'logs a line': '$log("counting", 1);',
  'commands a view': '$view.focus("field");',
  'calls an extension': '$ext.audit.note("x");',
  'makes a Map an event': '$emit("map", new Map([[1, 2]]));',
  'is denied and catches it': 'try { $state[Symbol.iterator] = 1 } catch {}',
};

/** A small, typical use of every web global. */
export const WEB = {
  queueMicrotask: 'queueMicrotask(() => {})',
  performance: 'performance.now()',
  DOMException: 'new DOMException("m", "AbortError")',
  atob: 'atob("bmV4dXM=")',
  btoa: 'btoa("nexus")',
  TextEncoder: 'new TextEncoder().encode("nexus")',
  TextDecoder: 'new TextDecoder().decode(new Uint8Array([110, 101]))',
  URL: 'new URL("https://example.com/orders?id=7").pathname',
  URLSearchParams: 'new URLSearchParams("a=1&b=2").get("b")',
  structuredClone: 'structuredClone({ a: [1, 2] })',
  crypto: 'crypto.randomUUID()',
};
