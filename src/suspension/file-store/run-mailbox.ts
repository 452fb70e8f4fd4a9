import { createHash } from 'node:crypto';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { StoredMessage } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { namesIn } from '../../support/files/directory-names.js';
import { ForeignFileError, readOwnFile, writeTemporary } from '../../support/files/own-file.js';
import { MAX_CONSUMED_IDS, MAX_MAILBOX_BYTES, MAX_MESSAGES } from '../check.js';
import { incompatible } from '../incompatible.js';
import { decodeMessage, encodeMessage, MAX_MESSAGE_FILE_BYTES } from './message-file.js';
import { shardOf, syncDirectory } from './record-paths.js';

/** A message by its place in the order, its size in bytes, and its id. A tombstone says that one was consumed. */
const NAME = /^(?:m(\d{10})-(\d{1,8})-|x-)([0-9a-f]{32})$/;
const PLACE_DIGITS = 10;
/** Of a mailbox: more is not looked at. Anyone who can write to the directory can put names there. */
const MAX_NAMES = MAX_MESSAGES + 2 * MAX_CONSUMED_IDS;

export function mailboxOf(root: string, runId: string): string {
  return join(root, shardOf(runId), `${runId}.mail`);
}

/** By what the files of a message are called, and a record that says that it was consumed. */
export function messageKey(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}

interface ListedMessage {
  readonly key: string;
  readonly names: readonly string[];
  readonly place: number;
  readonly bytes: number;
}

interface Listed {
  /** Of the messages that are there, in order: each once. */
  readonly messages: readonly ListedMessage[];
  readonly tombstones: readonly string[];
}

/**
 * The messages of a run, as files in a directory. A message has its name when it is complete and synced; it is removed when it was consumed,
 * and leaves a tombstone, by which a repetition is found.
 */
export class RunMailbox {
  readonly #path: string;
  readonly #runId: string;
  readonly #key: Uint8Array;

  constructor(root: string, runId: string, key: Uint8Array) {
    this.#path = mailboxOf(root, runId);
    this.#runId = runId;
    this.#key = key;
  }

