import { decodeOwnFields } from '../codec/values/decoding/decode.js';
import type { BaseImage } from '../engine/image/base-image.js';
import type { FeatureSet } from '../engine/image/features.js';
import type { ImageVariant, VariantSource } from '../engine/image/image-variants.js';
import type { PreludeImage } from '../engine/image/prelude-image.js';
import { buildPreparedImage, learnVolatile, type PreparedImageOptions } from '../engine/image/prepared-image.js';
import { isUntouched } from '../engine/image/prepared-memory.js';
import type { Vm } from '../engine/vm.js';
import { CONTEXT_ROOTS, encodeFields } from '../protocol/context-encoding.js';
import { nameOfPrepared, type PreparedValue } from '../protocol/prepared-value.js';
import type { Images } from './image-sets.js';

export interface PreparedImagesOptions extends Omit<PreparedImageOptions, 'roots'> {
  /** For all images together; the one in use is kept in any case. */
  readonly maxPreparedBytes: number;
  /** Told of images that are dropped: images of handlers may build on them. */
  readonly onDropped: (variant: ImageVariant) => void;
}

/**
 * Images with prepared values, the least recently used of which are dropped. They are found by the content of the values: who may use one has
 * passed these values.
 */
export class PreparedImages {
  readonly #options: PreparedImagesOptions;
  /** The most recently used is last. */
  readonly #variants = new Map<string, ImageVariant>();
  #bytes = 0;

  constructor(options: PreparedImagesOptions) {
    this.#options = options;
  }

  /** Bytes of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Images on which the values are, beside those without. */
  on(images: Images, values: readonly PreparedValue[]): PreparedSet {
    return new PreparedSet(this, images, values);
  }

  known(key: string): ImageVariant | undefined {
    const variant = this.#variants.get(key);
    if (variant === undefined) return undefined;
    this.#variants.delete(key);
    this.#variants.set(key, variant);
    return variant;
  }

  /** @throws PreparedTooLargeError */
  async build(key: string, base: ImageVariant, values: readonly PreparedValue[], { roots }: BaseImage) {
    const documents = values.map(({ document }) => document);
    const variant = await buildPreparedImage(base, documents, { ...this.#options, roots });
    this.#variants.set(key, variant);
    this.#bytes += bytesOf(variant);
    for (const [oldest, dropped] of this.#variants) {
      if (this.#bytes <= this.#options.maxPreparedBytes || dropped === variant) break;
      this.#variants.delete(oldest);
      this.#bytes -= bytesOf(dropped);
      this.#options.onDropped(dropped);
    }
    return variant;
  }

  /** What {@link arePreparedUntouched} has lacked. */
  async learn({ image, prepared }: ImageVariant, { roots }: BaseImage): Promise<void> {
    if (prepared?.isVolatileWanted !== true || prepared.volatile !== undefined || prepared.parts === undefined) return;
    prepared.volatile = await learnVolatile(image, prepared.parts, { ...this.#options, roots });
  }
}

/** The images with one list of prepared values. */
export class PreparedSet implements Images, VariantSource {
  readonly base: BaseImage;
  readonly prelude: PreludeImage;
  readonly #cache: PreparedImages;
  readonly #images: Images;
  readonly #values: readonly PreparedValue[];
  readonly #name: string;

  constructor(cache: PreparedImages, images: Images, values: readonly PreparedValue[]) {
    this.#cache = cache;
    this.#images = images;
    this.base = images.base;
    this.prelude = images.prelude;
    this.#values = values;
    this.#name = nameOfPrepared(values);
  }

  get variants(): VariantSource {
    return this;
  }

  keyOf(key: string): string {
    return this.#images.keyOf(`${this.#name}:${key}`);
  }

  get plain(): ImageVariant {
    return this.#images.variants.plain;
  }

  known(features: FeatureSet): ImageVariant | undefined {
    const base = this.#images.variants.known(features);
    return base && this.#cache.known(this.#keyOf(base));
  }

  async get(features: FeatureSet): Promise<ImageVariant> {
    return this.#with(await this.#images.variants.get(features));
  }

  async exactly(features: FeatureSet): Promise<ImageVariant> {
    return this.#with(await this.#images.variants.exactly(features));
  }

  knownExactly(features: FeatureSet): ImageVariant | undefined {
    const base = this.#images.variants.knownExactly(features);
    return base && this.#cache.known(this.#keyOf(base));
  }

  hashOf(variant: ImageVariant): string {
    return this.#images.variants.hashOf(variant);
  }

  #with(base: ImageVariant): ImageVariant | Promise<ImageVariant> {
    const key = this.#keyOf(base);
    return this.#cache.known(key) ?? this.#cache.build(key, base, this.#values, this.base);
  }

  #keyOf({ features }: ImageVariant): string {
    return this.#images.keyOf(`${features}:${this.#name}`);
  }

  /** An input of this set with the values in the place of their numbers: with what a state is compared. */
  expand(input: Uint8Array): Uint8Array {
    const values = this.#values.map(({ document }) => ({ document, value: undefined as unknown, isRead: false }));
    const fields = decodeOwnFields(input, (number) => {
      const entry = values[number];
      if (entry === undefined) throw new RangeError(`An input names prepared value ${number} of ${values.length}.`);
      if (!entry.isRead) entry.value = decodeOwnFields(entry.document)[0];
      entry.isRead = true;
      return entry.value;
    });
    return encodeFields(fields, CONTEXT_ROOTS, { maxBytes: Number.POSITIVE_INFINITY });
  }
}

function bytesOf({ image }: ImageVariant): number {
  return image.data.length + image.heap.length;
}

/** Whether no prepared value of the image was changed in a VM that started from it. False if that cannot be told. */
export function arePreparedUntouched(vm: Vm, { image, prepared }: ImageVariant): boolean {
  if (prepared === undefined) return false;
  const { volatile, parts } = prepared;
  prepared.isVolatileWanted = true;
  return volatile !== undefined && parts !== undefined && isUntouched(vm, image, { parts, volatile });
}
