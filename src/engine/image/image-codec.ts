import { packMessage } from '../../codec/message-pack.js';
import { MalformedMessageError } from '../../codec/message-reader.js';
import {
  binary,
  count,
  dictionary,
  flag,
  list,
  readShaped,
  record,
  type Shape,
  text,
} from '../../codec/message-shape.js';
import { guestAbi } from '../../protocol/guest-abis.js';
import type { MemoryLayout } from '../binary-interface.js';
import { CELL_BYTES } from '../shared-cells.js';
import type { BaseImage } from './base-image.js';
import { FEATURES, isFeatureSet } from './features.js';
import type { PreludeExports, PreludeImage } from './prelude-image.js';

/** A base image with what is needed to go on from it: where the prelude's parts lie, and the scripts of the features of its version. */
export interface KeptBase {
  readonly base: BaseImage;
  readonly prelude: PreludeImage;
}

/** Of which VMs an image can be the content. */
export interface ImageHost {
  /** Fingerprint of the engine. */
  readonly engine: string;
  readonly layout: MemoryLayout;
  /** What the host has allocated in each of its VMs, see `Vm.places`. */
  readonly places: readonly number[];
  readonly memoryLimitBytes: number;
}

/** The bytes are no image, or one of another host. The message follows the name of the image. */
export class UnfitImageError extends Error {}

interface Packed {
  readonly abi: number;
  readonly engine: string;
  readonly places: readonly number[];
  readonly roots: Readonly<Record<string, number>>;
  /** Names of the features that its version has, in order, and their scripts. */
  readonly features: readonly string[];
  readonly scripts: readonly Uint8Array[];
  readonly baseFeatures: number;
  readonly hasLibraries: boolean;
  readonly data: Uint8Array;
  readonly heap: Uint8Array;
  readonly heapEnd: number;
}

const MAX_FEATURES = 31;
const MAX_ROOTS = 200;
const NAME = text(256);

const PACKED = record({
  abi: count,
  engine: NAME,
  places: list(count, 16),
  roots: dictionary(count, MAX_ROOTS),
  features: list(NAME, MAX_FEATURES),
  scripts: list(binary(), MAX_FEATURES),
  baseFeatures: count,
  hasLibraries: flag,
  data: binary(),
  heap: binary(),
  heapEnd: count,
}) as Shape<Packed>;

/** Scripts and the roots' names; the memory comes on top. */
const MARGIN_BYTES = 4 * 1024 * 1024;
const MAX_VALUES = 2_000;
/** A value of the engine. */
const CELL_ALIGNMENT = 8;

/** @param abi of its prelude */
export function encodeKeptBase({ base, prelude }: KeptBase, abi: number, places: readonly number[]): Uint8Array {
  const { data, heap, heapEnd } = base.image;
  const packed: Packed = {
    abi,
    engine: prelude.engine,
    places,
    roots: base.roots as unknown as Readonly<Record<string, number>>,
    features: FEATURES.slice(0, prelude.features.length).map(({ name }) => name),
    scripts: prelude.features,
    baseFeatures: base.features,
    hasLibraries: base.hasLibraries,
    data,
    heap,
    heapEnd,
  };
  return packMessage(packed);
}

/**
 * The reverse of {@link encodeKeptBase}, for bytes that may be anybody's. What is in the memory is not looked at: it is the guest's, as after
 * a handler has run in it. So all that is checked is what the host does with it.
 *
 * @throws UnfitImageError
 */
export function decodeKeptBase(bytes: Uint8Array, host: ImageHost): KeptBase {
  const packed = read(bytes, host.memoryLimitBytes);
  const { engine, places, data, heap, heapEnd, features, scripts, baseFeatures, hasLibraries } = packed;
  const { dataEnd, heapBase } = host.layout;
  if (engine !== host.engine) throw new UnfitImageError(`is of engine ${engine}, this is ${host.engine}`);
  const abi = guestAbi(packed.abi);
  if (abi === undefined)
    throw new UnfitImageError(`has ABI ${packed.abi}, which this version of the library does not speak`);
  if (places.length !== host.places.length || !places.every((place, index) => place === host.places[index])) {
    throw new UnfitImageError('is of a version of the library whose VMs are laid out otherwise');
  }
  if (data.length !== dataEnd || heap.length % CELL_ALIGNMENT !== 0)
    throw new UnfitImageError('has no memory of this engine');
  if (heapEnd > host.memoryLimitBytes) {
    throw new UnfitImageError(
      `takes ${heapEnd} bytes of memory, more than memoryLimitBytes (${host.memoryLimitBytes})`,
    );
  }
  if (heapBase + heap.length > Math.ceil(heapEnd / CELL_ALIGNMENT) * CELL_ALIGNMENT)
    throw new UnfitImageError('has more memory than it says');
  if (scripts.length !== features.length || !features.every((name, index) => FEATURES[index]?.name === name)) {
    throw new UnfitImageError('has features that this version of the library does not have, or has in another order');
  }
  if (!isFeatureSet(baseFeatures, features.length)) throw new UnfitImageError('has an unknown set of features');
  const names = [...abi.exports, 'undefined', 'featureHost', 'cells'];
  const addresses: Record<string, number> = {};
  for (const name of names) {
    const address = Object.hasOwn(packed.roots, name) ? packed.roots[name] : undefined;
    const end = name === 'cells' ? CELL_BYTES : CELL_ALIGNMENT;
    if (address === undefined || address < heapBase || address + end > heapEnd) {
      throw new UnfitImageError(`has no ${name} in its memory`);
    }
    addresses[name] = address;
  }
  const roots = addresses as unknown as PreludeExports;
  const image = { data, heap, heapEnd };
  return {
    base: { image, roots, features: baseFeatures, hasLibraries },
    prelude: { engine, image, roots, features: scripts },
  };
}

function read(bytes: Uint8Array, memoryLimitBytes: number): Packed {
  try {
    return readShaped(bytes, { maxBytes: memoryLimitBytes + MARGIN_BYTES, maxValues: MAX_VALUES }, PACKED);
  } catch (error) {
    if (error instanceof MalformedMessageError) throw new UnfitImageError(error.message);
    throw error;
  }
}
