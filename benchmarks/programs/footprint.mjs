// One process of `memory.mjs`: makes so many of something, keeps them, and prints what each has added to the process.
import { positionals } from '../harness/options.mjs';
import { footprints } from '../work/footprints.mjs';

const [name, count] = positionals;
const settle = async () => {
  // Several: what a first collection finds unreachable a second one frees.
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage.rss();
};

const { make, release } = await footprints[name]();
const kept = [];
// The first ones load code and warm it up, for all.
for (let i = 0; i < 2; i++) kept.push(await make());
const before = await settle();
for (let i = 0; i < Number(count); i++) kept.push(await make());
const rssBytes = ((await settle()) - before) / Number(count);
const ownBytes = kept.at(-1)?.ownBytes?.();
await release?.();
console.log(JSON.stringify({ rssBytes, ownBytes }));
// Some peers keep threads that would keep the process.
process.exit();
