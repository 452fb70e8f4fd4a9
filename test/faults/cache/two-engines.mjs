import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EntryCodec } from '#build/cache/entry-codec.js';
import { FINGERPRINT, openCompiler } from '../lib/compiler.mjs';
import { ENTRY_EXTENSION, FORMAT_FOLDER } from '../lib/entries.mjs';
import { Findings, thousands } from '../lib/findings.mjs';
import { countersOf, forgetMemory, withRuntime } from '../lib/runtime.mjs';

export const title = 'two engines, one directory';

const SECRET = 'a secret of the campaign';
const OTHER_ENGINE = `${FINGERPRINT.slice(0, -1)}${FINGERPRINT.endsWith('0') ? '1' : '0'}`;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const counts = { lookups: 0, loaded: 0, planted: 0 };
  for (const cacheSecret of [SECRET, undefined]) {
    const options = { cacheDir: join(scratch, cacheSecret ? 'sealed' : 'plain'), ...(cacheSecret && { cacheSecret }) };
    const handlers = quick ? 20 : 1_000;
    await share(options, handlers, findings, counts);
    await plant(options, handlers, findings, counts);
  }
  return findings.end(
    `${thousands(counts.lookups)} lookups beside entries of another engine, ` +
      `${thousands(counts.planted)} of them planted: ${counts.loaded} loaded`,
  );
}

const sourceOf = (number) => `return 'handler ${number}'`;

/** Each finds its own and nothing else, however they take turns. */
async function share(options, handlers, findings, counts) {
  const bytecodes = {};
  for (const round of ['first', 'again']) {
    for (const engine of [FINGERPRINT, OTHER_ENGINE]) {
      const { compiler, cache } = await openCompiler(engine, options);
      bytecodes[engine] ??= await compileAll(compiler, handlers);
      if (round === 'again') await compileAll(compiler, handlers);
      await cache.settled();
      const { disk, compilations } = cache.stats();
      const isFirst = round === 'first';
      counts.lookups += handlers;
      if (isFirst) counts.loaded += disk.hits;
      findings.check(disk.hits === (isFirst ? 0 : handlers), `${round}: ${disk.hits} of ${handlers} came from disk`);
      findings.check(compilations === (isFirst ? handlers : 0), `${round}: ${compilations} of ${handlers} compiled`);
      findings.check(Object.keys(disk.rejections).length === 0, `${round}: ${JSON.stringify(disk.rejections)}`);
    }
  }
}

async function compileAll(compiler, handlers) {
  const keys = [];
  for (let number = 0; number < handlers; number++) {
    const attempt = await compiler.compile(sourceOf(number));
    if (!attempt.ok) throw new Error(attempt.error.message);
    keys.push(attempt.handler.key);
  }
  return keys;
}

/** Entries of the other engine under the names that ours looks for, unchanged and with our key in them. */
async function plant(options, handlers, findings, counts) {
  const folder = join(options.cacheDir, FORMAT_FOLDER);
  const secrets = options.cacheSecret === undefined ? [] : [Buffer.from(options.cacheSecret)];
  const [ours, others] = [FINGERPRINT, OTHER_ENGINE].map(
    (engine) => new EntryCodec({ engine, secrets, maxSourceBytes: 16 * 2 ** 20 }),
  );
  const pathOf = (key) => join(folder, key + ENTRY_EXTENSION);
  const { keys, otherKeys } = await keysOfBoth(options, handlers);
  for (const [number, key] of keys.entries()) {
    const foreign = readFileSync(pathOf(otherKeys[number]));
    const entry = await ours.open(key, readFileSync(pathOf(key)));
    // Of another handler, so that a result would show that it was executed.
    const otherKey = otherKeys[(number + 1) % handlers];
    const { content } = await others.open(otherKey, readFileSync(pathOf(otherKey)));
    writeFileSync(pathOf(key), number % 2 === 0 ? foreign : await others.seal({ ...entry, content }));
  }
  counts.planted += handlers;
  counts.lookups += handlers;

  await withRuntime(options, async (runtime) => {
    for (let number = 0; number < handlers; number++) {
      const { returnValue } = await runtime.executeHandler(sourceOf(number));
      findings.check(returnValue === `handler ${number}`, 'a planted entry was executed');
    }
    await forgetMemory(runtime);
    const { diskHits, compilations, rejections } = countersOf(runtime);
    counts.loaded += diskHits;
    findings.check(diskHits === 0, `${diskHits} planted entries were loaded`);
    findings.check(compilations === handlers, `${compilations} of ${handlers} compiled`);
    findings.check(rejections === handlers, `${rejections} of ${handlers} rejections counted`);
    const { rejections: reasons } = runtime.getStats().cache.disk;
    findings.check(reasons.engine === handlers, `rejected as ${JSON.stringify(reasons)}, not for their engine`);
  });
  for (const key of otherKeys) {
    const name = key + ENTRY_EXTENSION;
    findings.check(readdirSync(folder).includes(name), 'an entry of the other engine was removed from its own place');
  }
}

async function keysOfBoth(options, handlers) {
  const compilers = await Promise.all([FINGERPRINT, OTHER_ENGINE].map((engine) => openCompiler(engine, options)));
  const [keys, otherKeys] = await Promise.all(compilers.map(({ compiler }) => compileAll(compiler, handlers)));
  await Promise.all(compilers.map(({ cache }) => cache.settled()));
  return { keys, otherKeys };
}
