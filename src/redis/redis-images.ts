import type { StoredImage, StoredImages } from '../api/suspension-store.js';
import { checkImage, isImageId } from '../suspension/check.js';
import type { Operations } from '../suspension/server/operations.js';
import type { Argument } from './calls.js';
import { newNonce } from './nonce.js';
import { DELETE_IMAGE, GET_IMAGE, LIST_IMAGES, PUT_IMAGE, type Script } from './scripts.js';

/** Base images in Redis. */
export class RedisImages implements StoredImages {
  readonly #operations: Operations;
  readonly #call: (script: Script, ...args: Argument[]) => Promise<unknown>;

  constructor(operations: Operations, call: (script: Script, ...args: Argument[]) => Promise<unknown>) {
    this.#operations = operations;
    this.#call = call;
  }

  async put(id: string, content: Uint8Array, nowMs: number): Promise<void> {
    this.#operations.requireOpen();
    checkImage(id, content, nowMs);
    await this.#call(PUT_IMAGE, id, nowMs, Buffer.from(content));
  }

  async get(id: string): Promise<Uint8Array | undefined> {
    this.#operations.requireOpen();
    if (!isImageId(id)) return undefined;
    return ((await this.#call(GET_IMAGE, id)) as Buffer | null) ?? undefined;
  }

  async list(): Promise<readonly StoredImage[]> {
    const lines = (await this.#call(LIST_IMAGES)) as readonly (readonly [Buffer, Buffer, number])[];
    const images = lines.map(([id, putAt, bytes]) => ({ id: id.toString(), bytes, putAtMs: Number(putAt) }));
    return images.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async delete(id: string, putAtMs: number): Promise<boolean> {
    this.#operations.requireOpen();
    return isImageId(id) && (await this.#call(DELETE_IMAGE, id, putAtMs, newNonce())) === 1;
  }
}
