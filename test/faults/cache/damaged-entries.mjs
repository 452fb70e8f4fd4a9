import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { EntryCodec } from '#build/cache/entry-codec.js';
import { loadEngine } from '#build/engine/load-engine.js';
import { ENTRY_EXTENSION, FORMAT_FOLDER, filesBelow, temporariesBelow } from '../lib/entries.mjs';
import { Findings, thousands, within } from '../lib/findings.mjs';
import { countersOf, forgetMemory, withRuntime } from '../lib/runtime.mjs';

export const title = 'damaged and foreign entries';

const SECRET = 'a secret of the campaign';
/** Of usual size, with a result that says whether it is the right one. */
const SOURCE = `
const lines = $args.map(({ price, quantity }) => price * quantity);
const total = lines.reduce((sum, line) => sum + line, 0);
return { total, lines, text: 'total ' + total };
`;
const CONTEXT = {
  args: [
    { price: 3, quantity: 4 },
    { price: 5, quantity: 6 },
  ],
};
const EXPECTED = JSON.stringify({ total: 42, lines: [12, 30], text: 'total 42' });
const DEFAULT_CAP = 96 * 1024 ** 2;
const HUNDRED_MB = 100_000_000;
const THREE_GB = 3_000_000_000;
const PREAMBLE_BYTES = 10;
const HANGS_AFTER_MS = 10_000;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const amount = quick ? { truncations: 10, flips: 80, step: 7 } : { truncations: 1_000, flips: 10_000, step: 1 };
  const counts = { damaged: 0, loaded: 0, wrong: 0, healed: 0, reasons: {} };
  for (const [name, cacheSecret] of [
    ['sealed', SECRET],
    ['plain', undefined],
  ]) {
    const trial = { cacheDir: join(scratch, name), cacheSecret, findings, counts };
    await damage(trial, { truncations: amount.truncations / 2, flips: amount.flips / 2, step: amount.step });
  }
  const reasons = Object.entries(counts.reasons).map(([reason, count]) => `${reason} ${thousands(count)}`);
  return findings.end(
    `${thousands(counts.damaged)} damaged: ${counts.loaded} loaded, ${counts.wrong} wrong results, ` +
      `${thousands(counts.healed)} healed (${reasons.join(', ')})`,
  );
}

/** @param amount `step`: of the ends within the header, how many of them one is of */
async function damage(trial, { truncations, flips, step }) {
  const { cacheDir, cacheSecret, findings, counts } = trial;
  const options = { cacheDir, ...(cacheSecret && { cacheSecret }) };
  await withRuntime(options, async (runtime) => {
    const subject = await prepare(runtime, cacheDir, findings);
    const attempt = (what, spoil, reasons) => tryEntry({ runtime, findings, counts, subject, what, spoil, reasons });
    const write = (bytes) => () => writeFileSync(subject.path, bytes);
    const { original } = subject;

    const headerEnd = PREAMBLE_BYTES + original.readUInt32BE(6);
    const ends = Array.from({ length: headerEnd + 1 }, (_, end) => end).filter((end) => end % step === 0);
    for (let i = 0; i < truncations; i++) ends.push(randomInt(original.length));
    for (const end of ends) await attempt('truncated', write(original.subarray(0, end)), ['length', 'mac']);

    // Of the header's length: longer than any header, which is told before anything is hashed.
    const told = ['magic', 'version', 'mac', 'header'];
    for (let i = 0; i < flips; i++) await attempt('a flipped bit', write(flipBit(original)), told);
    for (const bit of [0x80, 0x40, 0x20, 0x10]) {
      const longer = Buffer.from(original);
      longer[6] ^= bit;
      await attempt('a header that says it is longer', write(longer), ['header']);
    }

    await attempt('empty', write(''), ['length']);
    await attempt('longer by one byte', write(Buffer.concat([original, Buffer.of(0)])), ['mac']);
    await attempt('100 MB', write(Buffer.alloc(HUNDRED_MB, 'x')), ['file']);
    const grow = (bytes) => () => {
      writeFileSync(subject.path, original);
      truncateSync(subject.path, bytes);
    };
    await attempt('100 MB that begin like the entry', grow(HUNDRED_MB), ['file']);
    await attempt('larger than the cache', grow(DEFAULT_CAP + 1), ['file']);
    await attempt('another entry’s content', write(subject.other), ['key']);
    await attempt('this content, sealed under a wrong key', write(await underWrongKey(subject, cacheSecret)), ['key']);
    await attempt('random bytes', write(randomBytes(original.length)), ['magic']);

    const exposed = () => {
      writeFileSync(subject.path, original);
      chmodSync(subject.path, 0o666);
    };
    await attempt('writable by others', exposed, ['file']);
    if (process.getuid?.() === 0) {
      const foreign = () => {
        writeFileSync(subject.path, original);
        chownSync(subject.path, 65_534, 65_534);
      };
      await attempt('of another user', foreign, ['file']);
    }
    await attempt('a directory', () => replace(subject.path, (path) => mkdirSync(path)), ['file']);
    const fillDirectory = (path) => {
      mkdirSync(path);
      writeFileSync(join(path, 'within'), '');
    };
    await attempt('a directory with a file', () => replace(subject.path, fillDirectory), ['file']);
    await attempt('a named pipe', () => replace(subject.path, (path) => execFileSync('mkfifo', [path])), ['file']);
  });

  await withRuntime({ ...options, maxDiskCacheSizeBytes: 2 * THREE_GB }, async (runtime) => {
    const subject = await prepare(runtime, cacheDir, findings);
    const spoil = () => truncateSync(subject.path, THREE_GB);
    const what = '3 GB in a cache of 6 GB';
    await tryEntry({ runtime, findings, counts, subject, what, spoil, reasons: ['file', 'length', 'mac'] });
  });
}

