// A server as one writes it: 50 requests at a time until SIGTERM, then shutdown(), then nothing keeps it.
import { createRuntime } from '#dist/index.js';

const { isEndless } = JSON.parse(process.argv[2]);
const SOURCES = ['return $args', 'let x = 0; for (let i = 0; i < 50_000; i++) x += i; return $args'];
const ENDLESS = 'for (;;) ;';

const runtime = await createRuntime({ cacheDir: false, maxInstances: 2, timeoutMs: 60_000, metrics: false });
await runtime.warmup(SOURCES);
const report = { accepted: 0, right: 0, closed: 0, other: [] };
let isServing = true;

process.once('SIGTERM', async () => {
  isServing = false;
  await runtime.shutdown({ drainTimeoutMs: isEndless ? 500 : 20_000 });
  await Promise.all(clients);
  const refusedAfter = await runtime.executeHandler('return 1').then(
    () => 'a result',
    (error) => error.code,
  );
  console.log(`report ${JSON.stringify({ ...report, refusedAfter })}`);
});

async function request(n) {
  const source = isEndless && n % 31 === 30 ? ENDLESS : SOURCES[n % SOURCES.length];
  report.accepted++;
  try {
    const { returnValue } = await runtime.executeHandler(source, { args: n });
    if (returnValue === n) report.right++;
    else report.other.push(returnValue);
  } catch (error) {
    if (error.code === 'RUNTIME_CLOSED') report.closed++;
    else report.other.push(error.message);
  }
}

let number = 0;
const clients = Array.from({ length: 50 }, async () => {
  while (isServing) await request(number++);
});
console.log('serving');
