import { LRUCache } from 'lru-cache';
import { ALL_FEATURES, type FeatureSet, namedFeatures } from '../engine/features.js';
import { type Delta, deltaBytes } from '../engine/image.js';
import type { ImageVariant } from '../engine/image-variants.js';
import type { Pointer } from '../engine/quickjs-module.js';

/** A handler loaded on top of an image variant. */
export interface HandlerImage {
  readonly variant: ImageVariant;
  readonly delta: Delta;
  readonly handler: Pointer;
  /** Encoded, those that are set in it; undefined when none are. */
  readonly rights: Uint8Array | undefined;
  /** See `frameGapBytes` of `engine/image.ts`. */
  readonly codeBytes: number;
}

/** From this size on, loading the bytecode costs more than capturing once and copying. */
const LARGE_BYTECODE_BYTES = 16 * 1024;
/** A handler that came this often will come again. */
const HOT_EXECUTIONS = 3;
/** Where handlers are not expected to come again, the first time says nothing. */
const HOT_EXECUTIONS_IF_LARGE = 2;
/** To capture an image costs as much as to load the bytecode a few times: one that takes another's place has to be worth it. */
const HOT_EXECUTIONS_WHEN_FULL = 64;
const MAX_BYTES = 32 * 1024 * 1024;
/** Full, that is: most images are far smaller than what is left then. */
const FULL_BYTES = 0.95 * MAX_BYTES;
const MAX_KNOWN_HANDLERS = 10_000;

/** What is known of a handler without an image. */
interface Acquaintance {
  executions: number;
  /** What it must find in the image that it is given. */
  features: FeatureSet;
}

/** What this worker knows of handlers, least recently used first out: their images, and what they turned out to need. */
export class HandlerImages {
  readonly #images = new LRUCache<string, HandlerImage>({
    maxSize: MAX_BYTES,
    sizeCalculation: (image) => deltaBytes(image.delta) + 1,
  });
  readonly #known = new LRUCache<string, Acquaintance>({ max: MAX_KNOWN_HANDLERS });
  readonly #expectsRepetition: boolean;

  /** @param expectsRepetition whether a large handler is worth an image at once */
  constructor(expectsRepetition: boolean) {
    this.#expectsRepetition = expectsRepetition;
  }

  get(key: string): HandlerImage | undefined {
    return this.#images.get(key);
  }

  /** What a handler without an image must find in the one it is given. */
  featuresFor(key: string, bytecode: Uint8Array): FeatureSet {
    return this.#meet(key, bytecode).features;
  }

  /** The names in its bytecode did not tell: from now on it is given everything. */
  needsAllFeatures(key: string): void {
    this.#known.set(key, { executions: 0, features: ALL_FEATURES });
    this.#images.delete(key);
  }

  /** Counts an execution without an image and says whether it is time for one. */
  isWorthAnImage(key: string, bytecode: Uint8Array): boolean {
    const isLarge = bytecode.length >= LARGE_BYTECODE_BYTES;
    if (isLarge && this.#expectsRepetition) return true;
    const { executions } = this.#count(key, bytecode);
    if (isLarge) return executions >= HOT_EXECUTIONS_IF_LARGE;
    const isFull = this.#images.calculatedSize >= FULL_BYTES;
    return executions >= (isFull ? HOT_EXECUTIONS_WHEN_FULL : HOT_EXECUTIONS);
  }

  /** From now on it counts as one that comes often. */
  expect(key: string, bytecode: Uint8Array): void {
    this.#meet(key, bytecode).executions = HOT_EXECUTIONS_WHEN_FULL;
  }

  put(key: string, image: HandlerImage): void {
    this.#images.set(key, image);
    const known = this.#known.get(key);
    if (known !== undefined) known.executions = 0;
  }

  #count(key: string, bytecode: Uint8Array): Acquaintance {
    const known = this.#meet(key, bytecode);
    known.executions++;
    return known;
  }

  #meet(key: string, bytecode: Uint8Array): Acquaintance {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const met: Acquaintance = { executions: 0, features: namedFeatures(bytecode) };
    this.#known.set(key, met);
    return met;
  }
}
