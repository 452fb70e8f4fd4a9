// One process of `start.mjs`: a peer's first variant executes the first example of the README; prints when it had done so, in milliseconds
// since its start.
import { positionals } from '../harness/options.mjs';
import { loadPeer } from '../peers/index.mjs';
import { quickStart } from '../work/quick-start.mjs';

const [name] = positionals;
const { variants } = await loadPeer(name);
const imported = performance.now();
const { run } = await Object.values(variants)[0](quickStart);
const { returnValue } = await run();
const result = performance.now();
if (returnValue !== quickStart.expected) throw new Error(`expected ${quickStart.expected}, got ${returnValue}`);
console.log(JSON.stringify({ imported, result }));
// Some peers keep threads that would keep the process.
process.exit();
