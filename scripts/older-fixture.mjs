// Makes the fixture of an older ABI: handlers and runs that an older build of this package suspended, its image, and what it makes of them itself.
// After the ABI was raised, once:
//   git worktree add ../older <the last commit with the ABI before>, npm ci && npm run build there, and npm run build here
//   node scripts/older-fixture.mjs ../older test/suspension/older
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

import { buildBaseImage, createBuilderVm } from '#build/engine/image/base-image.js';
import { encodeKeptBase } from '#build/engine/image/image-codec.js';
import { decodePreludeImage } from '#build/engine/image/prelude-image.js';
import { loadEngine } from '#build/engine/load-engine.js';
import { SourceCompiler } from '#build/engine/source-compiler.js';

const [older, out] = process.argv.slice(2);
if (older === undefined || out === undefined) throw new Error('usage: older-fixture.mjs <older checkout> <folder>');
const from = (path) => import(pathToFileURL(join(resolve(older), path)).href);
const { createRuntime } = await from('dist/index.js');
const { MemoryStore } = await from('build/suspension/memory-store.js');
const { ABI_VERSION } = await from('build/guest/abi.js');

const SECRET = 'the secret of a fixture, no other';
const LIBRARIES = { greeting: { source: 'var greeting = { of: (name) => "hello " + name };' } };
const NEVER_MS = 100 * 365 * 24 * 60 * 60 * 1000;

/** Handlers that wait, and with what they are answered. */
const HANDLERS = [
  {
    name: 'calls at once',
    source: `
      const seen = new Map([['a', { n: 1 }]]);
      const url = new URL('https://example.com/a?b=1');
      $state.begun = true;
      const [one, two] = await Promise.all([$ext.ask.one($args.id), $ext.ask.two()]);
      seen.set('b', one);
      $emit('done', { two });
      $state.list.push(url.searchParams.get('b'));
      return { names: [...seen.keys()], greeting: $lib.greeting.of(two), class: seen.get('b').constructor.name };
    `,
    context: { args: { id: 7 }, stateSnapshot: { list: ['x'], count: 1 } },
    answers: [
      { success: true, value: { n: 2 } },
      { success: true, value: 'Ada' },
    ],
  },
  {
    name: 'an error, a feature that the image lacks, and a second wait',
    source: `
      let caught;
      try { await $ext.ask.one(); } catch (error) { caught = error.message + ' ' + (error instanceof RangeError); }
      const text = structuredClone({ at: new Date(0) }).at.toISOString();
      const again = await $ext.ask.two(text);
      return { caught, text, again, random: typeof Math.random(), lines: new Error('x').stack.split('\\n').length > 0 };
    `,
    context: {},
    answers: [
      { success: false, error: { name: 'RangeError', message: 'no' } },
      { success: true, value: [1n, null] },
    ],
  },
  {
    name: 'values that were left out',
    source: `const key = await $ext.ask.key(); return [Object.keys($state).length, $state[key].name, $state.k3.name];`,
    context: {
      stateSnapshot: Object.fromEntries(
        Array.from({ length: 300 }, (_, i) => [`k${i}`, { name: `value ${i}`, filler: 'x'.repeat(100) }]),
      ),
    },
    answers: [{ success: true, value: 'k200' }],
  },
  {
    name: 'what it may not do',
    source: `
      await $ext.ask.one();
      try { $emit('forbidden'); } catch (error) { return error.code; }
    `,
    context: { capabilities: ['ext:ask'] },
    answers: [{ success: true }],
  },
  {
    name: 'an error with its place',
    source: 'const given = await $ext.ask.one();\nreturn given.missing.deeper;',
    context: {},
    answers: [{ success: true, value: {} }],
  },
];
const CAPABILITIES = ['ext:ask', 'state:read:*', 'state:write:*', 'events:emit:*', 'timer'];

/** Notes what is stored. */
class NotingStore extends MemoryStore {
  stored = [];

  async put(suspension) {
    await super.put(suspension);
    this.stored.push(suspension);
  }

  async settle(id, fence, outcome, next, consumed) {
    const answer = await super.settle(id, fence, outcome, next, consumed);
    if (next !== undefined && answer.kind === 'recorded') this.stored.push(next);
    return answer;
  }
}

const shown = ({ status, returnValue, stateMutations, events, error }) => ({
  status,
  returnValue: returnValue === undefined ? null : returnValue,
  stateMutations,
  events,
  ...(error && { error: { code: error.code, message: error.message, location: error.location ?? null } }),
});
const json = (value) => JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `bigint ${item}` : item), 1);
const packed = (suspension) => ({ ...suspension, envelope: Buffer.from(suspension.envelope).toString('base64') });

const store = new NotingStore();
const runtime = await createRuntime({
  suspensionStore: store,
  suspensionSecret: SECRET,
  suspensionTtlMs: 2 ** 31 - 1,
  libraries: LIBRARIES,
});
const handlers = [];
for (const { name, source, context, answers } of HANDLERS) {
  const given = { capabilities: CAPABILITIES, ...context };
  let result = await runtime.executeHandler(source, given);
  if (result.suspension === undefined) throw new Error(`${name}: ${json(result)}`);
  const suspension = store.stored.at(-1);
  const results = [];
  const sent = [];
  for (const answer of answers) {
    const [call] = result.suspension.calls;
    sent.push({ callId: call.callId, ...answer });
    result = await runtime.resumeHandler(result.suspension.suspensionId, [{ callId: call.callId, ...answer }]);
    results.push(shown(result));
  }
  handlers.push({ name, suspension: packed({ ...suspension, expiresAtMs: NEVER_MS }), answers: sent, results });
}

// One run that waits, and one that nobody has begun.
await runtime.start(
  `$state.begun = 1; const answer = await $ext.elsewhere.ask($args); await $sleep(5); return [answer, $lib.greeting.of($state.name)]`,
  { args: 7, stateSnapshot: { name: 'Ada' }, capabilities: ['ext:elsewhere', ...CAPABILITIES] },
  { runId: 'waits' },
);
const worker = await runtime.work();
while ((await runtime.getRun('waits').describe()).calls.length === 0) await new Promise((done) => setTimeout(done, 20));
await worker.close();
await runtime.start('return $args + 1', { args: 1 }, { runId: 'never-begun' });
const runs = [];
for (const runId of ['waits', 'never-begun']) {
  const { suspensionId } = await runtime.getRun(runId).describe();
  const generations = store.stored.filter(({ id }) => id.split('.')[0] === suspensionId.split('.')[0]);
  runs.push({ runId, generations: generations.map((one) => packed({ ...one, expiresAtMs: NEVER_MS })) });
}
const { deployment } = runtime;
await runtime.shutdown();

const engine = await loadEngine();
const prelude = decodePreludeImage(await readFile(join(older, 'dist/guest/prelude.image')), engine.fingerprint);
const vm = await createBuilderVm(engine, undefined, {});
const libraries = Object.entries(LIBRARIES).map(([name, { source }]) => ({ name, source, filename: `${name}.js` }));
const compiler = () => SourceCompiler.create(engine, 256 * 1024);
const base = await buildBaseImage(vm, prelude, libraries, compiler);
const image = encodeKeptBase({ base, prelude }, ABI_VERSION, vm.places);

await mkdir(out, { recursive: true });
const smallest = { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } };
await writeFile(join(out, `abi-${ABI_VERSION}.image`), brotliCompressSync(image, smallest));
const fixture = { abi: ABI_VERSION, engine: engine.fingerprint, deployment, secret: SECRET, handlers, runs };
await writeFile(join(out, `abi-${ABI_VERSION}.json`), `${json(fixture)}\n`);
