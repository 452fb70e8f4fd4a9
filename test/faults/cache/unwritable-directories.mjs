import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { Worker } from '../lib/children.mjs';
import { FORMAT_FOLDER, temporariesBelow } from '../lib/entries.mjs';
import { Findings, thousands } from '../lib/findings.mjs';
import { mountTmpfs, remount, unmountBelow } from '../lib/mounts.mjs';

export const title = 'directories that cannot be written';

const PROCESS = new URL('./workers/runtime-process.mjs', import.meta.url);
const APPLICATION = new URL('./workers/outlives-its-runtime.mjs', import.meta.url);
const NOBODY = 65_534;
const IS_ROOT = process.getuid?.() === 0;

/** Each prepares a directory, and perhaps changes it under a running process. */
const situations = {
  async 'deleted, slow, and given up on'(trial) {
    if (!existsSync('/proc/self/fd')) trial.skip('there is no /proc');
    const { missing, open } = await trial.runApplication();
    trial.check(missing.length === 0, `files of the application are gone: ${missing}`);
    trial.check(open.length === 0, `open after shutdown: ${open}`);
  },
  async 'disk full'(trial) {
    trial.mount('size=1m');
    await trial.start();
    const { writes, writeFailures } = await trial.execute(trial.many, { padding: 1_000 });
    // The oldest entries make room for the newest: the volume is the cap then.
    trial.check(writes > 0 && writeFailures === 0, `${writes} entries written, ${writeFailures} not`);
    trial.expectWarnings(/ENOSPC/);
    for (const name of readdirSync(trial.entries)) rmSync(join(trial.entries, name));
    const after = await trial.execute(10);
    trial.check(after.writes === writes + 10, 'nothing is written after space was freed');
    trial.expectWarnings(/ENOSPC/);
  },
  async 'no inodes left'(trial) {
    trial.mount('size=16m,nr_inodes=12');
    await trial.start();
    const { writeFailures } = await trial.execute(trial.some + 15);
    trial.check(writeFailures === 0, `${writeFailures} entries were not written`);
    trial.expectWarnings(/ENOSPC/);
  },
  async 'disk full before the directory is made'(trial) {
    trial.mount('size=16m,nr_inodes=1');
    await trial.start();
    await trial.execute(trial.some);
    trial.expectWarnings(/ENOSPC/);
  },
  async 'read-only from the start'(trial) {
    trial.mount('size=16m', 'ro');
    await trial.start();
    await trial.execute(trial.some);
    trial.expectWarnings(/EROFS/);
  },
  async 'read-only with entries of a run before'(trial) {
    trial.mount('size=16m');
    await trial.runBefore(trial.some);
    trial.remount('ro');
    await trial.start();
    const { hits } = await trial.execute(trial.some);
    trial.check(hits === trial.some, `${hits} of ${trial.some} were found`);
    trial.expectNoWarning();
    trial.next = trial.some;
    await trial.execute(trial.some);
    trial.expectWarnings(/EROFS/);
  },
  async 'read-only while running'(trial) {
    trial.mount('size=16m');
    await trial.start();
    await trial.execute(trial.some);
    trial.remount('ro');
    await trial.execute(trial.some);
    trial.expectWarnings(/EROFS/);
    trial.remount('rw');
    const { writes } = await trial.execute(trial.some);
    trial.check(writes === trial.some * 2, 'nothing is written after it was writable again');
    await trial.maintain();
    trial.expectWarnings(/EROFS/);
  },
  async 'no permission to make it'(trial) {
    mkdirSync(trial.parent);
    chmodSync(trial.parent, 0o555);
    await trial.startUnprivileged();
    await trial.execute(trial.some);
    trial.expectWarnings(/EACCES/);
  },
  async 'no permission to enter'(trial) {
    if (!IS_ROOT) trial.skip('only root makes directories of others');
    mkdirSync(trial.cacheDir, { recursive: true, mode: 0o700 });
    chmodSync(trial.parent, 0o755);
    await trial.startUnprivileged();
    await trial.execute(trial.some);
    trial.expectWarnings(/EACCES|belongs to user/);
  },
  async 'its own, but not writable'(trial) {
    trial.makeDirectories(0o755, 0o500);
    await trial.startUnprivileged();
    await trial.execute(trial.some);
    trial.expectWarnings(/EACCES/);
  },
  async 'its own, but not readable'(trial) {
    trial.makeDirectories(0o755, 0);
    await trial.startUnprivileged();
    await trial.execute(trial.some);
    await trial.maintain();
    trial.expectWarnings(/EACCES/);
  },
  async 'permission lost while running'(trial) {
    trial.makeDirectories(0o755, 0o700);
    await trial.startUnprivileged();
    await trial.execute(trial.some);
    chmodSync(trial.entries, 0o500);
    await trial.execute(trial.some);
    trial.expectWarnings(/EACCES/);
  },
  async 'of another user'(trial) {
    if (!IS_ROOT) trial.skip('only root makes directories of others');
    mkdirSync(trial.entries, { recursive: true });
    chownSync(trial.entries, NOBODY - 1, NOBODY - 1);
    chmodSync(trial.entries, 0o777);
    await trial.start();
    await trial.execute(trial.some);
    trial.expectWarnings(/belongs to user/);
  },
  async 'deleted while running'(trial) {
    await trial.start();
    for (const path of [trial.entries, trial.cacheDir, trial.parent]) {
      const before = await trial.execute(trial.some);
      rmSync(path, { recursive: true });
      const { writes } = await trial.execute(trial.some);
      trial.check(writes === before.writes + trial.some, `not made again after ${path.slice(trial.root.length)} went`);
    }
    trial.expectNoWarning();
  },
  async 'deleted over and over'(trial) {
    await trial.start();
    let isRunning = true;
    const executing = trial.execute(trial.some * 4).finally(() => {
      isRunning = false;
    });
    while (isRunning) {
      await setTimeout(1);
      try {
        rmSync(trial.cacheDir, { recursive: true, force: true });
      } catch {
        // It was written to meanwhile.
      }
    }
    await executing;
    trial.expectAtMostOneWarning();
  },
  async 'deleted, and no permission to make it again'(trial) {
    trial.makeDirectories(0o755, 0o700);
    await trial.startUnprivileged();
    await trial.execute(trial.some);
    rmSync(trial.cacheDir, { recursive: true });
    chmodSync(trial.parent, 0o555);
    await trial.execute(trial.some);
    trial.expectWarnings(/EACCES/);
  },
  async 'a file in its place'(trial) {
    mkdirSync(trial.parent);
    writeFileSync(trial.cacheDir, 'precious');
    await trial.start();
    await trial.execute(trial.some);
    await trial.maintain();
    trial.expectWarnings(/not a directory|EEXIST|ENOTDIR/);
  },
  async 'a file in place of the folder within'(trial) {
    mkdirSync(trial.cacheDir, { recursive: true });
    writeFileSync(trial.entries, 'precious');
    await trial.start();
    await trial.execute(trial.some);
    trial.expectWarnings(/not a directory|EEXIST|ENOTDIR/);
  },
  async 'a file above it'(trial) {
    writeFileSync(trial.parent, 'precious');
    await trial.start();
    await trial.execute(trial.some);
    trial.expectWarnings(/ENOTDIR|EEXIST/);
  },
  async 'a file in its place while running'(trial) {
    await trial.start();
    await trial.execute(trial.some);
    rmSync(trial.cacheDir, { recursive: true });
    writeFileSync(trial.cacheDir, 'precious');
    await trial.execute(trial.some);
    trial.expectWarnings(/not a directory|EEXIST|ENOTDIR/);
    rmSync(trial.cacheDir);
    const before = await trial.execute(0);
    const { writes } = await trial.execute(trial.some);
    trial.check(writes === before.writes + trial.some, 'nothing is written after the file went');
  },
  async 'moved away while running'(trial) {
    await trial.start();
    await trial.execute(trial.some);
    renameSync(trial.cacheDir, `${trial.cacheDir}-moved`);
    const { writes } = await trial.execute(trial.some);
    trial.check(writes === trial.some * 2, 'nothing is written after it was moved');
    trial.expectNoWarning();
  },
};

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const counts = {
    situations: 0,
    handlers: 0,
    failed: 0,
    temporaries: new Set(),
    warnings: 0,
    skipped: 0,
    reasons: new Set(),
  };
  const names = Object.keys(situations);
  const runNext = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const trial = new Trial(name, join(scratch, name.replaceAll(/\W+/g, '-')), quick, findings, counts);
      await trial.run(situations[name]);
    }
  };
  await Promise.all([runNext(), runNext()]);
  const skipped = counts.skipped > 0 ? `; ${counts.skipped} skipped: ${[...counts.reasons].join(', ')}` : '';
  return findings.end(
    `${counts.situations} situations, ${thousands(counts.handlers)} handlers: ${counts.failed} failed, ` +
      `${counts.temporaries.size} temporary files left, ${counts.warnings} warnings${skipped}`,
  );
}