  /** Keys of the messages that are not consumed, in order. */
  async pending(): Promise<readonly string[]> {
    return (await this.#list()).messages.map(({ key }) => key);
  }

  /**
   * The messages that are not consumed, in order.
   *
   * @param without keys of those that are not read
   * @throws NexusError SUSPENSION_INCOMPATIBLE for a damaged one
   */
  async read(
    without: ReadonlySet<string> = new Set(),
  ): Promise<readonly { readonly key: string; readonly message: StoredMessage }[]> {
    const read: { key: string; message: StoredMessage }[] = [];
    for (const { key, names, bytes } of (await this.#list()).messages) {
      if (without.has(key)) continue;
      const message = await this.#readOne(names[0] as string);
      if (message === undefined) continue;
      if (messageKey(message.id) !== key || message.content.length !== bytes)
        throw this.#damaged(incompatible('seal', 'has another name'), names[0]);
      read.push({ key, message });
    }
    return read;
  }

  /** @returns `'accepted'` when the message survives a power failure */
  async post(message: StoredMessage): Promise<'accepted' | 'duplicate' | 'full'> {
    const key = messageKey(message.id);
    const before = await this.#list();
    if (isThere(before, key)) return 'duplicate';
    const bytes = before.messages.reduce((sum, one) => sum + one.bytes, message.content.length);
    if (before.messages.length >= MAX_MESSAGES || bytes > MAX_MAILBOX_BYTES) return 'full';
    const place = (before.messages.at(-1)?.place ?? 0) + 1;
    const name = `m${String(place).padStart(PLACE_DIGITS, '0')}-${message.content.length}-${key}`;
    await this.#make();
    const temporary = await writeTemporary(this.#path, name, await encodeMessage(this.#runId, message, this.#key));
    try {
      await link(temporary, join(this.#path, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'duplicate';
      throw error;
    } finally {
      await rm(temporary, { force: true }).catch(() => {});
    }
    await syncDirectory(this.#path);
    // Another post of the same message may have found another place. The first place counts, or that it was consumed.
    const after = await this.#list();
    const isConsumed = after.tombstones.includes(key);
    const first = after.messages.find((one) => one.key === key)?.names[0];
    if (!isConsumed && first === name) return 'accepted';
    // Gone: it was consumed, and so long ago that its tombstone is gone as well.
    if (!isConsumed && first === undefined) return 'accepted';
    await rm(join(this.#path, name), { force: true });
    return 'duplicate';
  }

  /** Takes a message back that was accepted too late. */
  async withdraw(id: string): Promise<void> {
    const key = messageKey(id);
    const found = (await this.#list()).messages.find((one) => one.key === key);
    for (const name of found?.names ?? []) await rm(join(this.#path, name), { force: true });
  }

  /** Removes messages that a recorded outcome consumed. May be repeated. */
  async consume(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const consumed = new Set(keys);
    const { messages, tombstones } = await this.#list();
    for (const { key, names } of messages) {
      if (!consumed.has(key)) continue;
      // The tombstone first: at no moment is there neither.
      await (await open(join(this.#path, `x-${key}`), 'a', 0o600)).close();
      for (const name of names) await rm(join(this.#path, name), { force: true });
    }
    const surplus = tombstones.length - MAX_CONSUMED_IDS;
    for (const key of tombstones.slice(0, Math.max(0, surplus)))
      await rm(join(this.#path, `x-${key}`), { force: true });
  }

  async remove(): Promise<void> {
    await rm(this.#path, { recursive: true, force: true, maxRetries: 3 });
  }

  async #list(): Promise<Listed> {
    const places = new Map<string, { place: number; bytes: number; name: string }[]>();
    const tombstones: string[] = [];
    let seen = 0;
    try {
      for await (const names of namesIn(this.#path)) {
        seen += names.length;
        if (seen > MAX_NAMES) break;
        for (const name of names) {
          const [, place, bytes, key] = NAME.exec(name) ?? [];
          if (key === undefined) continue;
          if (place === undefined) tombstones.push(key);
          else places.set(key, [...(places.get(key) ?? []), { place: Number(place), bytes: Number(bytes), name }]);
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const isConsumed = new Set(tombstones);
    const messages = [...places]
      .filter(([key]) => !isConsumed.has(key))
      .map(([key, found]) => {
        const inOrder = found.sort((a, b) => a.place - b.place);
        const [{ place, bytes } = { place: 0, bytes: 0 }] = inOrder;
        return { key, place, bytes, names: inOrder.map(({ name }) => name) };
      })
      .sort((a, b) => a.place - b.place || (a.key < b.key ? -1 : 1));
    return { messages, tombstones };
  }

  async #make(): Promise<void> {
    try {
      await mkdir(this.#path, { mode: 0o700 });
      await syncDirectory(join(this.#path, '..'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }

  async #readOne(name: string): Promise<StoredMessage | undefined> {
    try {
      return await decodeMessage(
        this.#runId,
        await readOwnFile(join(this.#path, name), MAX_MESSAGE_FILE_BYTES),
        this.#key,
      );
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      if (error instanceof ForeignFileError) throw this.#damaged(incompatible('file', error.message), name);
      throw error instanceof NexusError ? this.#damaged(error, name) : error;
    }
  }

  #damaged(error: NexusError, file: string | undefined): NexusError {
    const message = `The run ${this.#runId} cannot go on: its message ${file} ${error.message}. It is kept.`;
    return new NexusError('SUSPENSION_INCOMPATIBLE', message, {
      context: { ...error.context, runId: this.#runId, file },
    });
  }
}

function isThere({ messages, tombstones }: Listed, key: string): boolean {
  return tombstones.includes(key) || messages.some((one) => one.key === key);
}
