import { LRUCache } from 'lru-cache';
import { type Delta, deltaBytes, deltaEnd } from '../engine/image/delta.js';
import { ALL_FEATURES, type FeatureSet, namedFeatures } from '../engine/image/features.js';
import type { ImageVariant } from '../engine/image/image-variants.js';
import type { ValuePointer } from '../engine/pointers.js';

/**
 * A handler loaded on top of an image variant, in a VM in which nobody's code ran: what is in it follows from the handler and, where it has
 * rights, from these. So it may be anybody's who comes with the same.
 */
export interface HandlerImage {
  readonly variant: ImageVariant;
  readonly delta: Delta;
  readonly handler: ValuePointer;
  /** Encoded, those that are set in it; undefined when none are. */
  readonly rights: Uint8Array | undefined;
}

/** What there is of a handler, for calls with the rights that are set in one of them, and for all others. */
interface Known {
  readonly granted?: HandlerImage;
  readonly plain?: HandlerImage;
  /** Calls in a row with other rights than those of `granted`. */
  strangers: number;
}

/** From this size on, loading the bytecode costs more than capturing once and copying. */
const LARGE_BYTECODE_BYTES = 16 * 1024;
/** A handler that came this often will come again. */
const HOT_EXECUTIONS = 3;
/** Where handlers are not expected to come again, the first time says nothing. */
const HOT_EXECUTIONS_IF_LARGE = 2;
/** To capture an image costs as much as to load the bytecode a few times: one that takes another's place has to be worth it. */
const HOT_EXECUTIONS_WHEN_FULL = 64;
/** Calls in a row with rights of their own, after which the image with rights gets theirs. */
const STRANGERS = 64;
const MAX_BYTES = 32 * 1024 * 1024;
/** Full, that is: most images are far smaller than what is left then. */
const FULL_BYTES = 0.95 * MAX_BYTES;
const MAX_KNOWN_HANDLERS = 10_000;

/** What is known of a handler without an image. */
interface HandlerStats {
  executions: number;
  /** What it must find in the image that it is given. */
  features: FeatureSet;
}

/** What this worker knows of handlers, least recently used first out: their images, and what they turned out to need. */
export class HandlerImages {
  readonly #images = new LRUCache<string, Known>({ maxSize: MAX_BYTES, sizeCalculation: bytesOf });
  readonly #known = new LRUCache<string, HandlerStats>({ max: MAX_KNOWN_HANDLERS });
  readonly #expectsRepetition: boolean;

  /** @param expectsRepetition whether a large handler is worth an image at once */
  constructor(expectsRepetition: boolean) {
    this.#expectsRepetition = expectsRepetition;
  }

  /** Whether a call of the handler can begin without its bytecode, if only with that of the first. */
  has(key: string): boolean {
    return this.#images.has(key);
  }

  /** The image that a call with these rights begins with: one with them, or one without any. */
  get(key: string, rights: Uint8Array | undefined): HandlerImage | undefined {
    const known = this.#images.get(key);
    if (known === undefined) return undefined;
    const { granted, plain } = known;
    if (granted !== undefined && areSame(granted.rights, rights)) {
      known.strangers = 0;
      return granted;
    }
    known.strangers++;
    return plain;
  }

  /** Linear memory that its images take, 0 when there is none. */
  neededBytes(key: string): number {
    const { granted, plain } = this.#images.peek(key) ?? {};
    return Math.max(granted ? deltaEnd(granted.delta) : 0, plain ? deltaEnd(plain.delta) : 0);
  }

  /** Whether calls with the rights of this one come often enough for an image that has them. */
  wantsRights(key: string): boolean {
    const known = this.#images.get(key);
    return known !== undefined && (known.granted === undefined || known.strangers >= STRANGERS);
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
    const { granted, plain } = this.#images.get(key) ?? {};
    // One without rights has served its purpose where calls come with the same.
    const isFirstGranted = image.rights !== undefined && granted === undefined;
    const rest = image.rights === undefined ? { ...(granted && { granted }), plain: image } : { granted: image };
    this.#images.set(key, { ...(plain && !isFirstGranted && { plain }), ...rest, strangers: 0 });
    const known = this.#known.get(key);
    if (known !== undefined) known.executions = 0;
  }

  #count(key: string, bytecode: Uint8Array): HandlerStats {
    const known = this.#meet(key, bytecode);
    known.executions++;
    return known;
  }

  #meet(key: string, bytecode: Uint8Array): HandlerStats {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const met: HandlerStats = { executions: 0, features: namedFeatures(bytecode) };
    this.#known.set(key, met);
    return met;
  }
}

function bytesOf({ granted, plain }: Known): number {
  return (granted ? deltaBytes(granted.delta) : 0) + (plain ? deltaBytes(plain.delta) : 0) + 1;
}

/** Their bytes: a message brings them anew. */
function areSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one === other || Buffer.compare(one, other) === 0;
}
