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
const CONTEXT = {
  stateSnapshot: { count: 5, user: { name: 'Ada', roles: ['admin', 'author'] } },
  args: { n: 3 },
  scope: {},
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*'],
};
const EXPECTED = 8;

/** A small use of every global, as a handler would have it. */
const USES = {
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
const config = resolveRuntimeConfig({});

/** Context in, restore, run, outcome out: all that an execution does but for changing threads. */
async function execution(source) {
  const { bytecode } = await executor.compileScript(wrapHandler(source), 'handler.js');
  const handler = { key: source, filename: 'handler.js', source, bytecode };
  const run = async () => {
    const { request, grants } = prepareRequest(CONTEXT, {}, config);
    const executed = await executor.execute({ key: handler.key, ...request }, bytecode);
    return readOutcome(executed, handler, { grants, limits: request.limits });
  };
  const outcome = await run();
  if (outcome.returnValue !== EXPECTED) throw new Error(`${source}: ${JSON.stringify(outcome)}`);
  return run;
}

printMachine();
const named = (names) => names.map((name) => `typeof ${name};`).join(' ') + REFERENCE;
const used = (names) => names.map((name) => `${USES[name]};`).join(' ') + REFERENCE;
const reference = await measure(await execution(REFERENCE));
const row = (label, { medianUs, p99Us }) => [
  label,
  us(medianUs),
  us(p99Us),
  `${(medianUs / reference.medianUs).toFixed(2)}×`,
];

const rows = [row('the reference handler', reference)];
for (const name of Object.keys(USES)) {
  rows.push(row(`… names ${name}`, await measure(await execution(named([name])))));
  rows.push(row(`… uses it: ${USES[name]}`, await measure(await execution(used([name])))));
}
rows.push(row('… names all of them', await measure(await execution(named(Object.keys(USES))))));
rows.push(row('… uses all of them', await measure(await execution(used(Object.keys(USES))))));
rows.push(row('the reference handler again', await measure(await execution(`${REFERENCE} `))));
printTable(['one thread, web-platform globals', 'median', 'p99', 'ratio'], rows);
