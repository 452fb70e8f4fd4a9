// What does a program of a language model cost that calls tools of the application: the same program again, and a new one each time? And what is
// left of one that waits for an approval? Here, in `run` of the AI SDK, and in the QuickJS driver of TanStack AI.
import { z } from 'zod';

import { createCodeMode } from '../../build/code-mode/index.js';
import { createRuntime } from '../../build/index.js';
import { MemoryStore } from '../../build/suspension/memory-store/memory-store.js';
import { bytes } from '../harness/format.mjs';
import { CORES, inTurn, measureCalls, section } from '../harness/load.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { end } from '../harness/report.mjs';
import { printData, printTable } from '../harness/table.mjs';

const CALLS = [0, 1, 10, 50];
const ROUNDS = isShort ? 2 : 6;
const price = async ({ sku }) => ({ sku, price: 100 + Number(sku.slice(4)) });
const SKU = z.object({ sku: z.string() });

/** Adds the prices of so many things, one after the other. */
const programOf = (calls, note) => `// ${note}
let total = 0;
for (let i = 0; i < ${calls}; i++) total += (await tools.shop.price({ sku: 'sku-' + i })).price;
return { total };`;
const totalOf = (calls) => Array.from({ length: calls }, (_, i) => 100 + i).reduce((sum, one) => sum + one, 0);

async function ours() {
  const suspensionStore = new MemoryStore();
  const runtime = await createRuntime({ cacheDir: false, minInstances: CORES, maxInstances: CORES, suspensionStore });
  const tool = {
    description: 'The price of a thing.',
    inputSchema: SKU,
    outputSchema: SKU.extend({ price: z.number() }),
    execute: price,
  };
  const codeMode = createCodeMode({
    runtime,
    tools: { 'shop.price': tool, 'shop.order': { inputSchema: SKU, needsApproval: true, execute: price } },
  });
  return {
    subject: 'nexus-runtime: code mode',
    run: async (program) => (await codeMode.run(program)).result,
    async pausedBytes() {
      const { runId } = await codeMode.run(
        "const a = await tools.shop.price({ sku: 'sku-1' });\nreturn await tools.shop.order({ sku: a.sku });",
      );
      return runtime.keeping(async (runs) => {
        await runs.state(runId);
        const { suspensions } = await suspensionStore.list({ limit: 10 });
        return suspensions[0].envelopeBytes;
      });
    },
    release: () => runtime.shutdown(),
  };
}

/** With the same checks of what goes in and comes out. */
async function theirs() {
  const { createRunner, getHostFunctionContext, setMaxWorkers } = await import('run');
  setMaxWorkers(CORES);
  const runner = createRunner({ continuationSecret: 'a secret of the bench, 32 bytes or more' });
  const PRICED = SKU.extend({ price: z.number() });
  const shop = {
    price: async (input) => PRICED.parse(await price(SKU.parse(input))),
    order() {
      const { interrupt, resume } = getHostFunctionContext();
      if (resume === undefined) interrupt({});
      return resume.resolution;
    },
  };
  const hostFunctions = { shop };
  const inTheirs = (program) => `const tools = { shop };\n${program}`;
  return {
    subject: 'run',
    run: async (program) => (await runner.run({ source: inTheirs(program), hostFunctions })).value,
    async pausedBytes() {
      const source = inTheirs(
        "const a = await tools.shop.price({ sku: 'sku-1' });\nreturn await tools.shop.order({ sku: a.sku });",
      );
      const { continuation } = await runner.run({ source, hostFunctions });
      return Buffer.byteLength(continuation) + Buffer.byteLength(source);
    },
    release: () => {},
  };
}

/**
 * A context for each program, as its code mode makes them. Its programs wait in memory, and cannot be put away. Ten calls one after the other end its
 * process: "Assertion failed: p->ref_count == 0" of its engine, when a call follows another one's await.
 */
async function tanStack() {
  const { createQuickJSIsolateDriver } = await import('@tanstack/ai-isolate-quickjs');
  const driver = createQuickJSIsolateDriver();
  const PRICED = SKU.extend({ price: z.number() });
  const execute = async (input) => PRICED.parse(await price(SKU.parse(input)));
  const bindings = {
    external_price: { name: 'external_price', description: 'The price of a thing.', inputSchema: {}, execute },
  };
  return {
    subject: '@tanstack/ai-isolate-quickjs',
    maxCalls: 1,
    async run(program) {
      const context = await driver.createContext({ bindings });
      try {
        const { value, error } = await context.execute(
          `const tools = { shop: { price: external_price } };\n${program}`,
        );
        if (error !== undefined) throw new Error(error.message);
        return value;
      } finally {
        await context.dispose();
      }
    },
    release: () => {},
  };
}

async function measure(subject, calls, isNew) {
  let count = 0;
  const before = process.cpuUsage();
  const figures = await measureCalls(1, async () => {
    const { total } = await subject.run(programOf(calls, isNew ? `program ${count} ${Math.random()}` : 'the same'));
    if (total !== totalOf(calls)) throw new Error(`${subject.subject} has a total of ${total}`);
    count++;
  });
  const { user, system } = process.cpuUsage(before);
  return { ...figures, cpuUs: (user + system) / count };
}

printMachine(['zod', 'run', '@tanstack/ai-isolate-quickjs']);
const subjects = [await ours(), await theirs(), await tanStack()];
for (const [isNew, title] of [
  [false, 'the same program again'],
  [true, 'a new program each time'],
]) {
  for (const calls of CALLS) {
    const measured = subjects.filter(({ maxCalls = Number.POSITIVE_INFINITY }) => calls <= maxCalls);
    await section(async () => {
      const rows = await inTurn(
        measured.map((subject) => () => measure(subject, calls, isNew)),
        ROUNDS,
      );
      printData({
        id: `${isNew ? 'new' : 'same'}-${calls}`,
        columns: [
          ['subject', `${title}, ${calls} calls`, 'text'],
          ['p50Us', 'p50', 'time'],
          ['ratio', 'ratio', 'ratio'],
          ['cpuUs', 'processor', 'time'],
          ['cpuRatio', 'ratio', 'ratio'],
        ],
        rows: rows.map((row, index) => ({
          subject: measured[index].subject,
          ...row,
          ratio: row.p50Us / rows[0].p50Us,
          cpuRatio: row.cpuUs / rows[0].cpuUs,
        })),
      });
      console.log();
    });
  }
}
const paused = [];
for (const { subject, pausedBytes } of subjects) {
  paused.push([subject, pausedBytes === undefined ? 'cannot wait' : bytes(await pausedBytes())]);
}
printTable(['a program that waits for an approval, after one call', 'at rest'], paused);
for (const { release } of subjects) await release();
await end();
