import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import type {
  ClaimAnswer,
  DueSuspension,
  FoundSuspension,
  PostAnswer,
  SettleAnswer,
  StoredImages,
  StoredMessage,
  StoredSuspension,
  SuspensionFilter,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionPage,
  SuspensionStore,
  SuspensionSweep,
  SweepOptions,
} from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { ForeignFileError } from '../../support/files/own-file.js';
import {
  type DirectoryProblem,
  describe,
  openPrivateDirectory,
  type PrivateDirectory,
} from '../../support/files/private-directory.js';
import { idAfter, parseSuspensionId, runIdOf } from '../../support/run-ids.js';
import { Semaphore } from '../../support/semaphore.js';
import {
  checkDue,
  checkFence,
  checkFirst,
  checkKnown,
  checkLease,
  checkMessage,
  checkPage,
  checkSettlement,
  checkSweep,
  checkTime,
  checkWake,
} from '../check.js';
import { decideClaim, decideRelease, decideRenewal, decideSettlement, type LifecycleState } from '../lifecycle.js';
import type { KeptSize, KnownVersions } from '../room/kept.js';
import { storeClosed, toFound } from '../views.js';
import { DueIndex } from './due-index.js';
import { findDue } from './due-runs.js';
import { eraseRun } from './erase-run.js';
import { isTooLate, putFirst } from './first-generation.js';
import { ImageFiles } from './image-files.js';
import { lastGeneration } from './last-generation.js';
import { requireNotNewer } from './newer-store.js';
import { postMessage } from './post-message.js';
import { RECORD_VERSION } from './record.js';
import { countRecords } from './record-census.js';
import { listRecords } from './record-list.js';
import { RecordLog } from './record-log.js';
import { syncDirectory } from './record-paths.js';
import { SHARDS } from './record-scan.js';
import { sweepRecords } from './record-sweep.js';
import { messageKey, type RunMailbox } from './run-mailbox.js';
import { noteGeneration } from './run-pointer.js';
import { readOrMakeKey } from './store-key.js';

const OPTION = 'suspensionDir';
/** Each operation has a few open files, and a process may have 1,024 of them. */
const OPERATIONS_AT_ONCE = 64;
const DEFAULT_MAX_DATA_BYTES = 64 * 1024 * 1024;
const NO_HARD_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** The opened directory, with its key and log. */
interface Opened {
  readonly directory: PrivateDirectory;
  readonly key: Uint8Array;
}

/**
 * Suspended handlers as files, shared by any number of processes without a server. How: see {@link
 * RecordLog}. What {@link put} and {@link settle} acknowledged survives a kill and a power failure. A claim
 * survives a kill; it need not survive a power failure, which its owner does not survive either.
 */
export class FileStore implements SuspensionStore {
  readonly #path: string;
  readonly #turns = new Semaphore(OPERATIONS_AT_ONCE);
  #opened: Promise<Opened> | undefined;
  #isClosed = false;

