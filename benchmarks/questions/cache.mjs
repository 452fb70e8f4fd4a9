// What the cache saves: compiling compared with a hit, for published libraries and for a handler of usual size; whether a hit
// depends on the number of handlers; and how long a deployment of 1,000 handlers takes to be ready.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HandlerCompiler } from '../../dist/index.js';

import { measure } from '../harness/batches.mjs';
import { us } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';

const COMPILES = isShort ? 2 : 15;
const DISK_HITS = isShort ? 5 : 60;
const DEPLOYMENT_STARTS = isShort ? 1 : 5;
const PROCESSES = isShort ? 2 : 16;
/** The number of handlers among which a memory hit is looked up. */
const HANDLERS = isShort ? 1_000 : 10_000;

const require = createRequire(import.meta.url);
const beside = (name, file) => join(require.resolve(`${name}/package.json`), '..', file);
const example = fileURLToPath(new URL('../../examples/handlers/render-markdown.js', import.meta.url));

const sources = {
  lodash: readFileSync(beside('lodash', 'lodash.js'), 'utf8'),
  marked: readFileSync(beside('marked', 'lib/marked.umd.js'), 'utf8'),
  acorn: readFileSync(beside('acorn', 'dist/acorn.js'), 'utf8'),
  handlebars: readFileSync(beside('handlebars', 'dist/handlebars.js'), 'utf8'),
  'a handler of 40 lines': readFileSync(example, 'utf8').split('\n').slice(-46).join('\n').replace(/^}\n/, ''),
};

const scratch = mkdtempSync(join(tmpdir(), 'nexus-bench-cache-'));
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

async function timed(run) {
  const start = performance.now();
  await run();
  return (performance.now() - start) * 1000;
}

async function compileAndHits() {
  const compiler = new HandlerCompiler({ cacheDir: join(scratch, 'tiers'), cacheSecret: 'a secret for the bench' });
  await compiler.compile('return 0');
  const rows = [];
  for (const [name, source] of Object.entries(sources)) {
    const compile = [];
    for (let i = 0; i < COMPILES; i++) {
      await compiler.clearCache();
      compile.push(await timed(() => compiler.compile(source)));
    }
    const disk = [];
    for (let i = 0; i < DISK_HITS; i++) {
      await compiler.clearCache({ memory: true, disk: false });
      disk.push(await timed(() => compiler.compile(source)));
    }
    const memory = await measure(() => compiler.compile(source));
    const [compiled, found] = [median(compile), median(disk)];
    const { bytecode } = await compiler.compile(source);
    rows.push([
      name,
      `${(source.length / 1024).toFixed(0)} KB`,
      `${(bytecode.length / 1024).toFixed(0)} KB`,
      us(compiled),
      us(found),
      `${(compiled / found).toFixed(1)}×`,
      us(memory.medianUs),
      `${(compiled / memory.medianUs).toFixed(0)}×`,
    ]);
  }
  await compiler.close();
  printTable(['', 'source', 'bytecode', 'compile', 'disk hit', 'faster', 'memory hit', 'faster'], rows);
}

/** A hit among many must cost as much as a hit among few. */
async function diversity() {
  const compiler = new HandlerCompiler({ cacheDir: false, maxInstances: 2 });
  const handlers = Array.from({ length: HANDLERS }, (_, i) => `const n = ${i};\nreturn $args.value * n + ${i % 7};`);
  for (let i = 0; i < handlers.length; i += 500) {
    await Promise.all(handlers.slice(i, i + 500).map((handler) => compiler.compile(handler)));
  }
  const cycle = async (count) => {
    let next = 0;
    return (await measure(() => compiler.compile(handlers[next++ % count]))).medianUs;
  };
  const [few, many] = [await cycle(10), await cycle(HANDLERS)];
  await compiler.close();
  console.log(
    `\nmemory hit among 10 handlers ${us(few)}, among ${HANDLERS.toLocaleString('en')} ${us(many)}: ${(many / few).toFixed(2)}×`,
  );
}

/** The time from the start of a process until 1,000 handlers are ready to execute. */
async function deployment() {
  const program = fileURLToPath(new URL('../programs/deployment.mjs', import.meta.url));
  const start = async (directory) =>
    JSON.parse((await promisify(execFile)(process.execPath, [program, directory])).stdout);
  const cold = [];
  for (let i = 0; i < DEPLOYMENT_STARTS; i++) cold.push(await start(join(scratch, `cold-${i}`)));
  const warm = [];
  for (let i = 0; i < DEPLOYMENT_STARTS; i++) warm.push(await start(join(scratch, 'cold-0')));
  const together = await Promise.all(Array.from({ length: PROCESSES }, () => start(join(scratch, 'cold-0'))));
  const readyMs = (starts) => median(starts.map((report) => report.readyMs));
  const found = (starts) => starts.reduce((sum, report) => sum + report.cached, 0) / starts.length;
  const row = (title, starts) => [title, `${readyMs(starts).toFixed(0)} ms`, found(starts).toFixed(0)];
  console.log();
  printTable(
    ['a deployment of 1,000 handlers', 'ready after', 'from disk'],
    [row('cold', cold), row('warm', warm), row(`warm, ${PROCESSES} processes at once on this machine`, together)],
  );
}

printMachine();
try {
  await compileAndHits();
  await diversity();
  await deployment();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
