import type { EngineModule } from '../load-engine.js';
import { addFeatures } from './add-features.js';
import { type BaseImage, createBuilderVm } from './base-image.js';
import type { FeatureSet } from './features.js';
import { captureImage, hashImage, type Image } from './image.js';
import type { PreludeImage } from './prelude-image.js';
import { restoreImage } from './restore.js';

/** The base image with a set of features evaluated on top. Everything at its addresses, where it is in the base image. */
export interface ImageVariant {
  readonly features: FeatureSet;
  readonly image: Image;
}

/**
 * The images that executions start from. Built when first needed, each in a VM of its own in which no handler ever ran, from the base image
 * alone and in a fixed order: the same engine, libraries and features give the same bytes everywhere.
 */
export class ImageVariants {
  readonly #engine: EngineModule;
  readonly #base: BaseImage;
  readonly #prelude: PreludeImage;
  /** All that were asked for: there are 64 sets of features, and images of handlers hold on to theirs. Some hundred KB each. */
  readonly #variants = new Map<FeatureSet, ImageVariant>();
  /** The base image as it is. */
  readonly plain: ImageVariant;
  readonly #hashes = new WeakMap<ImageVariant, string>();

  constructor(engine: EngineModule, base: BaseImage, prelude: PreludeImage) {
    this.#engine = engine;
    this.#base = base;
    this.#prelude = prelude;
    this.plain = { features: base.features, image: base.image };
  }

  /** Undefined while it has to be built first. */
  known(features: FeatureSet): ImageVariant | undefined {
    const set = features | this.#base.features;
    return set === this.#base.features ? this.plain : this.#variants.get(set);
  }

  async get(features: FeatureSet): Promise<ImageVariant> {
    const known = this.known(features);
    if (known !== undefined) return known;
    const set = features | this.#base.features;
    const { image } = this.#base;
    const vm = await createBuilderVm(this.#engine, image);
    restoreImage(vm, image);
    vm.applyStackSize();
    addFeatures(vm, this.#prelude, set & ~this.#base.features);
    vm.deferCollection();
    vm.applyStackSize(0);
    const variant = { features: set, image: captureImage(vm) };
    this.#variants.set(set, variant);
    return variant;
  }

  /** Names a variant by its content, hex SHA-256. */
  async hash(features: FeatureSet): Promise<string> {
    return this.hashOf(await this.get(features));
  }

  hashOf(variant: ImageVariant): string {
    const known = this.#hashes.get(variant);
    if (known !== undefined) return known;
    const hash = hashImage(variant.image);
    this.#hashes.set(variant, hash);
    return hash;
  }
}