  readonly #maxDataBytes: number;
  readonly images: StoredImages = new ImageFiles((run) => this.#within((_log, root) => run(root)));

  /**
   * @param directory created if it is missing; nothing is opened before the first operation
   * @param maxDataBytes the limit of an envelope and an outcome together
   */
  constructor(directory: string, maxDataBytes = DEFAULT_MAX_DATA_BYTES) {
    this.#path = directory;
    this.#maxDataBytes = maxDataBytes;
  }

  async key(): Promise<Uint8Array> {
    if (this.#isClosed) throw storeClosed();
    return (await this.#open()).key;
  }

  async put(suspension: StoredSuspension): Promise<void> {
    checkFirst(suspension);
    await this.#within((log, root) => putFirst(log, root, suspension));
  }

  async read(id: string): Promise<FoundSuspension | undefined> {
    return this.#withId(id, undefined, async (log) => {
      const loaded = await log.load(id);
      if (loaded === undefined) return undefined;
      const { facts, lifecycle, envelope } = loaded;
      if (lifecycle.state === 'settled') await log.sync(id);
      return toFound(facts, lifecycle, envelope);
    });
  }

  async claim(id: string, lease: SuspensionLease, nowMs: number): Promise<ClaimAnswer> {
    checkLease(lease);
    checkTime('nowMs', nowMs);
    return this.#withId<ClaimAnswer>(id, { kind: 'unknown' }, async (log, root) => {
      let envelope: Uint8Array | undefined;
      let mail: Awaited<ReturnType<RunMailbox['read']>> = [];
      // Before the claim: a caller that cannot read envelope and messages must not get the lease.
      const prepare = async () => {
        if (await isTooLate(log, root, id)) return;
        const begun = await log.beginning(id);
        envelope = begun?.envelope;
        const mailbox = log.mailbox(runIdOf(id));
        // Whoever recorded the previous generation may have died before it removed them.
        await mailbox.consume(begun?.consumed ?? []);
        mail = await mailbox.read();
      };
      const keys = () => mail.map(({ key }) => key);
      const answer = await log.change(id, (lifecycle) => decideClaim(lifecycle, lease, nowMs, keys()), { prepare });
      if (answer === undefined) return { kind: 'unknown' };
      if (answer.kind === 'settled') await log.sync(id);
      if (answer.kind !== 'claimed') return answer;
      const messages = mail.map(({ message }) => message);
      return envelope === undefined ? { kind: 'unknown' } : { ...answer, envelope, messages };
    });
  }

  async renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean> {
    checkFence(fence);
    checkTime('leaseUntilMs', leaseUntilMs);
    return this.#withId(id, false, async (log) => {
      const decide = decideRenewal;
      return (await log.change(id, (lifecycle) => decide(lifecycle, fence, leaseUntilMs), { fence })) ?? false;
    });
  }

  async release(id: string, fence: number, next?: { readonly dueAtMs?: number }): Promise<boolean> {
    checkFence(fence);
    checkWake(next);
    return this.#withId(id, false, async (log, root) => {
      const deployment =
        next?.dueAtMs === undefined ? undefined : (await log.headerAt(id, 0))?.beginning?.facts.deployment;
      if (next?.dueAtMs !== undefined) await new DueIndex(root).add(next.dueAtMs, id, deployment);
      return (await log.change(id, (lifecycle) => decideRelease(lifecycle, fence, next), { fence })) ?? false;
    });
  }

  async settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
    consumed: readonly string[] = [],
  ): Promise<SettleAnswer> {
    checkSettlement(id, fence, outcome, next, consumed);
    return this.#withId<SettleAnswer>(id, { kind: 'unknown' }, async (log, root) => {
      const mailbox = log.mailbox(runIdOf(id));
      const keys = await inMailbox(mailbox, consumed);
      const decide = (lifecycle: LifecycleState) => decideSettlement(lifecycle, fence, outcome, keys);
      const index = new DueIndex(root);
      if (next?.dueAtMs !== undefined) await index.add(next.dueAtMs, next.id, next.deployment);
      const left = async () => (await mailbox.pending()).length > keys.length;
      // Messages that are left make the next one due. More of them may come before it is there, or after.
      if (next !== undefined && (await left())) await index.add(0, next.id, next.deployment);
      const answer = await log.change(id, decide, { fence, next });
      // An outcome that another process recorded may not be synced yet, and is reported from here on.
      if (answer?.kind === 'recorded' || answer?.kind === 'settled') await log.sync(id);
      if (answer?.kind === 'recorded' && next !== undefined) {
        // What is not done here is done by the next claim, or by whoever looks for the run.
        await noteGeneration(root, next.id).catch(() => {});
        await mailbox.consume(keys).catch(() => {});
        if ((await mailbox.pending()).length > 0) await index.add(0, next.id, next.deployment);
      }
      return answer ?? { kind: 'unknown' };
    });
  }

  async current(runId: string): Promise<FoundSuspension | undefined> {
    for (;;) {
      const last = await this.#withRun(runId, undefined, (log, root) => lastGeneration(log, root, runId));
      if (last === undefined) return undefined;
      const found = await this.read(last.id);
      // It went on between the two, and this generation may have been deleted for that reason.
      if (found !== undefined && (found.state !== 'continued' || (await this.#isLast(last.id)))) return found;
    }
  }

  async messages(runId: string, known: readonly string[] = []): Promise<readonly StoredMessage[]> {
    checkKnown(known);
    return this.#withRun(runId, [], async (log, root) => {
      const last = await lastGeneration(log, root, runId);
      const consumed = last === undefined ? [] : await log.consumedBefore(last.id);
      const mail = await log.mailbox(runId).read(new Set([...consumed, ...known.map(messageKey)]));
      return mail.map(({ message }) => message);
    });
  }

  async post(runId: string, message: StoredMessage): Promise<PostAnswer> {
    checkMessage(message);
    return this.#withRun<PostAnswer>(runId, 'unknown', (log, root) => postMessage(log, root, runId, message));
  }

  async due(
    nowMs: number,
    options: { readonly limit: number; readonly deployment?: string },
  ): Promise<readonly DueSuspension[]> {
    checkDue(nowMs, options);
    return this.#within((log, root) => findDue(log, root, nowMs, options));
  }

  async list(options: SuspensionFilter & { readonly after?: string; readonly limit: number }): Promise<SuspensionPage> {
    checkPage(options);
    return this.#within((log, root) => listRecords(log, root, options));
  }

  async sweep(nowMs: number, options: SweepOptions = {}): Promise<SuspensionSweep> {
    checkSweep(nowMs, options);
    return this.#within((log, root) => sweepRecords(log, root, nowMs, options));
  }

  async forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      // One that cannot be deleted does not affect others.
      await this.#withId(id, false, (log) => log.forgetSettled(id, [0], () => true)).catch((error) => {
        if (this.#isClosed) throw error;
      });
    }
  }

  async erase(runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) await this.#withRun(runId, undefined, (log, root) => eraseRun(log, root, runId));
  }

  /**
   * Reports the size of each suspension in the directory, in batches.
   *
   * @param known versions that the caller already knows: their files are not opened
   */
  async count(known: KnownVersions, tell: (sizes: readonly KeptSize[]) => void): Promise<void> {
    await this.#within(async (log, root) => {
      for await (const sizes of countRecords(log, root, known)) {
        if (this.#isClosed) throw storeClosed();
        tell(sizes);
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turns.idle();
    const opened = await this.#opened?.catch(() => undefined);
    opened?.directory.close();
  }

  /** Whether what it continued as is not there: it was removed by somebody else. */
  #isLast(id: string): Promise<boolean> {
    return this.#withId(id, true, async (log) => (await log.lifecycle(idAfter(id) as string)) === undefined);
  }

  /** As {@link #withId}, for the id of a run. */
  #withRun<T>(runId: string, unknown: T, run: (log: RecordLog, root: string) => Promise<T>): Promise<T> {
    return this.#withId(`${runId}.1`, unknown, run);
  }

  /** Like {@link #within}; a malformed id counts as unknown and never becomes part of a path. */
  async #withId<T>(id: string, unknown: T, run: (log: RecordLog, root: string) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw storeClosed();
    return parseSuspensionId(id) === undefined ? unknown : this.#within(run);
  }

  /** @throws NexusError */
  async #within<T>(run: (log: RecordLog, root: string) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw storeClosed();
    return this.#turns.take(async () => {
      const { directory, key } = await this.#open();
      try {
        const result = await directory.use(async (root) => ({
          value: await run(new RecordLog(root, key, this.#maxDataBytes), root),
        }));
        if (result === undefined) throw storeClosed();
        return result.value;
      } catch (error) {
        throw this.#explain(error);
      }
    });
  }

  /** Once; again after a failure. */
  #open(): Promise<Opened> {
    this.#opened ??= this.#openDirectory().catch((error) => {
      this.#opened = undefined;
      throw this.#explain(error);
    });
    return this.#opened;
  }

  async #openDirectory(): Promise<Opened> {
    await requireNotNewer(this.#path);
    const opened = await openPrivateDirectory({ outer: this.#path, folder: `v${RECORD_VERSION}`, option: OPTION });
    if ('problem' in opened) throw this.#failure(opened.problem);
    const { directory } = opened;
    try {
      const key = await directory.use(async (root) => {
        const made = await readOrMakeKey(root);
        for (const shard of SHARDS) await makeShard(join(root, shard));
        await syncDirectory(root);
        await syncDirectory(this.#path);
        // The parent may belong to another user and be unreadable.
        await syncDirectory(dirname(resolve(this.#path))).catch(() => {});
        return made;
      });
      if (key === undefined) throw storeClosed();
      return { directory, key };
    } catch (error) {
      directory.close();
      throw error;
    }
  }

  #explain(error: unknown): NexusError {
    if (error instanceof NexusError) return error;
    if (error instanceof ForeignFileError) {
      const reason = `${this.#path}: the key in it ${error.message}`;
      return this.#failure({ reason, remedy: 'Put back a copy of it.' }, error);
    }
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === 'link' && NO_HARD_LINKS.has(code)) {
      const reason = `${this.#path}: the filesystem has no hard links (${code})`;
      return this.#failure({ reason, remedy: `Give another ${OPTION}.` }, error);
    }
    if (code === 'ENOENT') {
      const reason = `${this.#path}: it was removed, or part of it, while it was in use (${code})`;
      return this.#failure({ reason, remedy: 'Put it back, or start again.' }, error);
    }
    return this.#failure(describe(error, this.#path, OPTION), error);
  }

  #failure({ reason, remedy }: DirectoryProblem, cause?: unknown): NexusError {
    return new NexusError('INTERNAL_ERROR', `Suspended handlers cannot be kept in ${OPTION}: ${reason}. ${remedy}`, {
      context: { path: this.#path, code: (cause as NodeJS.ErrnoException | undefined)?.code },
      ...(cause !== undefined && { cause }),
    });
  }
}

/** The keys of those messages that are there: others, which may come later, are not consumed. */
async function inMailbox(mailbox: RunMailbox, ids: readonly string[]): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const pending = new Set(await mailbox.pending());
  return ids.map(messageKey).filter((key) => pending.has(key));
}

/** Creates it if it is missing. An existing one must be a directory and not a link. */
async function makeShard(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await lstat(path)).isDirectory()) throw error;
  }
}
