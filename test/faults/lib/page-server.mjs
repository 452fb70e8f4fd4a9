// A server with pages, in a process of its own, so that what it costs can be told from what the browser does.
import { createRuntime } from '../../../dist/index.js';
import { createServer } from '../../../dist/server.js';
import { serve } from './serve.mjs';

export const TOKEN = 'operator-0123456789abcdef';

const HANDLERS = [
  ['price-cart', 'let sum = 0; for (const n of $args) sum += n; return sum', [1, 2, 3]],
  ['route-ticket', 'let n = 0; for (let i = 0; i < 2000; i++) n += i % 7; return n', 0],
  ['lookup', 'return $args.user.name', {}],
  ['endless', 'for (;;) {}', 0],
];
let isLoaded = false;
let loops = [];

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, timeoutMs: 100 });
  const server = createServer({ runtime, tokens: [{ name: 'operator', token: TOKEN, scopes: ['admin'] }] });
  const { url } = await server.listen({ port: 0 });
  const execute = (n) => {
    // One in two hundred does not end, one in twenty fails.
    const [handlerName, code, args] = HANDLERS[n % 200 === 0 ? 3 : n % 20 === 0 ? 2 : n % 2] ?? [];
    return runtime.executeHandler(code, { handlerName, args }, { tenant: `tenant-${n % 1_000}` });
  };
  serve({
    url: () => url,
    /** Tenants and kinds of errors, as many as are told. */
    async fill() {
      for (let n = 1; n <= 1_000; n++) await runtime.executeHandler('return 1', {}, { tenant: `tenant-${n}` });
      for (let kind = 0; kind < 50; kind++)
        await runtime.executeHandler(`throw new Error('kind ${kind} ${'x'.repeat(900)}')`, { handlerName: `h${kind}` });
    },
    load() {
      isLoaded = true;
      let n = 0;
      loops = Array.from({ length: 2 }, async () => {
        while (isLoaded) {
          await execute(++n);
          if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        }
      });
    },
    async rest() {
      isLoaded = false;
      await Promise.all(loops);
    },
    /** CPU time of all threads, in milliseconds. */
    cpu() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    executions: () => runtime.getStats().totalExecutions,
    async runs(count) {
      const args = 'x'.repeat(1_000_000);
      await runtime.start('return await $signal("go")', { args, capabilities: ['signal:*'] }, { runId: 'large' });
      for (let n = 0; n < count; n++)
        await runtime.start(
          'return 1',
          { handlerName: `<b>handler ${n % 7}</b>` },
          { runId: `run-${n}`, tenant: `tenant-${n % 50}` },
        );
    },
  });
}
