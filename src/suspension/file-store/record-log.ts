import { link, lstat, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { StoredSuspension, SuspensionOutcome } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { writeTemporary } from '../../support/files/own-file.js';
import { idAfter, idBefore } from '../../support/run-ids.js';
import { MAX_VERSION } from '../check.js';
import { incompatible } from '../incompatible.js';
import { type Decision, dueAt, initialStanding, type LifecycleState } from '../lifecycle.js';
import { factsOf, type SuspensionFacts } from '../views.js';
import { encodeRecord, envelopeOf, RECORD_OVERHEAD_BYTES, type RecordContent, standingOf } from './record.js';
import { explain, type RecordFile, readRecord } from './record-file.js';
import { pathOf, shardOf, syncDirectory } from './record-paths.js';

/** The last time that every file system can keep. Later ones are due early, which costs a look and does no harm. */
const MAX_FILE_TIME_MS = (2 ** 31 - 1) * 1000;

/** What came of an attempt to append: it is there, another one is, or the suspension was forgotten meanwhile. */
type Appended = 'appended' | 'taken' | 'gone';

/** A suspension with all that is known of it. */
export interface LoadedSuspension {
  readonly facts: SuspensionFacts;
  readonly envelope: Uint8Array;
  readonly standing: LifecycleState;
}

/**
 * Suspensions as files: `<shard>/<id>.0` says that one began, `<id>.1`, `<id>.2`, … what became of it.
 *
 * A file is linked to its name when it is complete and synced, and a name exists once. So who links `<id>.<n + 1>` has made
 * the one transition from version n, and nobody needs a lock. Nothing is ever changed, and nothing removed but by
 * {@link forget}, the beginning first: whoever finds no beginning behind what he linked came too late, and takes it away.
 *
 * The transition that continues a run and the beginning of the next generation are one file with two names: one instant
 * for both. Whoever looks for the second name and misses it gives it, see {@link #recover}.
 */
export class RecordLog {
  readonly #root: string;
  readonly #key: Uint8Array;
  readonly #maxRecordBytes: number;

  /**
   * @param root in which the shards are
   * @param maxDataBytes of an envelope and an outcome together: a file with more is neither written nor read
   */
  constructor(root: string, key: Uint8Array, maxDataBytes: number) {
    this.#root = root;
    this.#key = key;
    this.#maxRecordBytes = maxDataBytes + RECORD_OVERHEAD_BYTES;
  }

  /** False when there is something under its id already. */
  async begin(suspension: StoredSuspension): Promise<boolean> {
    const { id, envelope, expiresAtMs } = suspension;
    const beginning = { facts: factsOf(suspension), envelope };
    return this.#linkNew(pathOf(this.#root, id, 0), `${id}.0`, { beginning }, expiresAtMs);
  }

  /** Undefined when nobody put it, or it was forgotten. */
  async load(id: string): Promise<LoadedSuspension | undefined> {
    const standing = await this.standing(id);
    const file = await this.#read(id, 0, 'whole');
    if (standing === undefined || file?.header.beginning === undefined) return undefined;
    return { facts: file.header.beginning.facts, envelope: await this.#envelopeOf(id, file), standing };
  }

  /** Its sealed bytes, whole. */
  async envelope(id: string): Promise<Uint8Array | undefined> {
    const file = await this.#read(id, 0, 'whole');
    return file && this.#envelopeOf(id, file);
  }

  /**
   * Where it stands at one instant of this call.
   *
   * @param from a version that it had, if one is known: what is before it is not looked at
   */
  async standing(id: string, from = 0): Promise<LifecycleState | undefined> {
    const start = from > 0 && (await this.#exists(id, from)) ? from : 0;
    const version = await this.#latestVersion(id, start);
    if (version > 0) return this.#standingAt(id, version);
    let file = await this.#read(id, 0, 'header');
    if (file === undefined && (await this.#recover(id))) file = await this.#read(id, 0, 'header');
    const facts = file?.header.beginning?.facts;
    return facts && initialStanding(facts.expiresAtMs);
  }

  /** The header of one file. */
  async headerAt(id: string, version: number): Promise<RecordFile['header'] | undefined> {
    return (await this.#read(id, version, 'header'))?.header;
  }

  /**
   * Decides on a transition and makes it; decides again when somebody else made one meanwhile.
   *
   * @param from a version that it had, if one is known
   * @param prepare done before the transition, which is not made when this rejects
   * @param next the generation that begins with it
   * @returns undefined when nobody put it, or it was forgotten
   */
  async change<Answer>(
    id: string,
    decide: (standing: LifecycleState) => Decision<Answer>,
    {
      from = 0,
      prepare,
      next,
    }: { from?: number; prepare?: () => Promise<unknown>; next?: StoredSuspension | undefined } = {},
  ): Promise<Answer | undefined> {
    for (let known = from; ; ) {
      const standing = await this.standing(id, known);
      if (standing === undefined) return undefined;
      const decision = decide(standing);
      if (decision.next === undefined) return decision.answer;
      await prepare?.();
      const appended = await this.#append(id, decision.next, next);
      if (appended === 'appended') return decision.answer;
      if (appended === 'gone') return undefined;
      known = standing.version;
    }
  }

  /** Makes a transition, if nobody made one from the same version before. */
  async #append(id: string, standing: LifecycleState, next?: StoredSuspension): Promise<Appended> {
    const { version } = standing;
    const path = pathOf(this.#root, id, version);
    const content: RecordContent = {
      transition: { id, standing },
      ...(next && { beginning: { facts: factsOf(next), envelope: next.envelope } }),
    };
    const dueMs = Math.min(dueAt(standing), next?.expiresAtMs ?? Number.POSITIVE_INFINITY);
    if (!(await this.#linkNew(path, `${id}.${version}`, content, dueMs))) return 'taken';
    if (!(await this.#exists(id, 0))) {
      await unlink(path).catch(() => {});
      return 'gone';
    }
    // It began with the link above. When this one cannot be made, who looks for it makes it.
    if (next !== undefined) await this.promote(id, version, next.id).catch(() => {});
    return 'appended';
  }

  /** Gives the beginning of the next generation its name, unless it has it. False when there is nothing to give it to. */
  async promote(id: string, version: number, nextId: string): Promise<boolean> {
    try {
      await link(pathOf(this.#root, id, version), pathOf(this.#root, nextId, 0));
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return true;
      if (code === 'ENOENT') return false;
      throw error;
    }
  }

  /** Whether it is there: what has no beginning is not. */
  async hasBegun(id: string): Promise<boolean> {
    return this.#exists(id, 0);
  }

  /**
   * Forgets a suspension that is settled, all of it. Not before nothing is left of the generation before it, which could bring it back.
   *
   * @param versions of its files, as far as they are known
   * @param isOver whether its outcome need not be kept
   * @returns whether it is gone
   */
  async forgetSettled(
    id: string,
    versions: readonly number[],
    isOver: (outcome: SuspensionOutcome) => boolean,
  ): Promise<boolean> {
    const standing = await this.standing(id);
    if (standing?.state !== 'settled' || !isOver(standing.outcome)) return false;
    const before = idBefore(id);
    if (before !== undefined && (await this.#isLeft(before))) return false;
    const { version, outcome } = standing;
    const next = idAfter(id);
    if (outcome.state === 'continued' && next !== undefined) await this.promote(id, version, next);
    await this.forget(id, versions);
    // Also those that were not there yet when the names were read. Versions have no gaps.
    for (let later = Math.max(0, ...versions) + 1; await this.#exists(id, later); later++)
      await this.forget(id, [later]);
    return true;
  }

  /** Removes files of a suspension, the beginning first. What somebody else removed is no error. */
  async forget(id: string, versions: readonly number[]): Promise<void> {
    for (const version of [...versions].sort((a, b) => a - b)) {
      await rm(pathOf(this.#root, id, version), { force: true });
    }
  }

  /** From then on everything about it outlives a loss of power. */
  async sync(id: string): Promise<void> {
    await syncDirectory(join(this.#root, shardOf(id)));
  }

  /**
   * Looks whether the generation before ended in this one, and names it. A crash between two links leaves it without a name.
   */
  async #recover(id: string): Promise<boolean> {
    const before = idBefore(id);
    if (before === undefined) return false;
    const version = await this.#latestVersion(before, 0);
    if (version === 0) return false;
    const header = await this.headerAt(before, version);
    return header?.beginning?.facts.id === id && (await this.promote(before, version, id));
  }

  /** Whether there is something of it that could bring the generation after it back. */
  async #isLeft(id: string): Promise<boolean> {
    return (await this.#exists(id, 0)) || (await this.#exists(id, 1));
  }

  /** After a transition that is known to have been made. */
  async #standingAt(id: string, version: number): Promise<LifecycleState | undefined> {
    const file = await this.#read(id, version, 'whole');
    if (file?.header.transition === undefined) return undefined;
    try {
      return await standingOf(file.header.transition, file.bytes);
    } catch (error) {
      throw explain(error, id);
    }
  }

  /** Versions have no gaps: the search goes up in growing steps, then between two of them. */
  async #latestVersion(id: string, from: number): Promise<number> {
    let low = from;
    let step = 1;
    while (low + step <= MAX_VERSION && (await this.#exists(id, low + step))) {
      low += step;
      step *= 2;
    }
    for (let high = low + step; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (await this.#exists(id, middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  async #exists(id: string, version: number): Promise<boolean> {
    try {
      await lstat(pathOf(this.#root, id, version));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** @throws NexusError SUSPENSION_INCOMPATIBLE, also for a record that says it is another one */
  async #read(id: string, version: number, extent: 'whole' | 'header'): Promise<RecordFile | undefined> {
    const path = pathOf(this.#root, id, version);
    const file = await readRecord(path, id, this.#key, extent, this.#maxRecordBytes);
    if (file === undefined) return undefined;
    const { transition, beginning } = file.header;
    const isItself =
      version === 0 ? beginning?.facts.id === id : transition?.id === id && transition.standing.version === version;
    if (!isItself) throw explain(incompatible('seal', 'belongs to another suspension'), id);
    return file;
  }

  async #envelopeOf(id: string, { header, bytes }: RecordFile): Promise<Uint8Array> {
    try {
      return await envelopeOf(header, bytes);
    } catch (error) {
      throw explain(error, id);
    }
  }

  /** What could not be read again is not written. */
  #requireRoom(bytes: number): void {
    if (bytes <= this.#maxRecordBytes) return;
    const message = `Suspension: the record has ${bytes} bytes, more than the ${this.#maxRecordBytes} that this store reads.`;
    throw new NexusError('INVALID_ARGUMENT', message, { context: { argument: 'envelope', bytes } });
  }

  /**
   * Writes a file beside its place, and links it there if the place is free.
   *
   * @param dueMs its time of modification, by which a sweep knows when it has to be opened
   */
  async #linkNew(path: string, name: string, content: RecordContent, dueMs: number): Promise<boolean> {
    const shard = join(this.#root, shardOf(name));
    const parts = await encodeRecord(content, this.#key);
    this.#requireRoom(parts.reduce((sum, { length }) => sum + length, 0));
    const temporary = await writeTemporary(shard, name, parts, Math.min(dueMs, MAX_FILE_TIME_MS));
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // A network file system may repeat a request whose answer was lost, and find its own link.
      return (await lstat(temporary)).nlink > 1;
    } finally {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }
}
