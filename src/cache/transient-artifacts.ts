import { createHash } from 'node:crypto';
import { ValueDecoder } from '../codec/values/decoding/decode.js';
import { ValueEncoder } from '../codec/values/encoding/encode.js';
import { NotTransferableError } from '../codec/values/encoding/not-transferable.js';
import { describe, invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { toShared } from '../support/bytes/shared-bytes.js';
import { inSlices } from '../support/slices.js';
import type { TieredCache } from './tiered-cache.js';

const NAMESPACE = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const PREFIX = 'app:';

/**
 * Derived data of an application, for example a parsed document, in the same tiers as handlers: with the same
 * limits, seals and statistics. It may be evicted at any time and is then created again.
 *
 * A value may be anything that can be passed into a VM: JSON, undefined, BigInt, Date, typed arrays. Every
 * `get` returns a separate copy.
 */
export class TransientArtifacts {
  readonly #cache: TieredCache;
  readonly #namespace: string;
  readonly #creating = new Map<string, Promise<Uint8Array>>();

  /** @throws NexusError INVALID_ARGUMENT if the namespace is not a valid name */
  constructor(cache: TieredCache, namespace: string) {
    if (typeof namespace !== 'string' || !NAMESPACE.test(namespace)) {
      throw new NexusError(
        'INVALID_ARGUMENT',
        `The namespace is ${describe(namespace)}; it must be 1 to 64 letters, digits, ".", "_" or "-".`,
        { context: { field: 'namespace', value: namespace } },
      );
    }
    this.#cache = cache;
    this.#namespace = PREFIX + namespace;
  }

  /** The value under `key`, or undefined. */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    const found = await this.#cache.get(this.#nameOf(key));
    return found === undefined ? undefined : decoded<T>(found.entry.content);
  }

  /**
   * The value under `key`. If there is none, `create` creates it and it is stored. Concurrent calls for one
   * key create it once.
   *
   * @throws errors of `create`; NexusError SERIALIZATION_ERROR naming the path of a value that cannot be
   *   stored
   */
  async getOrCreate<T>(key: string, create: () => T | Promise<T>): Promise<T> {
    const name = this.#nameOf(key);
    if (typeof create !== 'function') throw invalidArgument('create', create, 'a function');
    const running = this.#creating.get(name);
    if (running !== undefined) return decoded<T>(await running);
    const making = this.#findOrMake(name, create).finally(() => this.#creating.delete(name));
    this.#creating.set(name, making);
    return decoded<T>(await making);
  }

  async delete(key: string): Promise<void> {
    await this.#cache.delete(this.#nameOf(key));
  }

  async #findOrMake(name: string, create: () => unknown): Promise<Uint8Array> {
    const found = await this.#cache.get(name);
    if (found !== undefined) return found.entry.content;
    const content = toShared(this.#encode(await create()));
    this.#cache.put({ key: name, namespace: this.#namespace, filename: '', source: '', content });
    return content;
  }

  #encode(value: unknown): Uint8Array {
    try {
      // A separate encoder, because a getter of the value may itself store a value.
      return new ValueEncoder().encode(value, 'value');
    } catch (error) {
      if (!(error instanceof NotTransferableError)) throw error;
      throw new NexusError('SERIALIZATION_ERROR', `${error.path} ${error.reason}.`, { context: { path: error.path } });
    }
  }

  /** Length-prefixed, so that different namespaces and keys never give the same name. */
  #nameOf(key: unknown): string {
    if (typeof key !== 'string') {
      throw new NexusError('INVALID_ARGUMENT', `The key is ${describe(key)}; it must be a string.`, {
        context: { field: 'key' },
      });
    }
    return createHash('sha256').update(`${this.#namespace.length}:${this.#namespace}:${key}`).digest('hex');
  }
}

/** A file may contain data that the application did not write. */
async function decoded<T>(content: Uint8Array): Promise<T> {
  const decoder = new ValueDecoder(content, false, {});
  return inSlices((until) => (decoder.run(until) ? { done: decoder.root as T } : undefined));
}
