import { randomBytes } from 'node:crypto';

import type {
  ClaimAnswer,
  DueSuspension,
  FoundSuspension,
  PostAnswer,
  SettleAnswer,
  StoredImages,
  StoredMessage,
  StoredSuspension,
  StoreUser,
  SuspensionFilter,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionPage,
  SuspensionStore,
  SuspensionSweep,
  SweepOptions,
} from '../api/suspension-store.js';
import { parseSuspensionId } from '../support/run-ids.js';
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
} from '../suspension/check.js';
import { unusable } from '../suspension/server/failures.js';
import { Operations } from '../suspension/server/operations.js';
import { foreignSecret, knownSecretIds, requireSecret } from '../suspension/server/secrets.js';
import { toServerText } from '../suspension/server/text.js';
import { alreadyThere } from '../suspension/views.js';
import { explain } from './access.js';
import type { Argument, ScriptCalls } from './calls.js';
import { findDue } from './due-runs.js';
import { HeldClaims } from './held-claims.js';
import { Layout, PARTITIONS } from './layout.js';
import { listPage } from './listing.js';
import { MESSAGES, POST } from './mailbox-scripts.js';
import { newNonce } from './nonce.js';
import { type RedisStoreOptions, resolveOptions } from './options.js';
import {
  claimAnswerOf,
  foundOf,
  messagesOf,
  outcomeOf,
  packFacts,
  packHead,
  packMessageHead,
  type RecordParts,
} from './records.js';
import { RedisImages } from './redis-images.js';
import * as scripts from './scripts.js';
import { checkServer } from './server.js';
import { META, TIME } from './server-scripts.js';

/** Of what is above. */
const LAYOUT_VERSION = 1;
const KEY_BYTES = 32;
/** A script takes a few milliseconds for as many, and nothing else is done meanwhile. */
const AT_ONCE = 100;

/**
 * Suspended handlers in Redis 6.2 or later, Valkey, or a Cluster of them, shared by any number of processes. What it acknowledged is as
 * durable as the server is configured to be: see `docs/stores.md`.
 *
 * @example
 * import { Redis } from 'ioredis';
 * import { createRuntime } from 'nexus-runtime';
 * import { RedisSuspensionStore } from 'nexus-runtime/redis';
 *
 * const client = new Redis(process.env.REDIS_URL);
 * const suspensionStore = new RedisSuspensionStore({ client, prefix: 'shop' });
 * const runtime = await createRuntime({
 *   suspensionStore,
 *   suspensionSecret: process.env.SUSPENSION_SECRET,
 *   outcomeRetentionMs: 60 * 60 * 1000,
 * });
 */
export class RedisSuspensionStore implements SuspensionStore {
  readonly images: StoredImages;
  readonly #options: ReturnType<typeof resolveOptions>;
  readonly #layout: Layout;
  readonly #operations: Operations;
  readonly #held = new HeldClaims();
  #calls: ScriptCalls | undefined;

