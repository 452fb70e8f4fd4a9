// One thread: what do the parts of the contract cost an execution that uses them, and one that does not?
import { readFile } from 'node:fs/promises';
import { wrapHandler } from '../build/compiler/wrapper.js';
import { resolveRuntimeConfig } from '../build/config/resolve.js';
import { loadEngine } from '../build/engine/load-engine.js';
import { decodePreludeImage } from '../build/engine/prelude-image.js';
import { prepareRequest } from '../build/pool/build-request.js';
import { Executor } from '../build/pool/executor.js';
import { readOutcome } from '../build/pool/outcome.js';
import { measure, printMachine, printTable, us } from './harness.mjs';

// Reads and writes state, emits one event, returns.
const REFERENCE = `
$state.count = ($state.count ?? 0) + $args.n;
$emit('counted', { count: $state.count });
return $state.count;
`;
const STATE = { count: 5, user: { name: 'Ada', roles: ['admin', 'author'] } };
const CAPABILITIES = ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*', 'ext:*'];
const EXPECTED = 8;

/** Orders of a shop, 10 KB as JSON. */
const LARGE_STATE = {
  ...STATE,
  orders: Array.from({ length: 55 }, (_, i) => ({
    id: `order-${1000 + i}`,
    customer: `Customer number ${i}`,
    address: { street: `${i} Main Street`, city: 'Zürich', zip: 8000 + i },
    total: i * 12.5,
    paid: i % 3 === 0,
    tags: ['web', 'priority'],
  })),
};

/** A use of each part of the contract, before the reference handler. */
const CONTRACT = {
  'reads inside the state': '$state.user.name;',
  'changes inside the state': '$state.user.name = "Grace";',
  'spreads the state': '({ ...$state });',
  'assigns an object': '$state.last = { at: 1 };',
  'logs a line': '$log("counting", 1);',
  'commands a view': '$view.focus("field");',
  'calls an extension': '$ext.audit.note("x");',
  'makes a Map an event': '$emit("map", new Map([[1, 2]]));',
  'is denied and catches it': 'try { $state[Symbol.iterator] = 1 } catch {}',
};

/** A small use of every global of the web platform, as a handler would have it. */
const WEB = {
  queueMicrotask: 'queueMicrotask(() => {})',
  performance: 'performance.now()',
  DOMException: 'new DOMException("m", "AbortError")',
  atob: 'atob("bmV4dXM=")',
  btoa: 'btoa("nexus")',
  TextEncoder: 'new TextEncoder().encode("nexus")',
  TextDecoder: 'new TextDecoder().decode(new Uint8Array([110, 101]))',
  URL: 'new URL("https://example.com/orders?id=7").pathname',
  URLSearchParams: 'new URLSearchParams("a=1&b=2").get("b")',
  structuredClone: 'structuredClone({ a: [1, 2] })',
  crypto: 'crypto.randomUUID()',
};

const engine = await loadEngine();
const encodedPrelude = await readFile(new URL('../build/guest/prelude.image', import.meta.url));
const executor = await Executor.create({
  engine,
  prelude: decodePreludeImage(encodedPrelude, engine.fingerprint),
  libraries: [],
  memoryLimitBytes: 32 * 1024 * 1024,
  stackSizeBytes: 512 * 1024,
});
const plain = resolveRuntimeConfig({});
const audited = resolveRuntimeConfig({ observer: { onAudit: () => {} } });

/** Context in, restore, run, outcome out: all that an execution does but for changing threads. */
async function execution(source, { stateSnapshot = STATE, options = {}, config = plain, args = { n: 3 } } = {}) {
  const { bytecode } = await executor.compileScript(wrapHandler(source), 'handler.js');
  const handler = { key: source, filename: 'handler.js', source, bytecode };
  const context = { stateSnapshot, args, scope: {}, capabilities: CAPABILITIES };
  const run = async () => {
    const { request, grants } = prepareRequest(context, options, config);
    const executed = await executor.execute({ key: handler.key, ...request }, bytecode);
    return readOutcome(executed, handler, { grants, limits: request.limits });
  };
  const outcome = await run();
  if (outcome.returnValue !== EXPECTED) throw new Error(`${source}: ${JSON.stringify(outcome)}`);
  return run;
}

printMachine();
const reference = await measure(await execution(REFERENCE));
const row = (label, { medianUs, p99Us }) => [
  label,
  us(medianUs),
  us(p99Us),
  `${(medianUs / reference.medianUs).toFixed(2)}×`,
];
const HEADER = ['median', 'p99', 'ratio'];

const contract = [row('the reference handler', reference)];
for (const [title, use] of Object.entries(CONTRACT)) {
  contract.push(row(`… ${title}`, await measure(await execution(use + REFERENCE))));
}
const situations = {
  'with a seed and a clock': { options: { seed: 1, now: 0 } },
  'with limits of its own': { options: { limits: { maxEvents: 50 } } },
  'with a Map in its arguments': { args: { n: 3, map: new Map([[1, { a: 2 }]]) } },
  audited: { config: audited },
};
for (const [title, situation] of Object.entries(situations)) {
  contract.push(row(`… ${title}`, await measure(await execution(REFERENCE, situation))));
}
contract.push(row('the reference handler again', await measure(await execution(`${REFERENCE} `))));
printTable(['one thread, the contract', ...HEADER], contract);

const names = Object.keys(WEB);
const named = (some) => some.map((name) => `typeof ${name};`).join(' ');
const used = (some) => some.map((name) => `${WEB[name]};`).join(' ');
const web = [row('the reference handler', reference)];
for (const name of names) {
  web.push(row(`… names ${name}`, await measure(await execution(named([name]) + REFERENCE))));
  web.push(row(`… uses it: ${WEB[name]}`, await measure(await execution(used([name]) + REFERENCE))));
}
web.push(row('… names all of them', await measure(await execution(named(names) + REFERENCE))));
web.push(row('… uses all of them', await measure(await execution(used(names) + REFERENCE))));
console.log();
printTable(['one thread, web-platform globals', ...HEADER], web);

const everything = Object.values(CONTRACT).join('\n') + used(names) + REFERENCE;
const large = { stateSnapshot: LARGE_STATE };
const reading = 'let sum = 0; for (const order of $state.orders) sum += order.total;';
console.log();
printTable(
  [`one thread, a state of ${(JSON.stringify(LARGE_STATE).length / 1024).toFixed(1)} KB as JSON`, ...HEADER],
  [
    row('the reference handler, its own state', reference),
    row('… all globals used, its own state', await measure(await execution(everything))),
    row('… the large state', await measure(await execution(REFERENCE, large))),
    row('… the large state, all of it read', await measure(await execution(reading + REFERENCE, large))),
    row('… the large state, all globals used', await measure(await execution(everything, large))),
  ],
);
