import { LRUCache } from 'lru-cache';
import { type Delta, deltaBytes, deltaEnd } from '../engine/image/delta.js';
import { ALL_FEATURES, type FeatureSet, namedFeatures } from '../engine/image/features.js';
import type { ImageVariant } from '../engine/image/image-variants.js';
import type { ValuePointer } from '../engine/pointers.js';
import { STAGE_MARK } from '../source/forms/calling.js';

/**
 * A handler loaded on top of an image variant, in a VM in which no handler has run. Its content depends only
 * on the handler and, if set, on its grants. So any call with the same handler and grants may use it.
 */
export interface HandlerImage {
  readonly variant: ImageVariant;
  readonly delta: Delta;
  readonly handler: ValuePointer;
  /** Encoded, those that are set in it; undefined when none are. */
  readonly encodedGrants: Uint8Array | undefined;
}

/** The images of a handler: with the grants of one call, and for all others without grants. */
interface Known {
  readonly granted?: HandlerImage;
  readonly plain?: HandlerImage;
  /** Consecutive calls with grants other than those of `granted`. */
  strangers: number;
}

/** From this size on, loading the bytecode costs more than capturing once and copying. */
const LARGE_BYTECODE_BYTES = 16 * 1024;
/** A handler that was executed this often will be executed again. */
const HOT_EXECUTIONS = 3;
/** If handlers are not expected to be executed again, the first execution does not count. */
const HOT_EXECUTIONS_IF_LARGE = 2;
/**
 * Capturing an image costs as much as loading the bytecode a few times, so an image that evicts another one
 * must be worth it.
 */
const HOT_EXECUTIONS_WHEN_FULL = 64;
/** The number of consecutive calls with other grants after which the image gets their grants. */
const STRANGERS = 64;
const MAX_BYTES = 32 * 1024 * 1024;
/** The size that counts as full: most images are far smaller than what is left then. */
const FULL_BYTES = 0.95 * MAX_BYTES;
const MAX_KNOWN_HANDLERS = 10_000;

const STAGE = Buffer.from(`_${STAGE_MARK}`, 'latin1');

/** Data about a handler without an image. */
interface HandlerStats {
  executions: number;
  /** The features that its image must have. */
  features: FeatureSet;
  readonly isStaged: boolean;
}

/**
 * What this worker knows about handlers: their images and their required features. The least recently used
 * are dropped first.
 */
export class HandlerImageCache {
  readonly #images = new LRUCache<string, Known>({ maxSize: MAX_BYTES, sizeCalculation: bytesOf });
  readonly #known = new LRUCache<string, HandlerStats>({ max: MAX_KNOWN_HANDLERS });
  readonly #expectsRepetition: boolean;

  /** @param expectsRepetition whether a large handler gets an image at once */
  constructor(expectsRepetition: boolean) {
    this.#expectsRepetition = expectsRepetition;
  }

  /** Whether a call of the handler can start without its bytecode. */
  has(key: string): boolean {
    return this.#images.has(key);
  }

  /** The image for a call with these grants: with the same grants, or without any. */
  get(key: string, encodedGrants: Uint8Array | undefined): HandlerImage | undefined {
    const known = this.#images.get(key);
    if (known === undefined) return undefined;
    const { granted, plain } = known;
    if (granted !== undefined && areSame(granted.encodedGrants, encodedGrants)) {
      known.strangers = 0;
      return granted;
    }
    known.strangers++;
    return plain;
  }

  /** Linear memory that its images need; 0 if it has none. */
  neededBytes(key: string): number {
    const { granted, plain } = this.#images.peek(key) ?? {};
    return Math.max(granted ? deltaEnd(granted.delta) : 0, plain ? deltaEnd(plain.delta) : 0);
  }

  /** Whether calls with these grants are frequent enough for an image that includes them. */
  wantsRights(key: string): boolean {
    const known = this.#images.get(key);
    return known !== undefined && (known.granted === undefined || known.strangers >= STRANGERS);
  }

  /** The features that the image of a handler must have. */
  featuresFor(key: string, bytecode: Uint8Array): FeatureSet {
    return this.#statsFor(key, bytecode).features;
  }

  /** Whether its script may have two stages. */
  isStaged(key: string, bytecode: Uint8Array): boolean {
    return this.#statsFor(key, bytecode).isStaged;
  }

  /** The names in its bytecode were not sufficient: from now on its image has all features. */
  needsAllFeatures(key: string): void {
    const isStaged = this.#known.get(key)?.isStaged ?? true;
    this.#known.set(key, { executions: 0, features: ALL_FEATURES, isStaged });
    this.#images.delete(key);
  }

  /** Counts an execution without an image, and returns whether to create one. */
  isWorthAnImage(key: string, bytecode: Uint8Array): boolean {
    const isLarge = bytecode.length >= LARGE_BYTECODE_BYTES;
    if (isLarge && this.#expectsRepetition) return true;
    const { executions } = this.#count(key, bytecode);
    if (isLarge) return executions >= HOT_EXECUTIONS_IF_LARGE;
    const isFull = this.#images.calculatedSize >= FULL_BYTES;
    return executions >= (isFull ? HOT_EXECUTIONS_WHEN_FULL : HOT_EXECUTIONS);
  }

  /** From now on it counts as a frequent handler. */
  expect(key: string, bytecode: Uint8Array): void {
    this.#statsFor(key, bytecode).executions = HOT_EXECUTIONS_WHEN_FULL;
  }

  put(key: string, image: HandlerImage): void {
    const { granted, plain } = this.#images.get(key) ?? {};
    // The image without grants is no longer needed if all calls have the same grants.
    const isFirstGranted = image.encodedGrants !== undefined && granted === undefined;
    const rest = image.encodedGrants === undefined ? { ...(granted && { granted }), plain: image } : { granted: image };
    this.#images.set(key, { ...(plain && !isFirstGranted && { plain }), ...rest, strangers: 0 });
    const known = this.#known.get(key);
    if (known !== undefined) known.executions = 0;
  }

  /** The image is dropped, and with it those that build on it. */
  forgetVariant(variant: ImageVariant): void {
    for (const [key, { granted, plain }] of [...this.#images.entries()]) {
      if (granted?.variant === variant || plain?.variant === variant) this.#images.delete(key);
    }
  }

  #count(key: string, bytecode: Uint8Array): HandlerStats {
    const known = this.#statsFor(key, bytecode);
    known.executions++;
    return known;
  }

  #statsFor(key: string, bytecode: Uint8Array): HandlerStats {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const isStaged = Buffer.from(bytecode.buffer, bytecode.byteOffset, bytecode.length).includes(STAGE);
    const met: HandlerStats = { executions: 0, features: namedFeatures(bytecode), isStaged };
    this.#known.set(key, met);
    return met;
  }
}

function bytesOf({ granted, plain }: Known): number {
  return (granted ? deltaBytes(granted.delta) : 0) + (plain ? deltaBytes(plain.delta) : 0) + 1;
}

/** Compares bytes, because each message brings a new copy. */
function areSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one === other || Buffer.compare(one, other) === 0;
}