  /** @throws NexusError INVALID_CONFIG */
  constructor(options: RedisStoreOptions) {
    this.#options = resolveOptions(options);
    this.#layout = new Layout(this.#options.prefix);
    this.#operations = new Operations(() => this.#checkServer(), explain);
    this.images = new RedisImages(this.#operations, (script, ...args) => this.#call(script, this.#layout.images, args));
  }

  async open(user: StoreUser): Promise<void> {
    requireSecret(user);
    await this.#operations.run(async () => {
      for (;;) {
        const { secrets: before } = await this.#meta();
        const known = knownSecretIds(before === '' ? [] : before.split(','), user);
        if (known === undefined) throw foreignSecret(`prefix "${this.#options.prefix}"`, 'prefix');
        const after = known.join(',');
        // Another process may have changed it between the two.
        if (after === before || (await this.#meta(before, after)).secrets === after) return;
      }
    });
  }

  async key(): Promise<Uint8Array> {
    return this.#operations.run(async () => (await this.#meta()).key);
  }

  async put(suspension: StoredSuspension): Promise<void> {
    this.#operations.requireOpen();
    checkFirst(suspension);
    const { id } = suspension;
    if ((await this.#ofId(id, scripts.PUT, ([run]) => [run, ...argumentsOf(suspension)])) !== 1) throw alreadyThere(id);
  }

  async read(id: string): Promise<FoundSuspension | undefined> {
    const parts = await this.#ofId(id, scripts.READ, (name) => [...name, this.#touches]);
    return parts === undefined ? undefined : foundOf(runOf(id), parts as RecordParts);
  }

  async claim(id: string, lease: SuspensionLease, nowMs: number): Promise<ClaimAnswer> {
    this.#operations.requireOpen();
    checkLease(lease);
    checkTime('nowMs', nowMs);
    const nonce = newNonce();
    const { owner, leaseUntilMs } = lease;
    const answered = await this.#ofId(id, scripts.CLAIM, (name) => [
      ...[...name, toServerText(owner), leaseUntilMs, nowMs, nonce],
    ]);
    const answer = answered === undefined ? { kind: 'unknown' as const } : claimAnswerOf(id, answered as unknown[]);
    if (answer.kind === 'claimed') this.#held.add(id, answer.fence, nonce);
    return answer;
  }

  async renew(id: string, fence: number, leaseUntilMs: number): Promise<boolean> {
    this.#operations.requireOpen();
    checkFence(fence);
    checkTime('leaseUntilMs', leaseUntilMs);
    const nonce = this.#held.nonceOf(id, fence);
    return (await this.#ofId(id, scripts.RENEW, (name) => [...name, fence, nonce, leaseUntilMs])) === 1;
  }

  async release(id: string, fence: number, next?: { readonly dueAtMs?: number }): Promise<boolean> {
    this.#operations.requireOpen();
    checkFence(fence);
    checkWake(next);
    const wake = next === undefined ? ['0', ''] : ['1', next.dueAtMs ?? ''];
    const held = this.#held.nonceOf(id, fence);
    const released = await this.#ofId(id, scripts.RELEASE, (name) => [...name, fence, held, newNonce(), ...wake]);
    this.#held.remove(id, fence);
    return released === 1;
  }

  async settle(
    id: string,
    fence: number | undefined,
    outcome: SuspensionOutcome,
    next?: StoredSuspension,
    consumed: readonly string[] = [],
  ): Promise<SettleAnswer> {
    this.#operations.requireOpen();
    checkSettlement(id, fence, outcome, next, consumed);
    const nonce = newNonce();
    const held = fence === undefined ? '' : this.#held.nonceOf(id, fence);
    const taken = JSON.stringify(consumed.map(toServerText));
    const { content, keepUntilMs } = outcome;
    const answered = await this.#ofId(id, scripts.SETTLE, (name) => [
      ...[...name, fence ?? '', held, nonce, packHead(outcome, nonce), Buffer.from(content), keepUntilMs, taken],
      ...(next === undefined ? [] : argumentsOf(next)),
    ]);
    if (fence !== undefined) this.#held.remove(id, fence);
    const [kind, found] = (answered ?? [Buffer.from('unknown')]) as readonly [Buffer, Buffer?];
    if (found !== undefined) return { kind: 'settled', outcome: outcomeOf(id, found) };
    return { kind: kind.toString() as 'recorded' | 'fenced' | 'unknown' };
  }

