/** A guest script that defines globals, in `guest/features/`; part of an image when a handler needs it. */
export interface Feature {
  readonly name: string;
  readonly globals: readonly string[];
  /** Paths to what it adds to something that there is: `Array.fromAsync`. */
  readonly members?: readonly string[];
  /** Further names by which scripts are known that need it. */
  readonly words?: readonly string[];
  /** Features before it that it builds on. */
  readonly needs?: readonly string[];
}

/** In the order in which an image is given them. An image is named by its content: appending is the only free change. */
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
  // The reviver of JSON.parse is given the source by the one that names it.
  { name: 'json-source', globals: [], members: ['JSON.rawJSON', 'JSON.isRawJSON'], words: ['source'] },
  { name: 'console', globals: ['console'] },
] as const satisfies readonly Feature[];

export type FeatureName = (typeof FEATURES)[number]['name'];

/** Features by their place in {@link FEATURES}, one bit each. */
export type FeatureSet = number;

export const NO_FEATURES: FeatureSet = 0;
export const ALL_FEATURES: FeatureSet = (1 << FEATURES.length) - 1;

/** Whether it is a set of features that there are, with all that they need. */
export function isFeatureSet(value: number): boolean {
  if (!Number.isSafeInteger(value) || value < NO_FEATURES || value > ALL_FEATURES) return false;
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
/** By length and first character of the name, or of the last of a path: what most names in bytecode fail at. */
const GLOBALS = new Map<number, { readonly name: Buffer; readonly set: FeatureSet }[]>();
for (const { name, globals, members = [], words = [] } of FEATURES as readonly Feature[]) {
  for (const path of [...globals, ...members, ...words]) {
    const word = path.slice(path.lastIndexOf('.') + 1);
    const key = lookupKey(word.length, word.charCodeAt(0));
    GLOBALS.set(key, [...(GLOBALS.get(key) ?? []), { name: Buffer.from(word, 'latin1'), set: featureSet(name) }]);
  }
}

/**
 * The features whose globals a script names: the names in it stand in one table at the head of its bytecode. A name that
 * is only a property, or a word in a text, counts as well; it costs a larger image and nothing else.
 */
export function namedFeatures(bytecode: Uint8Array): FeatureSet {
  let set = NO_FEATURES;
  let at = 1;
  const unsigned = (): number => {
    let result = 0;
    for (let shift = 0; at < bytecode.length; shift += 7) {
      const byte = bytecode[at++] ?? 0;
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return result >>> 0;
  };
  for (let names = unsigned(); names > 0 && at < bytecode.length; names--) {
    const header = unsigned();
    const length = header >>> 1;
    if ((header & WIDE) !== 0) {
      at += length * 2;
      continue;
    }
    const candidates = GLOBALS.get(lookupKey(length, bytecode[at] ?? 0));
    if (candidates !== undefined && at + length <= bytecode.length) {
      for (const candidate of candidates) {
        if (candidate.name.compare(bytecode, at, at + length) === 0) set |= candidate.set;
      }
    }
    at += length;
  }
  return set;
}

function lookupKey(length: number, first: number): number {
  return length * 256 + first;
}
