import type { Node } from 'acorn';

import { Args } from '../arguments.js';
import { callables } from '../callables.js';
import { describeAtom } from '../descriptions.js';
import { isChangeable } from '../escapes.js';
import type { Interpreter } from '../interpreter.js';
import { onlyPrimitives } from '../syntax/names.js';
import { ANY_MEMBER, type Atom, Cell, NOTHING, type ObjectAtom, union, type Value } from '../values/atoms.js';
import { ITERATE, isObjectMethod, SOME_OBJECT_METHOD } from './native-names.js';

export interface NativeCall {
  readonly machine: Interpreter;
  readonly self: Value;
  readonly args: Args;
  readonly at: Node;
}

type Model = (call: NativeCall) => Value;

/** A new list with `value` as its possible elements. */
export function listOf({ machine, at }: NativeCall, value: Value, tag = 'list'): Value {
  const { atoms, flow } = machine;
  const list = atoms.object(at, tag, 'array');
  flow.add(anyMember(list), value);
  return new Set([list]);
}

/** The single elements, if the list is a literal that was never changed. */
export function knownElements(machine: Interpreter, list: Value, at: Node): Value[] | undefined {
  const [only] = list;
  if (list.size !== 1 || only?.kind !== 'object' || only.shape !== 'array') return undefined;
  machine.flow.read(only.shapeChanges);
  machine.flow.step(only.fields.size);
  const names = [...only.fields.keys()].filter(
    (name) => machine.flow.read(only.fields.get(name) ?? new Cell()).size > 0,
  );
  if (!names.every((name) => /^\d+$/.test(name) && only.definite.has(name))) return undefined;
  return names.map((_, index) => machine.load(list, machine.atoms.constant(String(index)), at));
}

/** The cell for members at any position of an object. */
export function anyMember({ fields }: ObjectAtom): Cell {
  return fields.get(ANY_MEMBER) as Cell;
}

/** Calls a callback that was passed to a method. */
export function callBack({ machine, at }: NativeCall, callback: Value, values: readonly Value[], self?: Value): Value {
  return machine.call(callback, self, new Args(values, machine.atoms.undefined), at);
}

/** `(element, index, list)`, the arguments of most array callbacks. For a Map, the second is a key. */
function overElements(call: NativeCall): Value {
  const { machine, self, args, at } = call;
  const elements = machine.elements(self, at);
  const isList = [...self].every((atom) => atom.kind === 'object' && atom.shape === 'array');
  const second = isList ? machine.atoms.number : union(machine.atoms.number, elements);
  return callBack(call, args.at(0), [elements, second, self], args.count > 1 ? args.at(1) : undefined);
}

const elementsOf: Model = ({ machine, self, at }) => machine.elements(self, at);

/** Only reads its receiver and arguments; returns a primitive. */
const primitive: Model = ({ machine, self, args, at }) => {
  machine.readWhole(union(self, args.all()), at);
  return machine.atoms.primitive;
};

/** Changes its receiver, which then also holds the arguments. */
const mutator: Model = ({ machine, self, args, at }) => {
  machine.mutate(self, args.all(), at);
  return union(self, machine.elements(self, at), machine.atoms.primitive);
};

/** A list of the same elements, of the arguments, and of their elements. */
const copy: Model = (call) => {
  const { machine, self, args, at } = call;
  if (onlyPrimitives(self)) return primitive(call);
  const added = union(args.all(), machine.elements(args.all(), at));
  return union(listOf(call, union(machine.elements(self, at), added)), machine.atoms.primitive);
};

const flat: Model = (call) => {
  const { machine, self, at } = call;
  const all = new Set<Atom>();
  let level = machine.elements(self, at);
  // Until nothing changes: the depth is a number that is not evaluated.
  for (let before = -1; before !== all.size; level = machine.elements(all, at)) {
    before = all.size;
    for (const atom of level) all.add(atom);
  }
  return listOf(call, all);
};

const reduce: Model = (call) => {
  const { machine, self, args, at } = call;
  const elements = machine.elements(self, at);
  const initial = args.count > 1 && !args.hasSpread ? args.at(1) : union(elements, args.at(1));
  const step = (sum: Value) => callBack(call, args.at(0), [sum, elements, machine.atoms.number, self]);
  return union(initial, step(union(initial, step(initial))));
};

const compare: Model = (call) => {
  const elements = call.machine.elements(call.self, call.at);
  callBack(call, call.args.at(0), [elements, elements]);
  return elements;
};

const entries: Model = (call) => {
  const { machine, self, at } = call;
  const { atoms, flow } = machine;
  const pair = atoms.object(at, 'pair', 'array');
  const elements = machine.elements(self, at);
  flow.add(anyMember(pair), union(elements, atoms.number));
  return listOf(call, new Set<Atom>([pair]));
};

