// tmp
import { createRuntime } from '../build/index.js';
const SOURCE = `
$state.count = ($state.count ?? 0) + $args.n;
$emit('counted', { count: $state.count });
return $state.count;
`;
const CONTEXT = {
  stateSnapshot: { count: 5, user: { name: 'Ada', roles: ['admin', 'author'] } },
  args: { n: 3 },
  scope: {},
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*'],
};
const runtime = await createRuntime({ cacheDir: false, metrics: false, ...(process.env.N && {maxInstances: +process.env.N, minInstances: +process.env.N}) });
async function load(inFlight, ms) {
  const lat = [];
  const end = performance.now() + ms;
  const t0 = performance.now();
  const cpu0 = process.cpuUsage();
  const elu0 = performance.eventLoopUtilization();
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) {
      const s = performance.now();
      const r = await runtime.executeHandler(SOURCE, CONTEXT);
      if (r.returnValue !== 8) throw new Error(JSON.stringify(r));
      lat.push(performance.now() - s);
    }
  }));
  const took = performance.now() - t0;
  const elu = performance.eventLoopUtilization(elu0);
  lat.sort((a, b) => a - b);
  const q = (p) => (lat[Math.floor(lat.length * p)] * 1000).toFixed(0);
  console.log(inFlight, 'in flight:', ((lat.length / took) * 1000).toFixed(0), '/s  p50', q(0.5), 'p99', q(0.99), 'us; main busy us/exec', (elu.active*1000/lat.length).toFixed(1));
}
for (const n of [1, 1, 8, 64, 512, 64]) await load(n, 2000);
await runtime.shutdown();
