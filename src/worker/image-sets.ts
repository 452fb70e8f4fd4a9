import { LRUCache } from 'lru-cache';
import { type BaseImage, buildBaseImage, createBuilderVm, type VmLimits } from '../engine/image/base-image.js';
import { decodeKeptBase, encodeKeptBase, UnfitImageError } from '../engine/image/image-codec.js';
import { ImageVariants, type VariantSource } from '../engine/image/image-variants.js';
import type { PreludeImage } from '../engine/image/prelude-image.js';
import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { SourceCompiler } from '../engine/source-compiler.js';
import type { Vm } from '../engine/vm.js';
import { NexusError } from '../errors/nexus-error.js';
import { ABI_VERSION } from '../guest/abi.js';
import type { KeptImage } from '../protocol/kept-image.js';
import { type LibrarySet, unpackLibraries } from '../protocol/library-set.js';

/** Some hundred KB each, with large libraries some MB. */
const MAX_SETS = 16;
/** Of older versions. */
const MAX_KEPT = 4;

export interface ImageSetOptions extends VmLimits {
  readonly engine: EngineModule;
  readonly prelude: PreludeImage;
  /** Those of the runtime, which every set has. */
  readonly libraries: readonly LibrarySource[];
}

/** Images of which each execution uses one. */
export interface Images {
  readonly base: BaseImage;
  /** That of its version. */
  readonly prelude: PreludeImage;
  readonly variants: VariantSource;
  /** A name for a handler on these images: others have other addresses. */
  keyOf(key: string): string;
}

/** A base image, and the images that are built on top of it. */
export class ImageSet implements Images {
  /** Of the library set; empty for the runtime's own libraries. */
  readonly id: string;
  readonly base: BaseImage;
  readonly prelude: PreludeImage;
  readonly variants: ImageVariants;

  constructor(id: string, base: BaseImage, { engine, prelude }: Pick<ImageSetOptions, 'engine' | 'prelude'>) {
    this.id = id;
    this.base = base;
    this.prelude = prelude;
    this.variants = new ImageVariants(engine, base, prelude);
  }

  keyOf(key: string): string {
    return this.id === '' ? key : `${this.id}:${key}`;
  }
}

/** The images of the runtime's own libraries, and those of library sets, the least recently used of which are dropped. */
export class ImageSets {
  readonly #options: ImageSetOptions;
  readonly #compiler: () => Promise<SourceCompiler>;
  readonly own: ImageSet;
  readonly #others = new LRUCache<string, ImageSet>({ max: MAX_SETS });
  readonly #kept = new LRUCache<string, ImageSet>({ max: MAX_KEPT });
  #places: readonly number[] | undefined;

  /**
   * @param vm what the base image is built in. Default: one that is created for it
   * @throws NexusError INVALID_CONFIG if a library cannot be initialised
   */
  static async create(options: ImageSetOptions, compiler: () => Promise<SourceCompiler>, vm?: Vm): Promise<ImageSets> {
    return new ImageSets(options, compiler, await build('', options.libraries, options, compiler, vm));
  }

  private constructor(options: ImageSetOptions, compiler: () => Promise<SourceCompiler>, own: ImageSet) {
    this.#options = options;
    this.#compiler = compiler;
    this.own = own;
  }

  /** Undefined if it has to be built first. */
  known(set: LibrarySet | undefined): ImageSet | undefined {
    return set === undefined ? this.own : this.#others.get(set.id);
  }

  /** @throws NexusError INVALID_CONFIG if a library cannot be initialised */
  async get(set: LibrarySet | undefined): Promise<ImageSet> {
    const known = this.known(set);
    if (known !== undefined || set === undefined) return known ?? this.own;
    const libraries = [...this.#options.libraries, ...unpackLibraries(set.packed)];
    const built = await build(set.id, libraries, this.#options, this.#compiler);
    this.#others.set(set.id, built);
    return built;
  }

  /**
   * The images of another version or of other libraries.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE if it is no image for VMs of this worker
   */
  async kept(image: KeptImage): Promise<ImageSet> {
    const known = this.#kept.get(image.id);
    if (known !== undefined) return known;
    const { engine, memoryLimitBytes } = this.#options;
    try {
      const { fingerprint, layout } = engine;
      const host = { engine: fingerprint, layout, places: await this.#placesOfVms(), memoryLimitBytes };
      const { base, prelude } = decodeKeptBase(image.packed, host);
      const set = new ImageSet(`kept ${image.id}`, base, { engine, prelude });
      this.#kept.set(image.id, set);
      return set;
    } catch (error) {
      if (error instanceof UnfitImageError) throw unfit(image, error.message);
      throw error;
    }
  }

  /** A base image as bytes, for processes of later versions. */
  async exported({ base, prelude }: ImageSet): Promise<Uint8Array> {
    return encodeKeptBase({ base, prelude }, ABI_VERSION, await this.#placesOfVms());
  }

  async #placesOfVms(): Promise<readonly number[]> {
    this.#places ??= (await createBuilderVm(this.#options.engine)).places;
    return this.#places;
  }
}

function unfit({ id, abi }: KeptImage, reason: string): NexusError {
  const message =
    `The image ${id}, on which the handler waits, ${reason}. ` +
    'The handler is kept; resume it with the version of the library and the libraries with which it was suspended.';
  return new NexusError('SUSPENSION_INCOMPATIBLE', message, { context: { image: id, abi, problem: 'image' } });
}

async function build(
  id: string,
  libraries: readonly LibrarySource[],
  options: ImageSetOptions,
  compiler: () => Promise<SourceCompiler>,
  vm?: Vm,
): Promise<ImageSet> {
  const { engine, prelude, memoryLimitBytes } = options;
  const builder = vm ?? (await createBuilderVm(engine, undefined, libraries.length > 0 ? options : {}));
  const base = await buildBaseImage(builder, prelude, libraries, compiler);
  const { heapEnd } = base.image;
  if (heapEnd > memoryLimitBytes) {
    throw new NexusError(
      'INVALID_CONFIG',
      `The libraries take ${heapEnd} bytes of memory, more than memoryLimitBytes (${memoryLimitBytes}); raise memoryLimitBytes.`,
      { context: { option: 'memoryLimitBytes', value: memoryLimitBytes, bytes: heapEnd } },
    );
  }
  return new ImageSet(id, base, options);
}
