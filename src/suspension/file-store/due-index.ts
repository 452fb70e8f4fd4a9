import { randomBytes } from 'node:crypto';
import { lstat, mkdir, open, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

import { namesIn } from '../../support/files/directory-names.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { syncDirectory } from './record-paths.js';

const FOLDER = 'due';
/** What is due in the same ten minutes is in one directory: of a million timers in a month, some two hundred. */
const BUCKET_MS = 10 * 60 * 1000;
const BUCKET = /^\d{1,12}$/;
/** Time, suspension, a random part, and the deployment that can resume it. */
const NAME = /^(\d{1,16})~([A-Za-z0-9_-]{22}\.[1-9][0-9]{0,8})~[0-9a-f]{8}~([A-Za-z0-9_-]{0,64})$/;
/** A hint is written before what it points to; if that is missing for so long, it was never written. */
const STALE_MS = 60 * 60 * 1000;

/** Says that a suspension may be due at a time. */
export interface DueHint {
  readonly id: string;
  readonly path: string;
}

/**
 * When suspensions are due, as empty files: hints, which are checked against the records. One is written before the record that it is for,
 * so that none is missing; one that is no longer right is removed when it is found.
 */
export class DueIndex {
  readonly #root: string;

  /** @param root the directory of the shards */
  constructor(root: string) {
    this.#root = join(root, FOLDER);
  }

  /** Adds a hint, which survives a power failure. */
  async add(dueAtMs: number, id: string, deployment: string | undefined): Promise<void> {
    const bucket = join(this.#root, String(Math.floor(dueAtMs / BUCKET_MS)));
    const name = `${dueAtMs}~${id}~${randomBytes(4).toString('hex')}~${deployment ?? ''}`;
    for (;;) {
      try {
        await (await open(join(bucket, name), 'wx', 0o600)).close();
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // It is the first of its time, or another process removed the empty directory.
        await mkdir(bucket, { recursive: true, mode: 0o700 });
        await syncDirectory(this.#root);
      }
    }
    await syncDirectory(bucket);
  }

  /**
   * Hints for up to a time, the earliest directories first. Directories that are empty and past are removed.
   *
   * @param deployment of suspensions to give; default: any
   */
  async *upTo(nowMs: number, deployment: string | undefined): AsyncGenerator<readonly DueHint[]> {
    const last = Math.floor(nowMs / BUCKET_MS);
    for (const bucket of await this.#buckets(last)) {
      const path = join(this.#root, bucket);
      let isEmpty = true;
      try {
        for await (const names of namesIn(path)) {
          isEmpty = false;
          yield names.flatMap((name): DueHint[] => {
            const [, atMs, id, owner] = NAME.exec(name) ?? [];
            if (id === undefined || Number(atMs) > nowMs || parseSuspensionId(id) === undefined) return [];
            if (deployment !== undefined && owner !== deployment) return [];
            return [{ id, path: join(path, name) }];
          });
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
      if (isEmpty && Number(bucket) < last) await rmdir(path).catch(() => {});
    }
  }

  /** The hint was for something that is over. */
  async remove({ path }: DueHint): Promise<void> {
    await rm(path, { force: true });
  }

  /** Removes a hint for something that does not exist, unless it may be about to. */
  async removeIfStale(hint: DueHint): Promise<void> {
    const status = await lstat(hint.path).catch(() => undefined);
    if (status !== undefined && Date.now() - status.ctimeMs > STALE_MS) await this.remove(hint);
  }

  async #buckets(last: number): Promise<readonly string[]> {
    try {
      const names = await readdir(this.#root);
      return names.filter((name) => BUCKET.test(name) && Number(name) <= last).sort((a, b) => Number(a) - Number(b));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