/** Compiles the handler and another one, and finds their files. */
async function prepare(runtime, cacheDir, findings) {
  const folder = join(cacheDir, FORMAT_FOLDER);
  rmSync(folder, { recursive: true, force: true });
  await runtime.executeHandler('return "another handler"');
  await forgetMemory(runtime);
  const [otherPath] = filesBelow(folder);
  const other = readFileSync(otherPath);
  await runtime.executeHandler(SOURCE, CONTEXT);
  await forgetMemory(runtime);
  const path = filesBelow(folder).find((candidate) => candidate !== otherPath);
  const before = countersOf(runtime);
  findings.check(await isRight(runtime), 'a wrong result before anything was damaged');
  findings.check(countersOf(runtime).diskHits === before.diskHits + 1, 'no hit before anything was damaged');
  await forgetMemory(runtime);
  return { path, original: readFileSync(path), other };
}

async function isRight(runtime) {
  const result = await runtime.executeHandler(SOURCE, CONTEXT);
  return result.status === 'success' && JSON.stringify(result.returnValue) === EXPECTED;
}

/** Damages the entry, which must be refused for one of `reasons`, compiled again, and be as before afterwards. */
async function tryEntry({ runtime, findings, counts, subject, what, spoil, reasons }) {
  counts.damaged++;
  const before = countersOf(runtime);
  const reasonsBefore = runtime.getStats().cache.disk.rejections;
  spoil();

  const outcome = await within(HANGS_AFTER_MS, isRight(runtime), 'hangs');
  findings.check(outcome !== 'hangs', `${what}: the handler hangs`);
  if (outcome === 'hangs') await releaseReader(subject.path);
  else findings.check(outcome, `${what}: the result is wrong`);
  if (outcome !== true) counts.wrong++;
  await forgetMemory(runtime);

  findings.check(temporariesBelow(dirname(subject.path)).length === 0, `${what}: a temporary file is left`);
  const after = countersOf(runtime);
  counts.loaded += after.diskHits - before.diskHits;
  findings.check(after.diskHits === before.diskHits, `${what}: was loaded`);
  findings.check(after.compilations === before.compilations + 1, `${what}: was not compiled again`);
  findings.check(after.rejections === before.rejections + 1, `${what}: is not counted`);
  const reasonsAfter = runtime.getStats().cache.disk.rejections;
  const counted = Object.keys(reasonsAfter).filter((name) => reasonsAfter[name] !== reasonsBefore[name]);
  for (const reason of counted) {
    findings.check(reasons.includes(reason), `${what}: counted as "${reason}", not as one of ${reasons}`);
    counts.reasons[reason] = (counts.reasons[reason] ?? 0) + 1;
  }

  const isHealed = isFile(subject.path) && readFileSync(subject.path).equals(subject.original);
  findings.check(isHealed, `${what}: is not healed`);
  if (isHealed) counts.healed++;
  else replace(subject.path, (path) => writeFileSync(path, subject.original, { mode: 0o600 }));
}

function isFile(path) {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true && status.size < HUNDRED_MB;
}

function replace(path, make) {
  rmSync(path, { recursive: true, force: true });
  make(path);
}

/** A reader of a named pipe waits for a writer, in a thread that others need, too. */
async function releaseReader(path) {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFIFO()) return;
  closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  await new Promise((resolve) => setTimeout(resolve, 200));
}

function flipBit(original) {
  const bytes = Buffer.from(original);
  const bit = randomInt(bytes.length * 8);
  bytes[bit >> 3] ^= 1 << (bit & 7);
  return bytes;
}

async function underWrongKey({ path, original }, cacheSecret) {
  const { fingerprint } = await loadEngine();
  const secrets = cacheSecret === undefined ? [] : [Buffer.from(cacheSecret)];
  const codec = new EntryCodec({ engine: fingerprint, secrets, maxSourceBytes: 16 * 2 ** 20 });
  const entry = await codec.open(basename(path, ENTRY_EXTENSION), original);
  return codec.seal({ ...entry, key: 'f'.repeat(64) });
}
