// One process of `suspend-parts.mjs`: suspends handlers, or resumes all that there are, and prints how many, how long and its RSS.
import { createRuntime } from '../../dist/index.js';

const HANDLER = `
const user = await $ext.http.get('/users/' + $args.id);
$state.name = user.name;
return user.name;
`;
/** Calls under way: enough to keep the workers busy while files are synced. */
const CONCURRENCY = 64;
const [mode, ...args] = process.argv.slice(2);
const [count, directory] = mode === 'suspend' ? [Number(args[0]), args[1]] : [undefined, args[0]];
const runtime = await createRuntime({
  cacheDir: false,
  maxInstances: 2,
  minInstances: 2,
  ...(directory !== undefined && { suspensionDir: directory }),
});

/** @param {AsyncIterable<unknown>} items one after the other, to any of the calls that are under way */
async function forEach(items, run) {
  let done = 0;
  const iterator = items[Symbol.asyncIterator]();
  const work = async () => {
    for (;;) {
      const { value, done: isOver } = await iterator.next();
      if (isOver) return;
      await run(value);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return done;
}

async function* numbers(end) {
  for (let i = 0; i < end; i++) yield i;
}

async function suspend(id) {
  const { status, error } = await runtime.executeHandler(HANDLER, {
    args: { id },
    stateSnapshot: { name: '' },
    capabilities: ['state:read:*', 'state:write:*', 'ext:http.get'],
  });
  if (status !== 'suspended') throw new Error(`expected a suspended handler: ${status} ${error?.message}`);
}

async function resume({ id, state }) {
  if (state !== 'suspended') throw new Error(`expected a suspended handler: ${id} is ${state}`);
  const { status, returnValue } = await runtime.resumeHandler(id, { success: true, value: { name: 'Ada' } });
  if (status !== 'success' || returnValue !== 'Ada') throw new Error(`expected Ada: ${status} ${returnValue}`);
}

const idleRssBytes = process.memoryUsage.rss();
const startedAt = performance.now();
const done =
  mode === 'suspend' ? await forEach(numbers(count), suspend) : await forEach(runtime.listSuspensions(), resume);
const elapsedMs = performance.now() - startedAt;
const rssBytes = process.memoryUsage.rss();
await runtime.shutdown();
console.log(JSON.stringify({ count: done, elapsedMs, rssBytes, idleRssBytes }));