class Skipped extends Error {}

/** One situation: its directories, its processes, and what is to be true in all of them. */
class Trial {
  next = 0;
  #name;
  #findings;
  #counts;
  #worker;
  #warnings = [];

  constructor(name, root, quick, findings, counts) {
    this.#name = name;
    this.#findings = findings;
    this.#counts = counts;
    this.root = root;
    this.parent = join(root, 'parent');
    this.cacheDir = join(this.parent, 'cache');
    this.entries = join(this.cacheDir, FORMAT_FOLDER);
    // Enough to fill the volume.
    this.many = quick ? 400 : 1_000;
    this.some = quick ? 5 : 100;
  }

  async run(situation) {
    mkdirSync(this.root, { mode: 0o755 });
    try {
      await situation(this);
      this.#counts.situations++;
    } catch (error) {
      if (error instanceof Skipped) {
        this.#counts.skipped++;
        this.#counts.reasons.add(error.message);
      } else {
        this.check(false, error.message);
      }
    } finally {
      await this.#worker?.kill();
      this.#restoreModes();
      this.#checkTemporaries();
      unmountBelow(this.root);
    }
    this.#counts.warnings += this.#warnings.length;
  }

  #checkTemporaries() {
    const left = temporariesBelow(this.root);
    for (const path of left) this.#counts.temporaries.add(path);
    this.check(left.length === 0, `${left.length} temporary files left`);
  }

  /** So that what is there can be looked at and removed. */
  #restoreModes() {
    if (IS_ROOT) return;
    for (const path of [this.parent, this.cacheDir, this.entries]) {
      if (!lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
      chmodSync(path, 0o755);
    }
  }

  check(isRight, violation) {
    this.#findings.check(isRight, `${this.#name}: ${violation}`);
  }

  skip(reason) {
    throw new Skipped(reason);
  }

  mount(options, mode) {
    this.#mounted(mountTmpfs(this.cacheDir, options));
    if (mode !== undefined) this.remount(mode);
  }

  remount(mode) {
    this.#mounted(remount(this.cacheDir, mode));
  }

  #mounted(problem) {
    if (problem !== undefined) this.skip(problem);
  }

  /** Directories of the user that the process runs as. */
  makeDirectories(cacheDirMode, entriesMode) {
    mkdirSync(this.entries, { recursive: true });
    chmodSync(this.parent, 0o755);
    for (const [path, mode] of [
      [this.cacheDir, cacheDirMode],
      [this.entries, entriesMode],
    ]) {
      if (IS_ROOT) chownSync(path, NOBODY, NOBODY);
      chmodSync(path, mode);
    }
  }

  async start(user) {
    this.#worker = new Worker(PROCESS, [{ cacheDir: this.cacheDir }, ...(user === undefined ? [] : [user])]);
    await this.#worker.ready;
  }

  /** Modes do not hold root back. */
  startUnprivileged() {
    return IS_ROOT ? this.start(NOBODY) : this.start();
  }

  async runBefore(count) {
    await this.start();
    await this.execute(count);
    await this.#worker.kill();
    this.next = 0;
  }

  /** Handlers that were not executed before. */
  async execute(count, { padding } = {}) {
    const { failed, warnings, cache } = await this.#worker.ask('execute', { from: this.next, count, padding });
    this.next += count;
    this.#counts.handlers += count;
    this.#counts.failed += failed;
    this.check(failed === 0, `${failed} of ${count} handlers failed`);
    this.#warnings = warnings;
    this.#checkTemporaries();
    const { writes, writeFailures, hits } = cache.disk;
    return { writes, writeFailures, hits };
  }

  async runApplication() {
    const application = join(this.root, 'application');
    this.#worker = new Worker(APPLICATION, [{ cacheDir: this.cacheDir }, application]);
    const { handlers, failed, missing, open } = await this.#worker.ask('run');
    this.#counts.handlers += handlers;
    this.#counts.failed += failed;
    this.check(failed === 0, `${failed} of ${handlers} handlers failed`);
    // Its own temporary files are none of ours.
    rmSync(application, { recursive: true });
    this.#checkTemporaries();
    return { missing, open };
  }

  async maintain() {
    const { warnings } = await this.#worker.ask('maintain');
    this.#warnings = warnings;
  }

  expectWarnings(reason) {
    const [first = ''] = this.#warnings;
    this.check(this.#warnings.length === 1, `${this.#warnings.length} warnings instead of one`);
    this.check(first.startsWith('NEXUS_CACHE: ') && reason.test(first), `the warning is ${JSON.stringify(first)}`);
    this.check(first.includes(dirname(this.cacheDir)), 'the warning does not name the path');
  }

  expectNoWarning() {
    this.check(this.#warnings.length === 0, `warns though it heals: ${this.#warnings[0]}`);
  }

  expectAtMostOneWarning() {
    this.check(this.#warnings.length <= 1, `${this.#warnings.length} warnings`);
  }
}
