// What the cache saves: the first and later openings of 1, 10 and 100 panels. Each row is a program of its own, so that nothing but the cache
// is there from before; the last row opens the panels again in the same program.
//
//   node examples/panels/measure.mjs
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRuntime } from 'nexus-runtime';
import { Panels } from './panels.mjs';

const COUNTS = [1, 10, 100];
const own = fileURLToPath(import.meta.url);
const folder = new URL('panels/', import.meta.url);

if (process.argv[2] === 'open') console.log(JSON.stringify(await open(Number(process.argv[3]), process.argv[4])));
else await report();

/** Opens that many panels, twice. Their texts differ, so that each has entries of its own. */
async function open(count, cacheDir) {
  const runtime = await createRuntime({ cacheDir: cacheDir === 'none' ? false : cacheDir, minInstances: 1 });
  await runtime.warmup();
  const text = await readFile(new URL('shop.nxml', folder), 'utf8');
  const texts = Array.from({ length: count }, (_, i) =>
    text
      .replace('title="Shop"', `title="Shop ${i}"`)
      .replaceAll('$emit(', `/* shop ${i} */ $emit(`)
      .replace('$state.hint =', `/* ${i} */ $state.hint =`),
  );
  const panels = new Panels(runtime, folder);
  const once = async () => {
    const startedAt = performance.now();
    for (const [i, one] of texts.entries()) await panels.load(one, `shop-${i}.nxml`);
    return performance.now() - startedAt;
  };
  const times = { first: await once(), again: await once() };
  await runtime.shutdown();
  return times;
}

async function report() {
  const run = async (count, cacheDir) => {
    const { stdout } = await promisify(execFile)(process.execPath, [own, 'open', String(count), cacheDir]);
    return JSON.parse(stdout);
  };
  const rows = [];
  for (const count of COUNTS) {
    const cacheDir = await mkdtemp(join(tmpdir(), 'nexus-panels-'));
    try {
      const first = await run(count, cacheDir);
      const later = await run(count, cacheDir);
      rows.push([count, first.first, later.first, later.again]);
    } finally {
      await rm(cacheDir, { recursive: true, force: true });
    }
  }
  const cell = (value, width) => String(value).padStart(width);
  const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  console.log('panels   first opening   next process, from disk   again, from memory');
  for (const [count, first, disk, memory] of rows) {
    const saved = (value) => `${ms(value)} (${(first / value).toFixed(1)}×)`;
    console.log(`${cell(count, 6)}${cell(ms(first), 16)}${cell(saved(disk), 26)}${cell(saved(memory), 21)}`);
  }
}
