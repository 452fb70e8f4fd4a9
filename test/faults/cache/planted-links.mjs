import {
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { temporaryName } from '#build/support/files/temporary.js';
import { Worker } from '../lib/children.mjs';
import { ENTRY_EXTENSION, FORMAT_FOLDER, keyOf } from '../lib/entries.mjs';
import { Findings } from '../lib/findings.mjs';

export const title = 'planted symbolic links';

const PROCESS = new URL('./workers/runtime-process.mjs', import.meta.url);
const PREDICTABLE = new URL('./workers/predictable-names.mjs', import.meta.url);
const HANDLERS = 5;
/** Beyond every possible process id. */
const DEAD_PROCESS = 4_194_305;

const situations = {
  async 'as the directory'(trial) {
    mkdirSync(trial.parent);
    symlinkSync(trial.target, trial.cacheDir);
    await trial.expectRefusedDirectory();
  },
  async 'as the directory, to nowhere'(trial) {
    mkdirSync(trial.parent);
    symlinkSync(trial.nowhere, trial.cacheDir);
    await trial.expectRefusedDirectory();
  },
  async 'as the folder within'(trial) {
    mkdirSync(trial.cacheDir, { recursive: true });
    symlinkSync(trial.target, trial.entries);
    await trial.expectRefusedDirectory();
  },
  async 'as the folder within, to nowhere'(trial) {
    mkdirSync(trial.cacheDir, { recursive: true });
    symlinkSync(trial.nowhere, trial.entries);
    await trial.expectRefusedDirectory();
  },
  'as the directory, while running': (trial) => trial.expectRefusedReplacement(trial.cacheDir),
  'as the folder within, while running': (trial) => trial.expectRefusedReplacement(trial.entries),
  'as entries, to a file': (trial) =>
    trial.expectRefusedEntries((path) => symlinkSync(join(trial.target, 'precious.txt'), path)),
  'as entries, to the very entries elsewhere': (trial) =>
    trial.expectRefusedEntries((path, moved) => symlinkSync(moved, path)),
  'as entries, to a directory': (trial) => trial.expectRefusedEntries((path) => symlinkSync(trial.target, path)),
  'as entries, to nowhere': (trial) => trial.expectRefusedEntries((path) => symlinkSync(trial.nowhere, path)),
  'as entries, hard ones': (trial) =>
    trial.expectRefusedEntries((path) => linkSync(join(trial.target, 'precious.txt'), path)),
  async 'as temporary files'(trial) {
    // Real names are random. A process with our random source uses names that we know, through the same code.
    const worker = trial.keep(new Worker(PREDICTABLE, [trial.cacheDir]));
    trial.check((await worker.ask('write', 'first')).kept, 'nothing is written without a link');
    const plants = {
      file: (path) => symlinkSync(join(trial.target, 'precious.txt'), path),
      directory: (path) => symlinkSync(trial.target, path),
      nowhere: (path) => symlinkSync(trial.nowhere, path),
      hard: (path) => linkSync(join(trial.target, 'precious.txt'), path),
    };
    const before = trial.observe();
    for (const [name, plant] of Object.entries(plants)) {
      const temporary = await worker.ask('foresee', name);
      trial.check(temporary !== undefined, 'its names cannot be foreseen');
      const path = join(trial.entries, temporary ?? 'none');
      plant(path);
      const { kept, isFound } = await worker.ask('write', name);
      trial.check(kept === isFound, `${name}: a write says ${kept}, a read ${isFound}`);
      // It was met, then: either the write gave up, or it took the link away and began again.
      trial.check(!kept || !existsSync(path), `${name}: the link was not in the way of the write`);
      trial.expectUntouched(before);
      const entry = lstatSync(join(trial.entries, keyOf(name) + ENTRY_EXTENSION), { throwIfNoEntry: false });
      trial.check(entry === undefined || (entry.isFile() && entry.nlink === 1), `${name}: the link became the entry`);
      rmSync(path, { force: true });
    }
  },
  async 'as temporary files that a crash left'(trial) {
    mkdirSync(trial.entries, { recursive: true, mode: 0o700 });
    const orphan = (name) => temporaryName(keyOf(name)).replace(`.${process.pid}.`, `.${DEAD_PROCESS}.`);
    symlinkSync(join(trial.target, 'precious.txt'), join(trial.entries, orphan('file')));
    symlinkSync(trial.target, join(trial.entries, orphan('directory')));
    const before = trial.observe();
    await trial.start();
    await trial.execute();
    await trial.maintain();
    trial.expectUntouched(before);
  },
};

export async function run({ scratch }) {
  const findings = new Findings();
  const counts = { situations: 0, touched: 0, handlers: 0, failed: 0 };
  const names = Object.keys(situations);
  const filledCache = join(scratch, 'filled');
  await fill(filledCache);
  const runNext = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const trial = new Trial(name, join(scratch, name.replaceAll(/\W+/g, '-')), filledCache, findings, counts);
      await trial.run(situations[name]);
    }
  };
  await Promise.all([runNext(), runNext()]);
  return findings.end(
    `${counts.situations} situations, ${counts.handlers} handlers: ${counts.failed} failed; ` +
      `${counts.touched} targets touched`,
  );
}

/** A cache with the handlers that every trial executes first. */
async function fill(cacheDir) {
  const worker = new Worker(PROCESS, [{ cacheDir }]);
  await worker.ask('execute', { from: 0, count: HANDLERS });
  await worker.kill();
}

