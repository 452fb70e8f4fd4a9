import { addFeatures } from './add-features.js';
import type { BaseImage } from './base-image.js';
import type { FeatureSet } from './features.js';
import { captureImage, hashImage, type Image, restoreImage } from './image.js';
import type { PreludeImage } from './prelude-image.js';
import type { Vm } from './vm.js';

/** The base image with a set of features evaluated on top. Everything at its addresses, where it is in the base image. */
export interface ImageVariant {
  readonly features: FeatureSet;
  readonly image: Image;
}

/**
 * The images that executions start from. Built when first needed, from the base image alone and in a fixed order: the
 * same engine, libraries and features give the same bytes everywhere.
 */
export class ImageVariants {
  readonly #base: BaseImage;
  readonly #prelude: PreludeImage;
  /** All that were asked for: there are 64 sets of features, and images of handlers hold on to theirs. Some hundred KB each. */
  readonly #variants = new Map<FeatureSet, ImageVariant>();
  /** The base image as it is. */
  readonly plain: ImageVariant;
  readonly #hashes = new WeakMap<ImageVariant, string>();

  constructor(base: BaseImage, prelude: PreludeImage) {
    this.#base = base;
    this.#prelude = prelude;
    this.plain = { features: base.features, image: base.image };
  }

  get hasLibraries(): boolean {
    return this.#base.hasLibraries;
  }

  /** Whether {@link get} would leave the VM as it is. */
  has(features: FeatureSet): boolean {
    const set = features | this.#base.features;
    return set === this.#base.features || this.#variants.has(set);
  }

  /** @param vm where a variant that is missing is built; its state is lost then */
  get(vm: Vm, features: FeatureSet): ImageVariant {
    const set = features | this.#base.features;
    if (set === this.#base.features) return this.plain;
    const known = this.#variants.get(set);
    if (known !== undefined) return known;
    // Handlers ran in it, and nobody knows how deep.
    restoreImage(vm, this.#base.image, undefined, Number.POSITIVE_INFINITY);
    vm.applyStackSize();
    addFeatures(vm, this.#prelude, set & ~this.#base.features);
    vm.deferCollection();
    vm.applyStackSize(0);
    const variant = { features: set, image: captureImage(vm) };
    this.#variants.set(set, variant);
    return variant;
  }

  /** Names a variant by its content, hex SHA-256. */
  hash(vm: Vm, features: FeatureSet): string {
    return this.hashOf(this.get(vm, features));
  }

  hashOf(variant: ImageVariant): string {
    const known = this.#hashes.get(variant);
    if (known !== undefined) return known;
    const hash = hashImage(variant.image);
    this.#hashes.set(variant, hash);
    return hash;
  }
}
