// An executor for `benchmarks/questions/fleet.mjs`: it has no extensions. Its options are the first argument, as JSON.
import { createRuntime } from '../../build/index.js';
import { connectFleet } from '../work/fleet-connections.mjs';

const { store, queue } = JSON.parse(process.argv[2]);
const { options } = await connectFleet(store, queue);
const runtime = await createRuntime({ cacheDir: false, metrics: false, maxInstances: 1, ...options });
await runtime.work({ concurrency: 32 });
process.send('ready');
