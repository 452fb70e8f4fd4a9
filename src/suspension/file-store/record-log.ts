import { link, lstat, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import type { StoredSuspension, SuspensionOutcome } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { writeTemporary } from '../../support/files/own-file.js';
import { idAfter, idBefore, runIdOf } from '../../support/run-ids.js';
import { MAX_VERSION } from '../check.js';
import { incompatible } from '../incompatible.js';
import { type Decision, dueAt, initialLifecycle, type LifecycleState, versionOfFence } from '../lifecycle.js';
import { factsOf, type SuspensionFacts } from '../views.js';
import { encodeRecord, envelopeOf, lifecycleOf, RECORD_OVERHEAD_BYTES, type RecordContent } from './record.js';
import { explain, type RecordFile, readRecord } from './record-file.js';
import { pathOf, shardOf, syncDirectory } from './record-paths.js';
import { RunMailbox } from './run-mailbox.js';
import { noteGeneration, removePointer } from './run-pointer.js';

/**
 * The latest time that every file system can store. Later ones are due early, which costs a check and is
 * harmless.
 */
const MAX_FILE_TIME_MS = (2 ** 31 - 1) * 1000;

/**
 * The result of appending: appended, another transition was first, the suspension was deleted meanwhile, or deleted and another one stored under
 * its id.
 */
type Appended = 'appended' | 'taken' | 'gone' | 'replaced';

/** A suspension with all its data. */
export interface LoadedSuspension {
  readonly facts: SuspensionFacts;
  readonly envelope: Uint8Array;
  readonly lifecycle: LifecycleState;
}

/**
 * Suspensions as files: `<shard>/<id>.0` is the start of one, `<id>.1`, `<id>.2`, … are its transitions.
 *
 * A file is linked to its name when it is complete and synced, and a name exists only once. So the process
 * that links `<id>.<n + 1>` has made the one transition from version n, and no lock is needed. Files are
 * never changed, and only {@link forget} removes them, the start first. A process that finds no start for its
 * new link was too late and removes the link.
 *
 * The transition that continues a run and the start of the next generation are one file with two names, so
 * both are atomic. A process that misses the second name creates it, see {@link #recover}.
 */
export class RecordLog {
  readonly #root: string;
  readonly #key: Uint8Array;
  readonly #maxRecordBytes: number;

  /**
   * @param root the directory of the shards
   * @param maxDataBytes the limit of an envelope and an outcome together: a larger file is neither written
   *   nor read
   */
  constructor(root: string, key: Uint8Array, maxDataBytes: number) {
    this.#root = root;
    this.#key = key;
    this.#maxRecordBytes = maxDataBytes + RECORD_OVERHEAD_BYTES;
  }

  /** False if its id is already used. */
  async begin(suspension: StoredSuspension): Promise<boolean> {
    const { id, envelope, expiresAtMs } = suspension;
    const beginning = { facts: factsOf(suspension), envelope };
    return this.#linkNew(pathOf(this.#root, id, 0), `${id}.0`, { beginning }, expiresAtMs);
  }

  /** Undefined if it is unknown, or was deleted. */
  async load(id: string): Promise<LoadedSuspension | undefined> {
    const lifecycle = await this.lifecycle(id);
    const file = await this.#read(id, 0, 'whole');
    if (lifecycle === undefined || file?.header.beginning === undefined) return undefined;
    return { facts: file.header.beginning.facts, envelope: await this.#envelopeOf(id, file), lifecycle };
  }

  /** The whole sealed bytes, and the messages that the previous generation consumed. */
  async beginning(
    id: string,
  ): Promise<{ readonly envelope: Uint8Array; readonly consumed: readonly string[] } | undefined> {
    const file = await this.#read(id, 0, 'whole');
    if (file === undefined) return undefined;
    return { envelope: await this.#envelopeOf(id, file), consumed: consumedOf(file.header) };
  }

  /** The messages that the previous generation consumed. */
  async consumedBefore(id: string): Promise<readonly string[]> {
    const header = await this.headerAt(id, 0);
    return header === undefined ? [] : consumedOf(header);
  }

  /** The mailbox of a run, in the same directory. */
  mailbox(runId: string): RunMailbox {
    return new RunMailbox(this.#root, runId, this.#key);
  }

  /**
   * Its state at one point in time during this call.
   *
   * @param from a previous version, if one is known: earlier ones are not read
   */
  async lifecycle(id: string, from = 0): Promise<LifecycleState | undefined> {
    const start = from > 0 && (await this.#exists(id, from)) ? from : 0;
    const version = await this.#latestVersion(id, start);
    if (version > 0) return this.#lifecycleAt(id, version);
    let file = await this.#read(id, 0, 'header');
    if (file === undefined && (await this.#recover(id))) file = await this.#read(id, 0, 'header');
    const facts = file?.header.beginning?.facts;
    return facts && initialLifecycle(facts);
  }

  /** The header of one file. */
  async headerAt(id: string, version: number): Promise<RecordFile['header'] | undefined> {
    return (await this.#read(id, version, 'header'))?.header;
  }

  /**
   * Decides on a transition and makes it; decides again if another process made one meanwhile.
   *
   * @param fence that of its last claim, as far as it is known: earlier versions are not read
   * @param prepare called before the transition, which is not made if this rejects; then it is decided again
   * @param next the generation that starts with it
   * @returns undefined if it is unknown, or was deleted
   */
  async change<Answer>(
    id: string,
    decide: (lifecycle: LifecycleState) => Decision<Answer>,
    {
      fence = 0,
      prepare,
      next,
    }: { fence?: number | undefined; prepare?: () => Promise<unknown>; next?: StoredSuspension | undefined } = {},
  ): Promise<Answer | undefined> {
    for (let known = versionOfFence(fence); ; ) {
      const before = await this.#beginningOf(id);
      const lifecycle = await this.lifecycle(id, known);
      if (lifecycle === undefined) return undefined;
      // Without one before, it may have got its name from this look.
      const beginning = before ?? (await this.#beginningOf(id));
      const decision = decide(lifecycle);
      if (decision.next === undefined) return decision.answer;
      await prepare?.();
      const prepared = prepare === undefined ? decision : decide(lifecycle);
      if (prepared.next === undefined) return prepared.answer;
      const appended = await this.#append(id, beginning, prepared.next, next);
      if (appended === 'appended') return prepared.answer;
      if (appended === 'gone') return undefined;
      known = appended === 'replaced' ? 0 : lifecycle.version;
    }
  }

  /**
   * Makes a transition, unless another one was made from the same version.
   *
   * @param beginning of the suspension from which it was decided
   */
  async #append(
    id: string,
    beginning: string | undefined,
    lifecycle: LifecycleState,
    next?: StoredSuspension,
  ): Promise<Appended> {
    const { version } = lifecycle;
    const path = pathOf(this.#root, id, version);
    const content: RecordContent = {
      transition: { id, standing: lifecycle },
      ...(next && { beginning: { facts: factsOf(next), envelope: next.envelope } }),
    };
    const dueMs = Math.min(dueAt(lifecycle), next?.expiresAtMs ?? Number.POSITIVE_INFINITY);
    if (!(await this.#linkNew(path, `${id}.${version}`, content, dueMs))) return 'taken';
    const now = await this.#beginningOf(id);
    if (now === undefined || now !== beginning) {
      await unlink(path).catch(() => {});
      return now === undefined ? 'gone' : 'replaced';
    }
    // It started with the link above. If this link fails, the next process that looks for it creates it.
    if (next !== undefined) await this.promote(id, version, next.id).catch(() => {});
    return 'appended';
  }

  /**
   * Gives the start of the next generation its name, if it does not have it. False if the file no longer
   * exists.
   */
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

  /** Whether it exists: without a start it does not. */
  async hasBegun(id: string): Promise<boolean> {
    return this.#exists(id, 0);
  }

  /** The number of its last transition, or 0. */
  latestVersion(id: string): Promise<number> {
    return this.#latestVersion(id, 0);
  }

  /**
   * Deletes all files of a settled suspension. This must not happen before the previous generation is
   * deleted, which could bring it back.
   *
   * @param versions the versions of its files, as far as they are known
   * @param isOver whether its outcome need not be kept
   * @returns whether it was deleted
   */
  async forgetSettled(
    id: string,
    versions: readonly number[],
    isOver: (outcome: SuspensionOutcome) => boolean,
  ): Promise<boolean> {
    const lifecycle = await this.lifecycle(id);
    if (lifecycle?.state !== 'settled' || !isOver(lifecycle.outcome)) return false;
    const before = idBefore(id);
    if (before !== undefined && (await this.isLeft(before))) return false;
    const { version, outcome } = lifecycle;
    const runId = runIdOf(id);
    const next = idAfter(id);
    if (outcome.state === 'continued' && next !== undefined) {
      await this.promote(id, version, next);
      // Where it went on would not be found without its first generation.
      await noteGeneration(this.#root, next);
    } else {
      await this.mailbox(runId).remove();
    }
    await this.forget(id, versions);
    // Includes files that were added after the names were read. Versions have no gaps.
    for (let later = Math.max(0, ...versions) + 1; await this.#exists(id, later); later++)
      await this.forget(id, [later]);
    // Last: as long as anything of the run is there, its id is not given to another one.
    if (outcome.state !== 'continued') await removePointer(this.#root, runId);
    return true;
  }

  /** Removes files of a suspension, the start first. Files that another process removed are not an error. */
  async forget(id: string, versions: readonly number[]): Promise<void> {
    for (const version of [...versions].sort((a, b) => a - b)) {
      await rm(pathOf(this.#root, id, version), { force: true });
    }
  }

  /** Syncs everything, so that it survives a power failure. */
  async sync(id: string): Promise<void> {
    await syncDirectory(join(this.#root, shardOf(id)));
  }

  /**
   * Checks whether the previous generation ended in this one, and gives it its name. A crash between the two
   * links leaves it without one.
   */
  async #recover(id: string): Promise<boolean> {
    const before = idBefore(id);
    if (before === undefined) return false;
    const version = await this.#latestVersion(before, 0);
    if (version === 0) return false;
    const header = await this.headerAt(before, version);
    return header?.beginning?.facts.id === id && (await this.promote(before, version, id));
  }

  /** Whether a file of it is left that could bring the next generation back. */
  async isLeft(id: string): Promise<boolean> {
    return (await this.#exists(id, 0)) || (await this.#exists(id, 1));
  }

  /** Its state after a transition that is known to exist. */
  async #lifecycleAt(id: string, version: number): Promise<LifecycleState | undefined> {
    const file = await this.#read(id, version, 'whole');
    if (file?.header.transition === undefined) return undefined;
    try {
      return await lifecycleOf(file.header.transition, file.bytes);
    } catch (error) {
      throw explain(error, id);
    }
  }

  /** Versions have no gaps: the search goes up in growing steps, and then between two of them. */
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

  /** Tells the start of one suspension from that of another with its id; undefined if there is none. */
  async #beginningOf(id: string): Promise<string | undefined> {
    try {
      const { ino, size, mtimeMs } = await lstat(pathOf(this.#root, id, 0));
      return `${ino} ${size} ${mtimeMs}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
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

  /** @throws NexusError SUSPENSION_INCOMPATIBLE, also for a record of another suspension */
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

  /** A record that could not be read again is not written. */
  #requireRoom(bytes: number): void {
    if (bytes <= this.#maxRecordBytes) return;
    const message = `Suspension: the record has ${bytes} bytes, more than the ${this.#maxRecordBytes} that this store reads.`;
    throw new NexusError('INVALID_ARGUMENT', message, { context: { argument: 'envelope', bytes } });
  }

  /**
   * Writes a temporary file, and links it to its name if the name is free.
   *
   * @param dueMs its modification time, which tells a sweep when to open it
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
      // A network file system may repeat a request whose answer was lost, and then find its own link.
      return (await lstat(temporary)).nlink > 1;
    } finally {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }
}

function consumedOf({ transition }: RecordFile['header']): readonly string[] {
  const before = transition?.standing;
  return before?.state === 'settled' ? (before.consumed ?? []) : [];
}