/** A string method that delegates to its argument if that has the protocol's method. */
function viaSymbol(name: string, after: Model): Model {
  return (call) => {
    const { machine, self, args, at } = call;
    const pattern = args.at(0);
    const own = machine.given(pattern, `@@${name}`, at);
    const handed = own.size > 0 ? callBack(call, own, [self, args.at(1), args.at(2)], pattern) : NOTHING;
    callBack(call, args.at(1), [machine.atoms.primitive, machine.atoms.primitive, machine.atoms.primitive]);
    return union(handed, after(call));
  };
}

const matches: Model = (call) => {
  primitive(call);
  return union(listOf(call, call.machine.atoms.primitive), call.machine.atoms.primitive);
};

/** `next`, `return` and `throw` of a generator: the argument is the value of a `yield`. */
const advance: Model = ({ machine, self, args, at }) => {
  const { atoms, flow } = machine;
  for (const atom of self) {
    if (atom.kind === 'object' && atom.generator !== undefined) flow.add(atom.generator.sent, args.all());
  }
  const step = atoms.object(at, 'step');
  flow.add(anyMember(step), union(machine.elements(self, at), args.all(), atoms.primitive));
  return new Set<Atom>([step]);
};

const settled: Model = (call) => {
  const { machine, self, args, at } = call;
  const value = machine.awaited(self, at);
  const reason = union(machine.flow.read(machine.thrown), machine.atoms.unknown);
  return union(self, callBack(call, args.at(0), [value]), callBack(call, args.at(1), [reason]));
};

const rescued: Model = (call) => {
  const { machine, self, args } = call;
  const reason = union(machine.flow.read(machine.thrown), machine.atoms.unknown);
  return union(self, callBack(call, args.at(0), [reason]));
};

const callMethod: Model = ({ machine, self, args, at }) => machine.call(self, args.at(0), args.drop(1), at);

const apply: Model = (call) => call.machine.call(call.self, call.args.at(0), spreadOf(call, call.args.at(1)), call.at);

/** The elements of a list, or of a list-like object, as arguments. */
export function spreadOf({ machine, at }: NativeCall, list: Value): Args {
  const known = knownElements(machine, list, at);
  if (known !== undefined) return new Args(known, machine.atoms.undefined);
  const passed = union(machine.elements(list, at), machine.memberValues(list, at));
  return new Args([], machine.atoms.undefined, passed);
}

const bind: Model = ({ machine, self, args, at }) => {
  const { atoms, flow } = machine;
  const bound = atoms.bound(at);
  flow.add(bound.target, self);
  flow.add(bound.self, args.at(0));
  for (let index = 0; index < args.count - 1; index++) {
    const cell = bound.first[index] ?? new Cell();
    bound.first[index] = cell;
    flow.add(cell, args.at(index + 1));
  }
  // The position is unknown, so the value escapes as far as necessary.
  if (args.hasSpread) machine.escape(union(self, args.all()), at, 'a bound function');
  return new Set<Atom>([bound]);
};

const hasOwn: Model = ({ machine, self, args, at }) => {
  machine.has(self, args.at(0), at);
  return machine.atoms.primitive;
};

/** A method that is not modelled: it may do anything to its receiver and arguments. */
const opaque: Model = ({ machine, self, args, at }) => {
  machine.escape(union(self, args.all()), at, 'a builtin method');
  machine.callUnknown(at);
  return machine.atoms.unknown;
};

/** A member is added to a value in a way that is not modelled. */
export function mayChange(machine: Interpreter, value: Value, at: Node): void {
  for (const atom of value) {
    if (atom.kind === 'unknown') machine.plant(machine.atoms.unknown, at);
    else if (atom.kind === 'builtin' && isChangeable(atom.path)) {
      machine.demands.everything(at, `${describeAtom(atom)} may be changed`);
    }
  }
}

/** Members that a builtin method looks up on a receiver of an unexpected kind. */
const PROTOCOLS = ['then', 'next', 'return', 'exec', 'has', 'keys', 'add', 'set', 'get', 'resolve', '@@iterator'];
/** Methods that look these up on their arguments. */
const OF_SETS = new Set(
  'union intersection difference symmetricDifference isSubsetOf isSupersetOf isDisjointFrom'.split(' '),
);
/** Methods with specific rules for their receiver. */
const OF_FUNCTIONS = new Set(['call', 'apply', 'bind']);

function hasProtocol({ machine, at }: NativeCall, value: Value): boolean {
  const objects = new Set([...value].filter(({ kind }) => kind === 'object' || kind === 'function'));
  return PROTOCOLS.some((name) => machine.given(objects, name, at).size > 0);
}

/** A method of Object.prototype: at most it returns its receiver or an argument. */
const objectMethod: Model = ({ machine, self, args, at }) => {
  const functions = callables(args.all());
  if (functions.size > 0) machine.escape(union(functions, self), at, 'a builtin method');
  return union(self, args.all(), machine.atoms.primitive);
};

