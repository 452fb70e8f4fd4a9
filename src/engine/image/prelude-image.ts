import { packMessage, unpackMessage } from '../../codec/message-pack.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import { NexusError } from '../../errors/nexus-error.js';
import { PRELUDE_EXPORTS } from '../../guest/abi.js';
import type { BytesPointer, ValuePointer } from '../pointers.js';
import { CELL_BYTES } from '../shared-cells.js';
import type { Vm } from '../vm.js';
import { FEATURES, type Feature } from './features.js';
import { captureImage, type Image } from './image.js';

/** Addresses of the functions and values in the image that the host uses. */
export type PreludeExports = Readonly<
  Record<
    | (typeof PRELUDE_EXPORTS)[number]
    | 'undefined'
    /** What a feature is called with. */
    | 'featureHost',
    ValuePointer
  >
> & {
  /** The bytes that host and guest share, see `shared-cells.ts`. */
  readonly cells: BytesPointer;
};

/**
 * A VM that evaluated the prelude, created when the package is built: a worker copies it at its start,
 * because evaluating it would be a third of the start.
 */
export interface PreludeImage {
  /** Fingerprint of the engine whose memory this is. */
  readonly engine: string;
  readonly image: Image;
  readonly roots: PreludeExports;
  /** Bytecode of every feature, in order. */
  readonly features: readonly Uint8Array[];
}

/**
 * Evaluates the prelude in a fresh VM and captures the image. Its addresses hold in every VM of that engine,
 * because creation is deterministic.
 *
 * @param features bytecode of every feature, in order
 */
export function capturePreludeImage(
  vm: Vm,
  engine: string,
  prelude: Uint8Array,
  features: readonly Uint8Array[],
): PreludeImage {
  const exported = vm.evaluateIntoImage(prelude);
  const addresses = Object.fromEntries(PRELUDE_EXPORTS.map((name, index) => [name, vm.element(exported, index)]));
  // An index that does not exist.
  const roots = { ...addresses, undefined: vm.element(exported, PRELUDE_EXPORTS.length) } as PreludeExports;
  const names = new ValueEncoder().encode(
    FEATURES.map(({ globals, members = [] }: Feature) => [...globals, ...members]),
    'features',
  );
  const cells = vm.createBuffer(CELL_BYTES);
  const featureHost = vm.call(roots.reserveFeatures, roots.undefined, vm.readValue(names), cells.value);
  return { engine, image: captureImage(vm), roots: { ...roots, featureHost, cells: cells.bytes }, features };
}

export function encodePreludeImage(prelude: PreludeImage): Uint8Array {
  return packMessage(prelude);
}

/** @throws NexusError INTERNAL_ERROR if the image was created for another engine */
export function decodePreludeImage(bytes: Uint8Array, engine: string): PreludeImage {
  const prelude = unpackMessage(bytes) as PreludeImage;
  if (prelude.engine === engine) return prelude;
  throw new NexusError(
    'INTERNAL_ERROR',
    `The prelude was built for engine ${prelude.engine}, this is ${engine}. Build the package again (npm run build).`,
  );
}