  async current(runId: string): Promise<FoundSuspension | undefined> {
    const parts = (await this.#ofRun(runId, scripts.CURRENT, this.#touches)) as RecordParts | readonly [] | undefined;
    return parts === undefined || parts.length === 0 ? undefined : foundOf(runId, parts as RecordParts);
  }

  async post(runId: string, message: StoredMessage): Promise<PostAnswer> {
    this.#operations.requireOpen();
    checkMessage(message);
    const { id, content } = message;
    const args = [toServerText(id), content.length, packMessageHead(id, newNonce()), Buffer.from(content)];
    return (((await this.#ofRun(runId, POST, ...args)) as Buffer | undefined)?.toString() ?? 'unknown') as PostAnswer;
  }

  async messages(runId: string, known: readonly string[] = []): Promise<readonly StoredMessage[]> {
    checkKnown(known);
    const mail = await this.#ofRun(runId, MESSAGES, ...known.map(toServerText));
    return messagesOf(`${runId}.1`, (mail ?? []) as Buffer[]);
  }

  async due(
    nowMs: number,
    options: { readonly limit: number; readonly deployment?: string },
  ): Promise<readonly DueSuspension[]> {
    this.#operations.requireOpen();
    checkDue(nowMs, options);
    return this.#operations.run(() => findDue(this.#parts, nowMs, options));
  }

  async list(options: SuspensionFilter & { readonly after?: string; readonly limit: number }): Promise<SuspensionPage> {
    this.#operations.requireOpen();
    checkPage(options);
    return this.#operations.run(() => listPage(this.#parts, options));
  }

  async sweep(nowMs: number, options: SweepOptions = {}): Promise<SuspensionSweep> {
    this.#operations.requireOpen();
    checkSweep(nowMs, options);
    const { limit = Number.POSITIVE_INFINITY } = options;
    const expired: string[] = [];
    const forgottenIds: string[] = [];
    const done = () => expired.length + forgottenIds.length;
    const head = packHead(
      { state: 'expired', settledAtMs: nowMs, keepUntilMs: nowMs + scripts.EXPIRED_KEPT_MS },
      newNonce(),
    );
    for (const partition of PARTITIONS) {
      for (;;) {
        const most = Math.min(AT_ONCE, limit - done());
        if (most <= 0) break;
        const key = this.#layout.ofPartition(partition);
        const answer = await this.#call(scripts.SWEEP, key, [nowMs, most, head, newNonce()]);
        const [someExpired, someForgotten, looked] = answer as readonly [Buffer[], Buffer[], number];
        expired.push(...someExpired.map(String));
        forgottenIds.push(...someForgotten.map(String));
        if (looked < most) break;
      }
    }
    const forgotten = forgottenIds.length;
    const isFull = done() >= limit;
    return { expired, forgotten, ...(forgotten > 0 && { forgottenIds }), unreadable: [], ...(isFull && { next: '' }) };
  }

  async forget(ids: readonly string[]): Promise<void> {
    await this.#byPartition(
      scripts.FORGET,
      ids.filter((id) => parseSuspensionId(id) !== undefined),
    );
  }

  async erase(runIds: readonly string[]): Promise<void> {
    await this.#byPartition(
      scripts.ERASE,
      runIds.filter((runId) => parseSuspensionId(`${runId}.1`) !== undefined),
    );
  }

  async time(): Promise<number> {
    const [seconds, micros] = (await this.#call(TIME, this.#layout.meta, [])) as readonly [Buffer, Buffer];
    return Number(seconds) * 1_000 + Number(micros) / 1_000;
  }

  /** Waits for pending operations. The client stays open; a connection that `replicas` needed is closed. */
  async close(): Promise<void> {
    await this.#operations.close();
    this.#calls?.close();
    this.#calls = undefined;
  }

  /** What parts of the store share. */
  get #parts() {
    return { client: this.#options.client, layout: this.#layout, calls: this.#opened };
  }

  get #opened(): ScriptCalls {
    this.#calls ??= this.#options.openCalls();
    return this.#calls;
  }

  /** Whether what is read must have reached the replicas, too. */
  get #touches(): Argument {
    return this.#options.replicas > 0 ? 1 : 0;
  }

  /** A malformed id counts as unknown, and never becomes part of a key. */
  async #ofId(
    id: string,
    script: scripts.Script,
    argumentsFor: (name: readonly [string, number]) => readonly Argument[],
  ): Promise<unknown> {
    this.#operations.requireOpen();
    const parsed = parseSuspensionId(id);
    if (parsed === undefined) return undefined;
    const { runId, generation } = parsed;
    return this.#call(script, this.#layout.ofRun(runId), argumentsFor([runId, generation]));
  }

  async #ofRun(runId: string, script: scripts.Script, ...args: readonly Argument[]): Promise<unknown> {
    this.#operations.requireOpen();
    if (parseSuspensionId(`${runId}.1`) === undefined) return undefined;
    return this.#call(script, this.#layout.ofRun(runId), [runId, ...args]);
  }

  async #byPartition(script: scripts.Script, names: readonly string[]): Promise<void> {
    this.#operations.requireOpen();
    for (const partition of PARTITIONS) {
      const own = names.filter((name) => name.startsWith(partition));
      for (let from = 0; from < own.length; from += AT_ONCE) {
        await this.#call(script, this.#layout.ofPartition(partition), own.slice(from, from + AT_ONCE));
      }
    }
  }

  #call(script: scripts.Script, key: string, args: readonly Argument[]): Promise<unknown> {
    return this.#operations.run(() => this.#opened.call(script, key, args));
  }

  async #meta(before = '', after?: string) {
    const args = [LAYOUT_VERSION, randomBytes(KEY_BYTES), before, ...(after === undefined ? [] : [after])];
    const answer = await this.#opened.call(META, this.#layout.meta, args);
    const [version, key, secrets] = answer as readonly [Buffer, Buffer, Buffer];
    return { version: Number(version), key: new Uint8Array(key), secrets: secrets.toString() };
  }

  /** @throws NexusError INVALID_CONFIG */
  async #checkServer(): Promise<void> {
    await checkServer(this.#options.client);
    const { version } = await this.#meta();
    if (version === LAYOUT_VERSION) return;
    const is = `what is under the prefix "${this.#options.prefix}" is of version ${version}, and this library has version ${LAYOUT_VERSION}`;
    throw unusable(
      is,
      'Use the release of nexus-runtime that wrote it until all its runs have ended, or another prefix.',
    );
  }
}

/** In the order of the scripts. */
function argumentsOf(suspension: StoredSuspension): readonly Argument[] {
  const { envelope, expiresAtMs, dueAtMs = '', deployment = '' } = suspension;
  return [packFacts(suspension), Buffer.from(envelope), expiresAtMs, dueAtMs, deployment];
}

function runOf(id: string): string {
  return parseSuspensionId(id)?.runId ?? '';
}