/** One situation: a cache, and beside it what the links lead to, which is as attractive as can be. */
class Trial {
  #name;
  #filledCache;
  #findings;
  #counts;
  #workers = [];
  #worker;
  #isTouched = false;

  constructor(name, root, filledCache, findings, counts) {
    this.#name = name;
    this.#filledCache = filledCache;
    this.#findings = findings;
    this.#counts = counts;
    this.parent = join(root, 'parent');
    this.cacheDir = join(this.parent, 'cache');
    this.entries = join(this.cacheDir, FORMAT_FOLDER);
    this.target = join(root, 'target');
    this.nowhere = join(root, 'nowhere');
    mkdirSync(this.target, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.target, 'precious.txt'), 'precious', { mode: 0o600 });
    // What a sweep, an inspection or a clearing of the directory would take for its own.
    writeFileSync(join(this.target, keyOf('theirs') + ENTRY_EXTENSION), 'no entry', { mode: 0o600 });
    const orphan = temporaryName(keyOf('theirs')).replace(`.${process.pid}.`, `.${DEAD_PROCESS}.`);
    writeFileSync(join(this.target, orphan), 'no orphan', { mode: 0o600 });
  }

  async run(situation) {
    try {
      await situation(this);
    } catch (error) {
      this.check(false, error.stack);
    } finally {
      await Promise.all(this.#workers.map((worker) => worker.kill()));
    }
    this.#counts.situations++;
    if (this.#isTouched) this.#counts.touched++;
  }

  check(isRight, violation) {
    this.#findings.check(isRight, `${this.#name}: ${violation}`);
  }

  keep(worker) {
    this.#workers.push(worker);
    return worker;
  }

  async start() {
    this.#worker = this.keep(new Worker(PROCESS, [{ cacheDir: this.cacheDir }]));
    await this.#worker.ready;
  }

  async execute(from = 0) {
    const { failed, warnings, cache } = await this.#worker.ask('execute', { from, count: HANDLERS });
    this.#counts.handlers += HANDLERS;
    this.#counts.failed += failed;
    this.check(failed === 0, `${failed} handlers failed`);
    return { warnings, disk: cache.disk };
  }

  maintain() {
    return this.#worker.ask('maintain');
  }

  /** All about what the links lead to. */
  observe() {
    const names = ['', ...readdirSync(this.target, { recursive: true }).sort()];
    const seen = names.map((name) => {
      const path = join(this.target, name);
      const status = lstatSync(path);
      const { ino, mode, uid, size, mtimeMs } = status;
      return [name, ino, mode, uid, size, mtimeMs, status.isFile() ? readFileSync(path, 'base64') : ''];
    });
    return JSON.stringify([...seen, existsSync(this.nowhere)]);
  }

  expectUntouched(before, when = '') {
    const isTouched = this.observe() !== before;
    this.check(!isTouched, `what the link leads to was changed ${when}`.trim());
    this.#isTouched ||= isTouched;
  }

  async expectRefusedDirectory() {
    const before = this.observe();
    await this.start();
    await this.execute();
    await this.maintain();
    const { warnings, disk } = await this.execute(HANDLERS);
    this.check(disk.writes === 0, `${disk.writes} entries were written`);
    this.check(warnings.length === 1, `${warnings.length} warnings instead of one`);
    this.expectUntouched(before);
  }

  /**
   * An attacker with write access to the parent puts a link in place of the directory after it was opened and
   * checked.
   */
  async expectRefusedReplacement(path) {
    await this.start();
    await this.execute();
    renameSync(path, `${path}-moved`);
    if (path === this.cacheDir) mkdirSync(join(this.target, FORMAT_FOLDER), { mode: 0o700 });
    symlinkSync(this.target, path);
    const before = this.observe();
    await this.execute(HANDLERS);
    this.expectUntouched(before, 'when handlers run');
    const afterExecution = this.observe();
    await this.maintain();
    this.expectUntouched(afterExecution, 'by verifyCache and clearCache');
  }

  /** Links in place of all entries: misses, counted, healed. */
  async expectRefusedEntries(plant) {
    cpSync(this.#filledCache, this.cacheDir, { recursive: true });
    const paths = readdirSync(this.entries).map((name) => join(this.entries, name));
    this.check(paths.length === HANDLERS, `${paths.length} entries to put links in place of`);
    for (const [number, path] of paths.entries()) {
      const moved = join(this.target, `entry-${number}`);
      renameSync(path, moved);
      plant(path, moved);
    }
    const before = this.observe();
    await this.start();
    const { disk } = await this.execute();
    const rejections = Object.values(disk.rejections).reduce((sum, count) => sum + count, 0);
    this.check(disk.hits === 0, `${disk.hits} were loaded through a link`);
    this.check(rejections === HANDLERS, `${rejections} of ${HANDLERS} rejections counted`);
    const isHealed = (path) => lstatSync(path).isFile() && lstatSync(path).nlink === 1;
    this.check(paths.every(isHealed), 'not all are healed');
    this.expectUntouched(before);
    const { disk: later } = await this.execute();
    this.check(later.hits === HANDLERS, `${later.hits} of ${HANDLERS} are found after that`);
    await this.#expectUntouchedByMaintenance(paths);
  }

  async #expectUntouchedByMaintenance(paths) {
    for (const path of paths) {
      rmSync(path);
      symlinkSync(join(this.target, 'precious.txt'), path);
    }
    const before = this.observe();
    const { report } = await this.maintain();
    this.check(report.removed.length === paths.length, `verifyCache removed ${report.removed.length} links`);
    this.expectUntouched(before);
  }
}
