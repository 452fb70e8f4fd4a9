import { LebReader } from '../../codec/leb128.js';
import { sameRanges } from '../../support/same-ranges.js';
import type { HostFunctionName } from '../vm/host-call.js';

/** A guest script that defines globals, in `guest/features/`; part of an image when a handler needs it. */
export interface Feature {
  readonly name: string;
  readonly globals: readonly string[];
  /** Paths of additions to existing objects: `Array.fromAsync`. */
  readonly members?: readonly string[];
  /** Further names in a script that mean that it needs the feature. */
  readonly words?: readonly string[];
  /** The function of the host that it is given, see `engine/vm/host-call.ts`. */
  readonly asksHost?: HostFunctionName;
  /** Previous features on which it builds. */
  readonly needs?: readonly string[];
}

/**
 * In the order in which they are evaluated. An image is identified by its content, so only appending changes
 * nothing.
 */
export const FEATURES = [
  { name: 'dom-exception', globals: ['DOMException'] },
  { name: 'base64', globals: ['atob', 'btoa'], needs: ['dom-exception'] },
  { name: 'encoding', globals: ['TextEncoder', 'TextDecoder'] },
  { name: 'url', globals: ['URL', 'URLSearchParams'] },
  { name: 'clone', globals: ['structuredClone'], needs: ['dom-exception'] },
  { name: 'crypto', globals: ['crypto'], needs: ['dom-exception'] },
  { name: 'for-await', globals: ['$forAwait'] },
  { name: 'disposal', globals: ['DisposableStack', 'AsyncDisposableStack', 'SuppressedError', '$using'] },
  { name: 'from-async', globals: [], members: ['Array.fromAsync'], needs: ['for-await'] },
  {
    name: 'bytes-as-text',
    globals: [],
    members: [
      'Uint8Array.fromBase64',
      'Uint8Array.fromHex',
      'Uint8Array.prototype.toBase64',
      'Uint8Array.prototype.toHex',
      'Uint8Array.prototype.setFromBase64',
      'Uint8Array.prototype.setFromHex',
    ],
  },
  { name: 'weak-references', globals: ['WeakRef', 'FinalizationRegistry'] },
  { name: 'regexp-escape', globals: [], members: ['RegExp.escape'] },
  // The reviver of JSON.parse gets the source if the handler names `source`.
  { name: 'json-source', globals: [], members: ['JSON.rawJSON', 'JSON.isRawJSON'], words: ['source'] },
  { name: 'console', globals: ['console'] },
  {
    name: 'intl',
    globals: ['Intl'],
    members: [
      'Number.prototype.toLocaleString',
      'BigInt.prototype.toLocaleString',
      'Array.prototype.toLocaleString',
      'Uint8Array.prototype.__proto__.toLocaleString',
      'Date.prototype.toLocaleString',
      'Date.prototype.toLocaleDateString',
      'Date.prototype.toLocaleTimeString',
      'String.prototype.localeCompare',
      'String.prototype.toLocaleUpperCase',
      'String.prototype.toLocaleLowerCase',
    ],
    asksHost: 'intl',
  },
  {
    name: 'timers',
    globals: [
      'setTimeout',
      'setInterval',
      'clearTimeout',
      'clearInterval',
      '$sleep',
      '$sleepUntil',
      '$signal',
      'scheduler',
    ],
  },
  { name: 'abort', globals: ['AbortController', 'AbortSignal'], needs: ['dom-exception'] },
  { name: 'fetch', globals: ['fetch', 'Headers', 'Request', 'Response'], needs: ['url', 'abort'] },
  {
    name: 'subtle',
    globals: ['CryptoKey'],
    // `crypto` has accessors for them, which wait for this feature.
    words: ['subtle', 'timingSafeEqual'],
    asksHost: 'crypto',
    needs: ['crypto'],
  },
] as const satisfies readonly Feature[];

export type FeatureName = (typeof FEATURES)[number]['name'];

/** Features by their index in {@link FEATURES}, one bit each. */
export type FeatureSet = number;

export const NO_FEATURES: FeatureSet = 0;
export const ALL_FEATURES: FeatureSet = (1 << FEATURES.length) - 1;

/** The set of the first so many: those of an older version, which has no others. */
export function firstFeatures(count: number): FeatureSet {
  return (1 << count) - 1;
}

/** Whether it is a set of the first `known` features that includes all that they need. Default: of all */
export function isFeatureSet(value: number, known: number = FEATURES.length): boolean {
  if (!Number.isSafeInteger(value) || value < NO_FEATURES || value > firstFeatures(known)) return false;
  return featureSet(...FEATURES.filter((_, index) => (value & (1 << index)) !== 0).map(({ name }) => name)) === value;
}

/** The features of these names and all that they need. */
export function featureSet(...names: readonly string[]): FeatureSet {
  let set = NO_FEATURES;
  FEATURES.forEach((feature: Feature, index) => {
    if (names.includes(feature.name)) set |= (1 << index) | featureSet(...(feature.needs ?? []));
  });
  return set;
}

const WIDE = 1;
/**
 * By length and first character of the name, or of the last part of a path: most names in bytecode do not
 * match.
 */
const GLOBALS = new Map<number, { readonly name: Buffer; readonly set: FeatureSet }[]>();
const NO_CANDIDATES: readonly never[] = [];
for (const { name, globals, members = [], words = [] } of FEATURES as readonly Feature[]) {
  for (const path of [...globals, ...members, ...words]) {
    const word = path.slice(path.lastIndexOf('.') + 1);
    const key = lookupKey(word.length, word.charCodeAt(0));
    GLOBALS.set(key, [...(GLOBALS.get(key) ?? []), { name: Buffer.from(word, 'latin1'), set: featureSet(name) }]);
  }
}

/**
 * The features whose globals a script names. The names are in one table at the head of its bytecode. A name
 * that is only a property, or a string, counts as well; it costs a larger image and nothing else.
 */
export function namedFeatures(bytecode: Uint8Array): FeatureSet {
  let set = NO_FEATURES;
  const reader = new LebReader(bytecode, 1);
  try {
    for (let names = reader.unsigned(); names > 0; names--) {
      const header = reader.unsigned();
      const length = header >>> 1;
      const at = reader.offset;
      const isWide = (header & WIDE) !== 0;
      reader.offset += isWide ? length * 2 : length;
      if (isWide || reader.offset > bytecode.length) continue;
      for (const { name, set: named } of GLOBALS.get(lookupKey(length, bytecode[at] ?? 0)) ?? NO_CANDIDATES) {
        if (sameRanges(name, 0, length, bytecode, at, reader.offset)) set |= named;
      }
    }
  } catch (error) {
    // Whether a script is whole is for its loader to say.
    if (!(error instanceof RangeError)) throw error;
  }
  return set;
}

function lookupKey(length: number, first: number): number {
  return length * 256 + first;
}
