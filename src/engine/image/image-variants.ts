import { LRUCache } from 'lru-cache';

import type { EngineModule } from '../load-engine.js';
import { addFeatures } from './add-features.js';
import { type BaseImage, createBuilderVm } from './base-image.js';
import { type FeatureSet, firstFeatures } from './features.js';
import { captureImage, hashImage, type Image } from './image.js';
import type { PreludeImage } from './prelude-image.js';
import type { PreparedMemory } from './prepared-memory.js';
import { restoreImage } from './restore.js';

/**
 * Sets of features that have their own image. A handler selects its set by the names in it, and there are
 * thousands of sets.
 */
const MAX_SETS = 32;
/** Additional images for handlers that were suspended on them. */
const MAX_RESUMED = 4;

/** The base image with a set of features evaluated on top. Everything in the base image keeps its address. */
export interface ImageVariant {
  readonly features: FeatureSet;
  readonly image: Image;
  /** Where prepared values lie in it; absent if it has none. */
  readonly prepared?: PreparedMemory;
}

/** Images from which executions start, by their features. */
export interface VariantSource {
  /** The image without further features. */
  readonly plain: ImageVariant;
  /** An image with at least these features. Undefined if it has to be built first. */
  known(features: FeatureSet): ImageVariant | undefined;
  /** {@link known}, built if necessary. */
  get(features: FeatureSet): Promise<ImageVariant>;
  /** The image with exactly these features, on which a handler was suspended. */
  exactly(features: FeatureSet): Promise<ImageVariant>;
  /** {@link exactly}. Undefined if it has to be built first. */
  knownExactly(features: FeatureSet): ImageVariant | undefined;
  /** Identifies a variant by the hex SHA-256 of its content. */
  hashOf(variant: ImageVariant): string;
}

/**
 * The images from which executions start. Each is built on first use, in a separate VM in which no handler
 * ever runs, from the base image and in a fixed order, so that the same engine, libraries and features give
 * the same bytes everywhere.
 */
export class ImageVariants implements VariantSource {
  readonly #engine: EngineModule;
  readonly #base: BaseImage;
  readonly #prelude: PreludeImage;
  /** Some hundred KB each; images of handlers refer to them. */
  readonly #variants = new Map<FeatureSet, ImageVariant>();
  readonly #resumed = new LRUCache<FeatureSet, ImageVariant>({ max: MAX_RESUMED });
  /** The base image itself. */
  readonly plain: ImageVariant;
  readonly #hashes = new WeakMap<ImageVariant, string>();

  constructor(engine: EngineModule, base: BaseImage, prelude: PreludeImage) {
    this.#engine = engine;
    this.#base = base;
    this.#prelude = prelude;
    this.plain = { features: base.features, image: base.image };
  }

  /** An image with at least these features. Undefined if it has to be built first. */
  known(features: FeatureSet): ImageVariant | undefined {
    return this.#kept(this.#offered(features));
  }

  /** {@link known}, built if necessary. */
  async get(features: FeatureSet): Promise<ImageVariant> {
    const set = this.#offered(features);
    const known = this.#kept(set);
    if (known !== undefined) return known;
    const variant = await this.#build(set);
    this.#variants.set(set, variant);
    return variant;
  }

  /**
   * The image with exactly these features, on which a handler was suspended. @param features a subset of those that its prelude has
   */
  async exactly(features: FeatureSet): Promise<ImageVariant> {
    const known = this.knownExactly(features);
    if (known !== undefined) return known;
    const set = features | this.#base.features;
    if (this.#offered(set) === set) return this.get(set);
    const variant = await this.#build(set);
    this.#resumed.set(set, variant);
    return variant;
  }

  knownExactly(features: FeatureSet): ImageVariant | undefined {
    const set = features | this.#base.features;
    return this.#kept(set) ?? this.#resumed.get(set);
  }

  get #all(): FeatureSet {
    return firstFeatures(this.#prelude.features.length);
  }

  #kept(set: FeatureSet): ImageVariant | undefined {
    return set === this.#base.features ? this.plain : this.#variants.get(set);
  }

  /**
   * A set that has an image, or will get one. If there are enough images, further sets use the image with all
   * features.
   */
  #offered(features: FeatureSet): FeatureSet {
    const set = features | this.#base.features;
    return this.#kept(set) !== undefined || this.#variants.size < MAX_SETS ? set : this.#all;
  }

  async #build(set: FeatureSet): Promise<ImageVariant> {
    const { image } = this.#base;
    const vm = await createBuilderVm(this.#engine, image);
    restoreImage(vm, image);
    vm.applyStackSize();
    addFeatures(vm, this.#prelude, set & ~this.#base.features);
    vm.deferCollection();
    vm.applyStackSize(0);
    return { features: set, image: captureImage(vm) };
  }

  /** Identifies a variant by the hex SHA-256 of its content. */
  async hash(features: FeatureSet): Promise<string> {
    return this.hashOf(await this.exactly(features));
  }

  hashOf(variant: ImageVariant): string {
    const known = this.#hashes.get(variant);
    if (known !== undefined) return known;
    const hash = hashImage(variant.image);
    this.#hashes.set(variant, hash);
    return hash;
  }
}