const element: Model = (call) => union(elementsOf(call), call.machine.atoms.undefined);
const fresh: Model = (call) => {
  primitive(call);
  return union(call.machine.data(call.at, 'fresh'), call.machine.atoms.primitive);
};

const found: Model = (call) => {
  overElements(call);
  return element(call);
};
const tested: Model = (call) => {
  overElements(call);
  return call.machine.atoms.primitive;
};
const selected: Model = (call) => {
  overElements(call);
  return listOf(call, elementsOf(call));
};

const BY_NAME: Readonly<Record<string, Model>> = {
  ...each('push unshift splice fill set add delete clear copyWithin pop shift reverse', mutator),
  ...each('getOrInsert', mutator),
  getOrInsertComputed: (call) => {
    const made = callBack(call, call.args.at(1), [call.args.at(0)]);
    call.machine.mutate(call.self, union(call.args.at(0), made), call.at);
    return union(call.machine.elements(call.self, call.at), made);
  },
  sort: (call) => {
    const elements = compare(call);
    call.machine.mutate(call.self, elements, call.at);
    return call.self;
  },
  toSorted: (call) => listOf(call, compare(call)),
  ...each('slice concat with toReversed toSpliced union intersection difference symmetricDifference', copy),
  ...each('values keys', (call) => listOf(call, union(elementsOf(call), call.machine.atoms.number))),
  ...each('take drop toArray', (call) => listOf(call, elementsOf(call))),
  [ITERATE]: (call) => listOf(call, union(elementsOf(call), call.machine.atoms.number)),
  entries,
  flat,
  ...each('at get deref', element),
  ...each('find findLast', found),
  ...each('findIndex findLastIndex some every', tested),
  forEach: (call) => {
    overElements(call);
    return call.machine.atoms.undefined;
  },
  filter: selected,
  map: (call) => listOf(call, overElements(call)),
  flatMap: (call) => {
    const made = overElements(call);
    return listOf(call, union(made, call.machine.elements(made, call.at)));
  },
  ...each('reduce reduceRight', reduce),
  ...each(
    `indexOf lastIndexOf includes join has hasOwnProperty isPrototypeOf propertyIsEnumerable toString toLocaleString charAt
     charCodeAt codePointAt startsWith endsWith trim trimStart trimEnd trimLeft trimRight padStart padEnd repeat toLowerCase
     toUpperCase toLocaleLowerCase toLocaleUpperCase localeCompare normalize substring substr test toFixed toPrecision
     toExponential isWellFormed toWellFormed anchor big blink bold fixed fontcolor fontsize italics link small strike sub
     sup isDisjointFrom isSubsetOf isSupersetOf toISOString toDateString toTimeString toUTCString toGMTString toJSON
     toLocaleDateString toLocaleTimeString getBigInt64 getBigUint64 getDate getDay getFloat16 getFloat32 getFloat64
     getFullYear getHours getInt16 getInt32 getInt8 getMilliseconds getMinutes getMonth getSeconds getTime
     getTimezoneOffset getUTCDate getUTCDay getUTCFullYear getUTCHours getUTCMilliseconds getUTCMinutes getUTCMonth
     getUTCSeconds getUint16 getUint32 getUint8 getYear`,
    primitive,
  ),
  ...each('hasOwnProperty propertyIsEnumerable', hasOwn),
  ...each('valueOf subarray', (call) => union(call.self, call.machine.atoms.primitive)),
  search: viaSymbol('search', primitive),
  ...each('replace replaceAll', viaSymbol('replace', primitive)),
  split: viaSymbol('split', matches),
  match: viaSymbol('match', matches),
  matchAll: viaSymbol('matchAll', fresh),
  exec: fresh,
  ...each('next return', advance),
  throw: (call) => {
    call.machine.flow.add(call.machine.thrown, call.args.all());
    return advance(call);
  },
  // biome-ignore lint/suspicious/noThenProperty: a table of methods by name, no promise
  then: settled,
  catch: rescued,
  finally: (call) => {
    callBack(call, call.args.at(0), []);
    return call.self;
  },
  call: callMethod,
  apply,
  bind,
  ...each('__defineGetter__ __defineSetter__', (call) => {
    mayChange(call.machine, call.self, call.at);
    return opaque(call);
  }),
  [SOME_OBJECT_METHOD]: objectMethod,
};

export function callNativeMethod(name: string, call: NativeCall): Value {
  if (call.self.size === 0) return NOTHING;
  const model = Object.hasOwn(BY_NAME, name) ? (BY_NAME[name] ?? opaque) : opaque;
  const isPlain = OF_FUNCTIONS.has(name) || isObjectMethod(name);
  if (isPlain || !(hasProtocol(call, call.self) || (OF_SETS.has(name) && hasProtocol(call, call.args.all())))) {
    return model(call);
  }
  return union(model(call), opaque(call));
}

function each(names: string, model: Model): Record<string, Model> {
  return Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name, model]),
  );
}
