// The loop of a user interface: events of the user go to handlers, and their effects are on the screen at
// once.
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'nexus-runtime';
import { Panel } from './panel.mjs';
import * as services from './services.mjs';

const runtime = await createRuntime({ cacheDir: false });
const panel = new Panel();

/** The capabilities of each handler. */
const capabilities = {
  search: ['state:write:query', 'state:write:results', 'view:update:results', 'ext:catalog.search'],
  order: ['state:read:basket', 'state:write:basket', 'view:update:basket', 'events:emit:basket.*', 'ext:shop.add'],
};
const sources = new Map();
for (const name of Object.keys(capabilities)) {
  sources.set(name, await readFile(new URL(`handlers/${name}.js`, import.meta.url), 'utf8'));
}
await runtime.warmup([...sources].map(([name, code]) => ({ code, filename: `${name}.js` })));

/** The last call of each handler: a newer one replaces it. */
const current = new Map();

async function handle(name, args) {
  current.get(name)?.abort();
  const controller = new AbortController();
  current.set(name, controller);
  const context = { handlerName: name, stateSnapshot: panel.state, args, capabilities: capabilities[name] };
  const { error } = await runtime.run(sources.get(name), context, {
    filename: `${name}.js`,
    extensions: services,
    signal: controller.signal,
    // Called whenever the handler waits, and at its end. A cancelled call no longer changes the panel.
    onEffects: (effects) => controller.signal.aborted || panel.apply(effects),
  });
  if (error?.code === 'CANCELLED') console.log(`    … ${name} ${JSON.stringify(args)} was cancelled`);
  else if (error !== undefined) console.error(`${error.message}\n${error.snippet}`);
}

async function user(does, ...events) {
  console.log(`\n${does}`);
  await Promise.all(events.map(([name, args]) => handle(name, args)));
}

panel.draw();
await user('the user types "lam", and at once "lamp"', ['search', { text: 'lam' }], ['search', { text: 'lamp' }]);
await user('the user orders a LAMP-2', ['order', { sku: 'LAMP-2' }]);
await user('the user orders a LAMP-3', ['order', { sku: 'LAMP-3' }]);
await user('the user types "desk"', ['search', { text: 'desk' }]);

await runtime.shutdown();
