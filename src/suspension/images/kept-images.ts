import { LRUCache } from 'lru-cache';

import type { StoredImage, StoredImages, SuspensionStore } from '../../api/suspension-store.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import { ABI_VERSION } from '../../guest/abi.js';
import type { Telemetry } from '../../metrics/telemetry.js';
import { guestAbi } from '../../protocol/guest-abis.js';
import type { KeptImage } from '../../protocol/kept-image.js';
import type { LibrarySet } from '../../protocol/library-set.js';
import type { ImageDescription, ImageRequest } from '../../protocol/messages.js';
import { toShared } from '../../support/bytes/shared-bytes.js';
import { performance } from '../../support/timers.js';
import { MAX_IMAGE_BYTES } from '../check.js';
import type { RecordedOutcomes } from '../recorded-outcomes.js';
import { ask } from '../store-calls.js';
import type { StoreClock } from '../store-clock.js';
import { DamagedImageError, type ImageHeader, openImage, sealImage } from './image-envelope.js';
import { badImage, noImage, otherAbi, otherEngine } from './image-errors.js';
import { deploymentOfImage, imageIdOf } from './image-ids.js';
import { PUT_AGAIN_MS, unusedImages } from './unused-images.js';

/** Images of one store, and their bytes together: beyond that, no further one is kept. */
const MAX_IMAGES = 64;
const MAX_BYTES = 256 * 1024 * 1024;
/** In the memory of this process, each some hundred KB. */
const MAX_OPENED = 8;
const MAX_HASHES = 1_000;
/** Scripts of features beside the memory of an image. */
const MARGIN_BYTES = 4 * 1024 * 1024;
/** How soon it is noticed that an image was added. */
const LISTED_EVERY_MS = 10_000;
const TRIED_AGAIN_MS = 60_000;

export interface KeptImagesParts {
  readonly store: SuspensionStore;
  /** Whether other processes see the store. */
  readonly isShared: boolean;
  readonly outcomes: RecordedOutcomes;
  readonly clock: StoreClock;
  readonly telemetry: Telemetry;
  /** Fingerprint. */
  readonly engine: string;
  readonly memoryLimitBytes: number;
  readonly host: ImageSource;
}

/** Where base images come from. */
export interface ImageSource {
  /** As it is now: reading it may take a file. */
  deployment(): string;
  /** Undefined if it is not loaded. */
  librarySet(id: string): LibrarySet | undefined;
  describe(request: ImageRequest): Promise<ImageDescription>;
}

/** The base images in a store: puts there the ones on which handlers of this process wait, and finds those of others. */
export class KeptImages {
  readonly #parts: KeptImagesParts;
  /** When each was put, or found to have been put lately; while it is being put, the promise of that. */
  readonly #put = new Map<string, number | Promise<void>>();
  readonly #opened = new LRUCache<string, KeptImage>({ max: MAX_OPENED });
  /** Which image has a hash, of handlers that do not say on which they wait. */
  readonly #byHash = new LRUCache<string, string>({ max: MAX_HASHES });
  /** What is known of the images of a listing. */
  #listed: ReadonlyMap<string, { readonly putAtMs: number; readonly header: ImageHeader | undefined }> = new Map();
  /** On the clock of `performance.now()`. */
  #listedAt = Number.NEGATIVE_INFINITY;
  readonly #warned = new Set<string>();

  constructor(parts: KeptImagesParts) {
    this.#parts = parts;
  }

  get deployment(): string {
    return this.#parts.host.deployment();
  }

