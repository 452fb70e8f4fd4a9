// How long do source maps take that were made to take long? The main thread reads them when it describes an error. A turn of the
// event loop is to take less than 50 ms.
import { setImmediate as nextTurn } from 'node:timers/promises';

import { SourceMap } from '../../build/source/source-map/source-map.js';
import { openStoredMap, storeSourceMap } from '../../build/source/source-map/stored-map.js';
import { ms } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';

const MIB = 1024 * 1024;
const ROUNDS = isShort ? 1 : 5;
/** Of 20 errors with 20 frames each. */
const LOOKUPS = 400;
/** A map that is opened without a turn of the event loop has at most so much. */
const AT_ONCE = MIB;

const of = (mappings, more = '') =>
  Buffer.from(`{"version":3,"sources":["a.js"],"names":[],"mappings":"${mappings}"${more}}`);
const times = (text, bytes) => text.repeat(Math.floor(bytes / text.length));

const KINDS = {
  'segments of one byte': (bytes) => of(times('A,', bytes)),
  'segments in one line': (bytes) => of(times('CAAC,', bytes)),
  'lines of one segment': (bytes) => of(times('AAAA;', bytes)),
  'empty lines': (bytes) => of(times(';', bytes)),
  brackets: (bytes) => of('AAAA', `,"x":[${times('[],', bytes)}[]]`),
  'short texts': (bytes) => of('AAAA', `,"x":[${times('"",', bytes)}""]`),
  escapes: (bytes) => of('AAAA', `,"sourcesContent":["${times('\\"', bytes)}"]`),
  depth: (bytes) => of('AAAA', `,"x":${times('[', bytes)}`),
};

/** The longest turn of the event loop while a promise is pending. */
async function longestTurn(promise) {
  let isPending = true;
  const settled = promise.finally(() => {
    isPending = false;
  });
  let longest = 0;
  for (let last = performance.now(); isPending; ) {
    await nextTurn();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return { longest, value: await settled };
}

async function measureOne(json) {
  const stored = await storeSourceMap(json);
  const best = { total: Infinity, longest: Infinity, lookups: Infinity, atOnce: Infinity };
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const { longest, value: map } = await longestTurn(openStoredMap(stored));
    best.total = Math.min(best.total, performance.now() - start);
    best.longest = Math.min(best.longest, longest);
    const looking = performance.now();
    for (let i = 0; i < LOOKUPS; i++) map?.find({ line: 1 + ((i * 7919) % 100_000), column: 1 + i * 3571 });
    best.lookups = Math.min(best.lookups, performance.now() - looking);
    const once = performance.now();
    SourceMap.openAtOnce(json);
    best.atOnce = Math.min(best.atOnce, performance.now() - once);
  }
  return best;
}

printMachine();
const rows = [];
for (const [kind, make] of Object.entries(KINDS)) {
  for (const size of isShort ? [0.9] : [0.9, 7.9]) {
    const json = make(size * MIB);
    const { total, longest, lookups, atOnce } = await measureOne(json);
    rows.push([
      `${size} MiB of ${kind}`,
      ms(total),
      ms(longest),
      ms(lookups),
      json.length <= AT_ONCE ? ms(atOnce) : '',
    ]);
  }
}
printTable(['map', 'opened in', 'longest turn', `${LOOKUPS} lookups`, 'opened at once in'], rows);
