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
}

/** From this size on, loading the bytecode costs more than capturing once and copying. */
const LARGE_BYTECODE_BYTES = 16 * 1024;
/** A handler that came this often will come again. */
const HOT_EXECUTIONS = 3;
/** Where handlers are not expected to come again, the first time says nothing. */
const HOT_EXECUTIONS_IF_LARGE = 2;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_COUNTED_KEYS = 10_000;

/** What this worker knows of handlers, least recently used first out: their images, and what they turned out to need. */
export class HandlerImages {
  readonly #images = new LRUCache<string, HandlerImage>({
    maxSize: MAX_BYTES,
    sizeCalculation: (image) => deltaBytes(image.delta) + 1,
  });
  readonly #expectsRepetition: boolean;
  readonly #executions = new LRUCache<string, number>({ max: MAX_COUNTED_KEYS });
  /** Handlers that reached for a global without naming it. */
  readonly #unpredictable = new LRUCache<string, true>({ max: MAX_COUNTED_KEYS });

  /** @param expectsRepetition whether a large handler is worth an image at once */
  constructor(expectsRepetition: boolean) {
    this.#expectsRepetition = expectsRepetition;
  }

  get(key: string): HandlerImage | undefined {
    return this.#images.get(key);
  }

  /** What a handler without an image must find in the one it is given. */
  featuresFor(key: string, bytecode: Uint8Array): FeatureSet {
    return this.#unpredictable.has(key) ? ALL_FEATURES : namedFeatures(bytecode);
  }

  /** The names in its bytecode did not tell: from now on it is given everything. */
  needsAllFeatures(key: string): void {
    this.#unpredictable.set(key, true);
    this.#images.delete(key);
  }

  /** Counts an execution without an image and says whether it is time for one. */
  isWorthAnImage(key: string, bytecodeBytes: number): boolean {
    const isLarge = bytecodeBytes >= LARGE_BYTECODE_BYTES;
    if (isLarge && this.#expectsRepetition) return true;
    const executions = (this.#executions.get(key) ?? 0) + 1;
    this.#executions.set(key, executions);
    return executions >= (isLarge ? HOT_EXECUTIONS_IF_LARGE : HOT_EXECUTIONS);
  }

  /** From now on it counts as one that comes often. */
  expect(key: string): void {
    this.#executions.set(key, HOT_EXECUTIONS);
  }

  put(key: string, image: HandlerImage): void {
    this.#executions.delete(key);
    this.#images.set(key, image);
  }
}
