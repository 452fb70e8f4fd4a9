// The tenants of the application: each has plug-ins, and a plan with its capabilities and limits.

const plans = {
  free: { timeoutMs: 100, queueTimeoutMs: 10_000, limits: { memoryLimitBytes: 16 * 1024 * 1024, maxHostCalls: 100 } },
  paid: { timeoutMs: 500, queueTimeoutMs: 10_000, limits: { maxHostCalls: 10_000 } },
};

export const tenants = [
  {
    name: 'acme',
    calls: 30,
    plan: plans.paid,
    plugins: ['discount.js'],
    capabilities: ['state:read:cart', 'state:write:cart', 'events:emit:cart.*'],
    state: () => ({ cart: { total: 120, customer: 'gold' } }),
  },
  {
    name: 'globex',
    calls: 30,
    plan: plans.free,
    plugins: ['shipping.js'],
    capabilities: ['state:read:cart'],
    state: () => ({ cart: { total: 40, country: 'AT' } }),
  },
  {
    name: 'mallory',
    calls: 60,
    plan: plans.free,
    // One plug-in for each kind of attack.
    plugins: ['hostile/loop.js', 'hostile/hog.js', 'hostile/snoop.js', 'hostile/flood.js'],
    capabilities: ['state:read:cart', 'events:emit:cart.*'],
    state: () => ({ cart: { total: 1 }, secrets: { key: 'of the application' } }),
  },
];