  get #images(): StoredImages | undefined {
    return this.#parts.isShared ? this.#parts.store.images : undefined;
  }

  /**
   * Makes sure that the image is in the store on which a handler waits, before the handler is, and says that it is in use. If that fails, it
   * is warned of, and the handler can be resumed by its own deployment only.
   *
   * @param run default: one on the image of the runtime's own libraries
   */
  async ensure(run: Pick<SuspendedRun, 'librarySet' | 'image'> = {}): Promise<void> {
    const images = this.#images;
    if (images === undefined) return;
    const id = run.image?.id ?? imageIdOf(this.deployment, run.librarySet);
    const known = this.#put.get(id);
    if (known instanceof Promise) return known;
    const nowMs = this.#parts.clock.now();
    if (known !== undefined && nowMs < known) return;
    const putting = this.#putLately(images, id, run).then(
      () => void this.#put.set(id, nowMs + PUT_AGAIN_MS),
      (error: unknown) => {
        this.#put.set(id, nowMs + TRIED_AGAIN_MS);
        this.#warn(id, `The base image ${id} cannot be kept in the store: ${String(error)}`);
      },
    );
    this.#put.set(id, putting);
    return putting;
  }

  async #putLately(
    images: StoredImages,
    id: string,
    { librarySet, image }: Pick<SuspendedRun, 'librarySet' | 'image'>,
  ): Promise<void> {
    const { clock, outcomes, engine } = this.#parts;
    const nowMs = await clock.current();
    const listed = await ask(() => images.list());
    const there = listed.find((image) => image.id === id);
    // Put lately, by another process.
    if (there !== undefined && Math.abs(nowMs - there.putAtMs) < PUT_AGAIN_MS) return;
    // One of another deployment is sealed anew, with the first of the secrets.
    const packed = image?.packed ?? (await this.#ownImage(librarySet));
    const header = { engine, abi: image?.abi ?? ABI_VERSION };
    const sealed = await sealImage(id, header, packed, await outcomes.keys());
    const others = listed.filter((image) => image.id !== id);
    const bytes = others.reduce((sum, image) => sum + image.bytes, sealed.length);
    if (sealed.length > MAX_IMAGE_BYTES || others.length >= MAX_IMAGES || bytes > MAX_BYTES) {
      throw new Error(
        `it has ${sealed.length} bytes of at most ${MAX_IMAGE_BYTES}, and the store has ${others.length} others of at most ${MAX_IMAGES}, ${bytes} bytes of at most ${MAX_BYTES} in all`,
      );
    }
    await ask(() => images.put(id, sealed, nowMs));
  }

  async #ownImage(librarySet: string | undefined): Promise<Uint8Array> {
    const { host } = this.#parts;
    const set = librarySet === undefined ? undefined : host.librarySet(librarySet);
    const { packed } = await host.describe({ librarySet: set, features: 0, isExported: true });
    if (packed === undefined) throw new Error('a worker did not give it');
    return packed;
  }

  /**
   * A handler that was opened, with the image on which it waits if that is none of this process.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE if there is no such image, or it cannot be used
   */
  async withImage(suspensionId: string, run: SuspendedRun): Promise<SuspendedRun> {
    const own = this.deployment;
    const { librarySet, deployment = run.abi === ABI_VERSION ? own : undefined } = run;
    if (deployment === own) {
      const isLoaded = librarySet === undefined || this.#parts.host.librarySet(librarySet) !== undefined;
      // Who loads the build resumes it without a kept image as well.
      if (isLoaded || (await this.#headerOf(imageIdOf(own, librarySet))) === undefined) return { ...run, deployment };
    }
    const id = deployment === undefined ? await this.#idByHash(run) : imageIdOf(deployment, librarySet);
    const image = id === undefined ? undefined : await this.#open(suspensionId, run, id);
    if (image === undefined) throw noImage(suspensionId, run, this.#images !== undefined);
    return { ...run, deployment: deploymentOfImage(image.id) ?? own, image };
  }

  /**
   * Checks whether handlers of a deployment can be resumed here, before one is claimed.
   *
   * @param deployment as the store has it; undefined if it does not say
   * @throws NexusError SUSPENSION_INCOMPATIBLE
   */
  async require(suspensionId: string, deployment: string | undefined): Promise<void> {
    if (deployment === undefined || deployment === this.deployment) return;
    const awaited = { deployment };
    const ofIt = ([id]: readonly [string, unknown]) => deploymentOfImage(id) === deployment;
    let listed = [...(await this.#list())].filter(ofIt);
    // It may have been put since.
    if (listed.length === 0) listed = [...(await this.#list(true))].filter(ofIt);
    const [first] = listed;
    if (first === undefined) throw noImage(suspensionId, awaited, this.#images !== undefined);
    if (listed.some(([, { header }]) => header !== undefined && this.#faultOf(header) === undefined)) return;
    const [id, { header }] = first;
    throw badImage(suspensionId, awaited, id, header === undefined ? 'is damaged' : String(this.#faultOf(header)));
  }

  /** The deployments whose handlers can be resumed here: this one first, then those whose images are in the store. */
  async deployments(): Promise<readonly string[]> {
    const found = new Set([this.deployment]);
    for (const [id, { header }] of await this.#list()) {
      const deployment = deploymentOfImage(id);
      if (deployment !== undefined && header !== undefined && this.#faultOf(header) === undefined)
        found.add(deployment);
    }
    return [...found];
  }

  /** Deletes images of other deployments on which nothing waits any more. */
  async sweep(): Promise<void> {
    const images = this.#images;
    if (images === undefined) return;
    const { store, clock } = this.#parts;
    for (const { id, putAtMs } of await unusedImages(store, images, this.deployment, await clock.current())) {
      await ask(() => images.delete(id, putAtMs));
      this.#opened.delete(id);
    }
  }

  /** Why images of such a header cannot be used here. */
  #faultOf({ engine, abi }: ImageHeader): string | undefined {
    if (engine !== this.#parts.engine) return otherEngine(engine, this.#parts.engine);
    return guestAbi(abi) === undefined ? otherAbi(abi) : undefined;
  }

  async #headerOf(id: string): Promise<ImageHeader | undefined> {
    return (await this.#list()).get(id)?.header;
  }

  /** Headers by id; of damaged images, there is none. */
  async #list(isNow = false) {
    const images = this.#images;
    const now = performance.now();
    if (images === undefined || (!isNow && now - this.#listedAt < LISTED_EVERY_MS)) return this.#listed;
    const listed = new Map<string, { readonly putAtMs: number; readonly header: ImageHeader | undefined }>();
    for (const image of (await ask(() => images.list())).slice(0, 2 * MAX_IMAGES)) {
      const known = this.#listed.get(image.id);
      listed.set(image.id, known?.putAtMs === image.putAtMs ? known : await this.#readHeader(images, image));
    }
    this.#listed = listed;
    this.#listedAt = now;
    return listed;
  }

  async #readHeader(images: StoredImages, { id, putAtMs }: StoredImage) {
    try {
      const stored = await ask(() => images.get(id));
      const header = stored && (await openImage(id, stored, await this.#parts.outcomes.keys())).header;
      return { putAtMs, header };
    } catch (error) {
      this.#warn(id, `The base image ${id} in the store cannot be used: ${String(error)}. It is kept.`);
      return { putAtMs, header: undefined };
    }
  }

  /** @returns undefined if there is none of this id */
  async #open(suspensionId: string, run: SuspendedRun, id: string): Promise<KeptImage | undefined> {
    const known = this.#opened.get(id);
    if (known !== undefined) return known;
    const { outcomes, memoryLimitBytes } = this.#parts;
    const stored = await ask(async () => this.#images?.get(id));
    if (stored === undefined) return undefined;
    try {
      const { header, inflate } = await openImage(id, stored, await outcomes.keys());
      const fault = this.#faultOf(header);
      if (fault !== undefined) throw badImage(suspensionId, run, id, fault);
      const image = { id, abi: header.abi, packed: toShared(await inflate(memoryLimitBytes + MARGIN_BYTES)) };
      this.#opened.set(id, image);
      return image;
    } catch (error) {
      if (error instanceof DamagedImageError) throw badImage(suspensionId, run, id, error.message);
      throw error;
    }
  }

  /** Handlers of versions that did not say on which image: a worker builds it from each that may be it. */
  async #idByHash(run: SuspendedRun): Promise<string | undefined> {
    const known = this.#byHash.get(run.imageHash);
    if (known !== undefined) return known;
    for (const [id, { header }] of await this.#list()) {
      if (header?.abi !== run.abi || header.engine !== run.engine) continue;
      const image = await this.#open('', run, id).catch(() => undefined);
      if (image === undefined) continue;
      const described = await this.#parts.host
        .describe({ image, features: run.features, isExported: false })
        .catch(() => undefined);
      if (described?.hash !== run.imageHash) continue;
      this.#byHash.set(run.imageHash, id);
      return id;
    }
    return undefined;
  }

  #warn(id: string, message: string): void {
    if (this.#warned.has(id)) return;
    if (this.#warned.size >= MAX_HASHES) this.#warned.clear();
    this.#warned.add(id);
    this.#parts.telemetry.warn({ code: 'NEXUS_IMAGE', message });
  }
}
