import type { Atoms } from '../values/atom-table.js';
import { type Atom, type ObjectShape, union, type Value } from '../values/atoms.js';

/** A promise counts as the value it resolves to, so every value has these methods. */
const PROMISE_METHODS = 'then catch finally';

const OF_OBJECTS = words(`
  hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf
  __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ ${PROMISE_METHODS}`);

const OF_FUNCTIONS = words('apply bind call');

/** All methods of the engine's builtin prototypes. */
const OF_OTHERS = words(`
  add anchor at big blink bold catch charAt charCodeAt clear codePointAt compile concat copyWithin delete deref difference
  drop endsWith entries every exec fill filter finally find findIndex findLast findLastIndex fixed flat flatMap fontcolor
  fontsize forEach get getBigInt64 getBigUint64 getDate getDay getFloat16 getFloat32 getFloat64 getFullYear getHours
  getInt16 getInt32 getInt8 getMilliseconds getMinutes getMonth getOrInsert getOrInsertComputed getSeconds getTime
  getTimezoneOffset getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth
  getUTCSeconds getUint16 getUint32 getUint8 getYear grow has includes indexOf intersection isDisjointFrom isSubsetOf
  isSupersetOf isWellFormed italics join keys lastIndexOf link localeCompare map match matchAll next normalize padEnd
  padStart pop push reduce reduceRight register repeat replace replaceAll resize return reverse search set setBigInt64
  setBigUint64 setDate setFloat16 setFloat32 setFloat64 setFullYear setHours setInt16 setInt32 setInt8 setMilliseconds
  setMinutes setMonth setSeconds setTime setUTCDate setUTCFullYear setUTCHours setUTCMilliseconds setUTCMinutes
  setUTCMonth setUTCSeconds setUint16 setUint32 setUint8 setYear shift slice small some sort splice split startsWith
  strike sub subarray substr substring sup symmetricDifference take test then throw toArray toDateString toExponential
  toFixed toGMTString toISOString toJSON toLocaleDateString toLocaleLowerCase toLocaleTimeString toLocaleUpperCase
  toLowerCase toPrecision toReversed toSorted toSpliced toTimeString toUTCString toUpperCase toWellFormed transfer
  transferToFixedLength trim trimEnd trimLeft trimRight trimStart union unregister unshift values with`);

const ALL = new Set([...OF_OBJECTS, ...OF_FUNCTIONS, ...OF_OTHERS]);
const BY_SHAPE: Readonly<Record<ObjectShape | 'function', ReadonlySet<string>>> = {
  plain: OF_OBJECTS,
  array: ALL,
  any: ALL,
  function: new Set([...OF_OBJECTS, ...OF_FUNCTIONS]),
};

/** Any method of an object that has only those of Object.prototype. */
export const SOME_OBJECT_METHOD = '*object';
const ITERATORS = new Set(['@@iterator', '@@asyncIterator']);
/** The method that creates an iterator. */
export const ITERATE = '*iterate';
/** Any method of any value. */
export const SOME_METHOD = '*';

/** Whether every object has this method: it at most converts its receiver to a string. */
export function isObjectMethod(name: string): boolean {
  return OF_OBJECTS.has(name) && !PROMISE_METHODS.split(' ').includes(name);
}

export function isNativeName(name: string): boolean {
  return ALL.has(name);
}

/** The methods that a value of this shape may have under a key without having been given them. */
export function nativesOf(atoms: Atoms, key: Value, shape: ObjectShape | 'function' = 'any'): Value {
  const known = BY_SHAPE[shape];
  const found = new Set<string>();
  for (const atom of key) {
    if (atom.kind === 'constant') {
      if (known.has(String(atom.value))) found.add(String(atom.value));
    } else if (atom.kind === 'symbol') {
      if (shape !== 'plain') found.add(ITERATORS.has(atom.name) ? ITERATE : SOME_METHOD);
    } else if (!isNoMethod(atom)) found.add(shape === 'plain' ? SOME_OBJECT_METHOD : SOME_METHOD);
  }
  return union(...[...found].map((name) => atoms.native(name)));
}

function isNoMethod(atom: Atom): boolean {
  return atom.kind === 'number';
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
