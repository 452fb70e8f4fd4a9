import { callables } from '../callables.js';
import { type Atom, NOTHING, union, type Value } from '../values/atoms.js';
import { anyMember, callBack, listOf, mayChange, type NativeCall, spreadOf } from './native-methods.js';
import { SOME_METHOD } from './native-names.js';
import { callFetch, callSignal, callSleep, callTimer } from './own-functions.js';

type Model = (call: NativeCall) => Value;

/** Only reads its arguments; returns a primitive. */
const reader: Model = ({ machine, args, at }) => {
  machine.readWhole(args.all(), at);
  return machine.atoms.primitive;
};

/** Only reads its arguments; returns new data. */
const maker: Model = (call) => {
  reader(call);
  return call.machine.data(call.at, 'made');
};

/** Inspects its arguments without reading their contents. */
const inspector: Model = ({ machine }) => machine.atoms.primitive;

/** A builtin that is not modelled: it may do anything to its arguments. */
const opaque: Model = ({ machine, self, args, at }) => {
  machine.escape(union(self, args.all()), at, 'a call of a builtin');
  machine.callUnknown(at);
  return machine.atoms.unknown;
};

const changer: Model = (call) => {
  mayChange(call.machine, call.args.at(0), call.at);
  opaque(call);
  return union(call.args.at(0), call.machine.atoms.primitive);
};

const freeze: Model = ({ machine, args, at }) => {
  const target = args.at(0);
  const foreign = new Set([...target].filter(({ kind }) => kind !== 'object' && kind !== 'function'));
  machine.escape(foreign, at, 'Object.freeze or its like');
  return target;
};

const assign: Model = ({ machine, args, at }) => {
  machine.copyMembers(args.from(1), args.at(0), at);
  return args.at(0);
};

const fromEntries: Model = (call) => {
  const { machine, args, at } = call;
  const pairs = machine.elements(args.at(0), at);
  const object = machine.atoms.object(at, 'object');
  const made = new Set<Atom>([object]);
  machine.store(made, machine.atoms.primitive, machine.elements(pairs, at), at);
  return made;
};

function objectOf({ machine, at }: NativeCall, values: Value, tag = 'object'): Value {
  const object = machine.atoms.object(at, tag);
  machine.flow.add(anyMember(object), values);
  return new Set<Atom>([object]);
}

const values: Model = (call) => listOf(call, call.machine.memberValues(call.args.at(0), call.at));
const keys: Model = (call) => listOf(call, call.machine.memberNames(call.args.at(0), call.at));
/** Includes symbols. */
const allKeys: Model = (call) =>
  listOf(call, union(call.machine.memberNames(call.args.at(0), call.at), call.machine.atoms.unknown));

const entries: Model = (call) => {
  const { machine, args, at } = call;
  const pair = machine.atoms.object(at, 'pair', 'array');
  const { atoms } = machine;
  // Elements that were already read stay as they were read.
  if (!pair.fields.has('0')) pair.definite.add('0').add('1');
  machine.store(new Set([pair]), atoms.constant('0'), machine.memberNames(args.at(0), at), at);
  machine.store(new Set([pair]), atoms.constant('1'), machine.memberValues(args.at(0), at), at);
  return listOf(call, new Set<Atom>([pair]));
};

const groupBy: Model = (call) => {
  const { machine, args, at } = call;
  const elements = machine.elements(args.at(0), at);
  const groups = callBack(call, args.at(1), [elements, machine.atoms.number]);
  const object = machine.atoms.object(at, 'groups', 'any');
  machine.flow.add(anyMember(object), union(listOf(call, elements), groups));
  return new Set<Atom>([object]);
};

const create: Model = ({ machine, args, at }) => {
  const { atoms, flow } = machine;
  const object = atoms.object(at, 'created', 'any');
  flow.add(object.prototypes, args.at(0));
  if (args.count > 1 || args.hasSpread) machine.escape(union(args.all(), new Set([object])), at, 'Object.create');
  return new Set<Atom>([object]);
};

const setPrototype: Model = ({ machine, args, at }) => {
  for (const atom of args.at(0)) {
    const target = new Set([atom]);
    if (atom.kind === 'object') machine.flow.add(atom.prototypes, args.at(1));
    else machine.store(target, machine.atoms.constant('__proto__'), args.at(1), at);
  }
  return args.at(0);
};

/** `value`, `get` and `set` of a descriptor become the member, whichever of them exist. */
const defineProperty: Model = (call) => {
  const { machine, args, at } = call;
  const { atoms } = machine;
  const [target, key, descriptor] = [args.at(0), args.at(1), args.at(2)];
  machine.store(target, key, machine.load(descriptor, atoms.constant('value'), at), at);
  const accessors = ['get', 'set'].map((name) => callables(machine.load(descriptor, atoms.constant(name), at)));
  const functions = union(...accessors);
  if (functions.size > 0 || args.hasSpread) {
    mayChange(machine, target, at);
    machine.escape(union(functions, target, key), at, 'an accessor');
  }
  return target;
};

const descriptorOf: Model = (call) => {
  const { machine, args, at } = call;
  machine.has(args.at(0), args.at(1), at);
  const accessors = machine.accessors(args.at(0), args.at(1));
  return objectOf(call, union(machine.load(args.at(0), args.at(1), at), accessors, machine.atoms.primitive));
};

const descriptors: Model = (call) => {
  const { machine, args, at } = call;
  const accessors = machine.accessors(args.at(0), undefined);
  const inner = objectOf(call, union(machine.memberValues(args.at(0), at), accessors, machine.atoms.primitive));
  const outer = machine.atoms.object(at, 'descriptors');
  machine.flow.add(anyMember(outer), inner);
  return new Set<Atom>([outer]);
};

const prototypeOf: Model = ({ machine, args, at }) => {
  const owners = [...args.at(0)].filter((atom) => atom.kind === 'object' || atom.kind === 'function');
  const inherited = owners.map(({ prototypes }) => machine.flow.read(prototypes));
  // The methods of the state are on its prototype, which can be changed.
  const state = new Set([...args.at(0)].filter(({ kind }) => kind === 'state'));
  machine.escape(state, at, 'Object.getPrototypeOf');
  return union(machine.atoms.builtin('__proto__'), ...inherited, state.size > 0 ? machine.atoms.unknown : NOTHING);
};

const has: Model = ({ machine, args, at }) => {
  machine.has(args.at(0), args.at(1), at);
  return machine.atoms.primitive;
};

const arrayFrom: Model = (call) => {
  const { machine, args, at } = call;
  const elements = union(
    machine.elements(args.at(0), at),
    machine.memberValues(args.at(0), at),
    machine.atoms.undefined,
  );
  if (args.count < 2 && !args.hasSpread) return listOf(call, elements);
  const mapped = callBack(call, args.at(1), [elements, machine.atoms.number], args.count > 2 ? args.at(2) : undefined);
  return listOf(call, union(elements, mapped));
};

const stringify: Model = (call) => {
  const { machine, args, at } = call;
  machine.readWhole(args.at(0), at);
  if (callables(args.at(1)).size > 0) machine.escape(args.from(0), at, 'a replacer');
  return machine.atoms.primitive;
};

const parse: Model = (call) => {
  const { machine, args, at } = call;
  machine.readWhole(args.at(0), at);
  const revivers = callables(args.at(1));
  machine.escape(revivers, at, 'a reviver');
  return union(machine.data(at, 'parsed'), revivers.size > 0 ? machine.atoms.unknown : NOTHING);
};

const resolve: Model = ({ machine, args, at }) => machine.awaited(args.at(0), at);
const all: Model = (call) => listOf(call, awaitedElements(call));

function awaitedElements({ machine, args, at }: NativeCall): Value {
  return machine.awaited(machine.elements(args.at(0), at), at);
}

const allSettled: Model = (call) => {
  const { machine, at } = call;
  const settled = machine.atoms.object(at, 'settled');
  const reasons = union(machine.flow.read(machine.thrown), machine.atoms.unknown);
  machine.flow.add(anyMember(settled), union(awaitedElements(call), reasons, machine.atoms.primitive));
  return listOf(call, new Set<Atom>([settled]));
};

const reject: Model = ({ machine, args }) => {
  machine.flow.add(machine.thrown, args.all());
  return machine.atoms.unknown;
};

const BY_PATH: Readonly<Record<string, Model>> = {
  ...each(
    `String Number Boolean BigInt parseInt parseFloat isNaN isFinite encodeURI encodeURIComponent decodeURI
     decodeURIComponent escape unescape atob btoa Number.parseInt Number.parseFloat BigInt.asIntN BigInt.asUintN
     String.fromCharCode String.fromCodePoint String.raw Date Date.now Date.parse Date.UTC RegExp.escape
     crypto.randomUUID performance.now $log`,
    reader,
  ),
  ...each('Math console $log', reader, '.*'),
  RegExp: maker,
  structuredClone: (call) => {
    // A transferred buffer would be empty afterwards.
    if (call.args.count > 1 || call.args.hasSpread) opaque(call);
    return maker(call);
  },
  ...each('Array.isArray Number.isInteger Number.isFinite Number.isNaN Number.isSafeInteger Object.is', inspector),
  ...each('Object.isExtensible Reflect.isExtensible ArrayBuffer.isView', inspector),
  ...each('Object.isFrozen Object.isSealed', (call) => {
    keys(call);
    return call.machine.atoms.primitive;
  }),
  'JSON.stringify': stringify,
  'JSON.parse': parse,
  Object: ({ machine, args, at }) => union(args.at(0), machine.data(at, 'object')),
  'Object.assign': assign,
  'Object.create': create,
  'Object.entries': entries,
  'Object.values': values,
  ...each('Object.keys Object.getOwnPropertyNames', keys),
  ...each('Object.getOwnPropertySymbols Reflect.ownKeys', allKeys),
  'Object.fromEntries': fromEntries,
  ...each('Object.groupBy Map.groupBy', groupBy),
  ...each('Object.freeze Object.seal Object.preventExtensions Reflect.preventExtensions', freeze),
  ...each('Object.hasOwn Reflect.has', has),
  ...each('Object.getPrototypeOf Reflect.getPrototypeOf', prototypeOf),
  ...each('Object.setPrototypeOf Reflect.setPrototypeOf', setPrototype),
  ...each('Object.defineProperty Reflect.defineProperty', defineProperty),
  ...each('Object.getOwnPropertyDescriptor Reflect.getOwnPropertyDescriptor', descriptorOf),
  'Object.getOwnPropertyDescriptors': descriptors,
  'Object.defineProperties': changer,
  'Reflect.get': (call) => {
    // With an explicit receiver, a getter is called on that.
    if (call.args.count > 2 || call.args.hasSpread) opaque(call);
    return union(
      call.machine.load(call.args.at(0), call.args.at(1), call.at),
      call.args.count > 2 ? call.machine.atoms.unknown : NOTHING,
    );
  },
  'Reflect.set': (call) => {
    const { machine, args, at } = call;
    machine.store(args.at(0), args.at(1), args.at(2), at);
    if (args.count > 3 || args.hasSpread) {
      mayChange(machine, args.from(3), at);
      opaque(call);
    }
    return machine.atoms.primitive;
  },
  'Reflect.deleteProperty': ({ machine, args, at }) => {
    machine.remove(args.at(0), args.at(1), at);
    return machine.atoms.primitive;
  },
  'Reflect.apply': (call) =>
    call.machine.call(call.args.at(0), call.args.at(1), spreadOf(call, call.args.at(2)), call.at),
  'Array.from': arrayFrom,
  'Array.of': (call) => listOf(call, call.args.all()),
  Array: (call) => listOf(call, union(call.args.all(), call.machine.atoms.undefined)),
  ...each('Symbol Symbol.for', ({ machine, args, at }) => {
    machine.readWhole(args.all(), at);
    return machine.atoms.symbol('@@own');
  }),
  'Math.sumPrecise': ({ machine, args, at }) => {
    machine.readWhole(machine.elements(args.at(0), at), at);
    return machine.atoms.number;
  },
  ...each('Promise.resolve', resolve),
  ...each('Promise.all Promise.race', (call) => union(all(call), awaitedElements(call))),
  'Promise.any': (call) => {
    const { machine } = call;
    // If all are rejected, the error holds the thrown values.
    const reasons = listOf(call, machine.flow.read(machine.thrown), 'reasons');
    machine.flow.add(machine.thrown, objectOf(call, reasons, 'aggregate'));
    return union(all(call), awaitedElements(call));
  },
  'Promise.allSettled': allSettled,
  'Promise.reject': reject,
  ...byPath('setTimeout setInterval setImmediate', callTimer),
  ...byPath('$sleep $sleepUntil scheduler.wait', callSleep),
  ...byPath('AbortSignal.timeout AbortSignal.* scheduler.*', (path, call) =>
    union(callSleep(path, call), opaque(call)),
  ),
  ...each('AbortSignal.any AbortSignal.abort', opaque),
  fetch: (call) => callFetch(call, webObject),
  $signal: callSignal,
  queueMicrotask: ({ machine, args, at }) => machine.call(args.at(0), undefined, args.drop(1), at),
  ...each('clearTimeout clearInterval clearImmediate', inspector),
};

const errors = 'Error EvalError RangeError ReferenceError SyntaxError TypeError URIError AggregateError InternalError';
/** Keeps its arguments, or their elements. */
const holder: Model = (call) => {
  const { machine, args, at } = call;
  const inner = machine.elements(args.all(), at);
  const object = machine.atoms.object(at, 'held', 'any');
  machine.flow.add(anyMember(object), union(args.all(), inner, machine.elements(inner, at), machine.atoms.primitive));
  return new Set<Atom>([object]);
};

/** Functions that settle the promise they are bound to. */
const RESOLVER = '*resolve';
const REJECTER = '*reject';

const promise: Model = (call) => {
  const { machine, args, at } = call;
  const { atoms, flow } = machine;
  const settled = atoms.object(at, 'promise', 'any');
  const [resolver, rejecter] = [RESOLVER, REJECTER].map((name) => {
    const bound = atoms.bound(at, name);
    flow.add(bound.target, atoms.native(name));
    flow.add(bound.self, new Set<Atom>([settled]));
    return new Set<Atom>([bound]);
  });
  callBack(call, args.at(0), [resolver ?? NOTHING, rejecter ?? NOTHING]);
  return union(machine.awaited(flow.read(anyMember(settled)), at), atoms.undefined);
};

/** A class of the web, whose methods are not modelled. */
const webObject: Model = (call) => {
  const { machine, args, at } = call;
  machine.readWhole(union(args.all(), machine.elements(args.all(), at)), at);
  const object = machine.atoms.object(at, 'web', 'any');
  const self = new Set<Atom>([object]);
  machine.flow.add(anyMember(object), union(machine.data(at, 'made'), machine.atoms.native(SOME_METHOD)));
  return self;
};

const CONSTRUCTORS: Readonly<Record<string, Model>> = {
  ...each(`${errors} Map Set WeakMap WeakSet WeakRef`, holder),
  ...each('Date RegExp String Number Boolean', maker),
  ...each('URL URLSearchParams TextEncoder TextDecoder Headers', webObject),
  Array: (call) => listOf(call, union(call.args.all(), call.machine.atoms.undefined)),
  Object: (call) => union(call.args.at(0), call.machine.data(call.at, 'object')),
  Promise: promise,
};

export function callBuiltinFunction(path: string, call: NativeCall): Value {
  if (path === 'eval' || path.endsWith('Function')) return NOTHING;
  const errorModel = errors.split(' ').includes(path) ? holder : undefined;
  const made = (errorModel ?? modelOf(BY_PATH, path))(call);
  // These construct an instance of what they are called on, and call its methods.
  const isForeign = [...call.self].some(({ kind }) => kind !== 'builtin' && kind !== 'constant');
  return isForeign && /^(Array|Promise|constructor|__proto__)\./.test(path) ? union(made, opaque(call)) : made;
}

export function constructBuiltinClass(path: string, call: NativeCall): Value {
  return modelOf(CONSTRUCTORS, path)(call);
}

/** The functions that a promise's executor gets; undefined if it is none of them. */
export function settlePromise(name: string, { machine, self, args }: NativeCall): Value | undefined {
  if (name !== RESOLVER && name !== REJECTER) return undefined;
  if (name === REJECTER) machine.flow.add(machine.thrown, args.all());
  for (const atom of self) {
    if (atom.kind === 'object' && name === RESOLVER) machine.flow.add(anyMember(atom), args.all());
  }
  return machine.atoms.undefined;
}

function modelOf(models: Readonly<Record<string, Model>>, path: string): Model {
  if (Object.hasOwn(models, path)) return models[path] ?? opaque;
  const whole = `${path.split('.')[0]}.*`;
  return Object.hasOwn(models, whole) ? (models[whole] ?? opaque) : opaque;
}

/** Models that are told which builtin is called. */
function byPath(names: string, model: (path: string, call: NativeCall) => Value): Record<string, Model> {
  return Object.fromEntries(names.split(' ').map((path): [string, Model] => [path, (call) => model(path, call)]));
}

function each(names: string, model: Model, suffix = ''): Record<string, Model> {
  return Object.fromEntries(
    names
      .trim()
      .split(/\s+/)
      .map((name) => [name + suffix, model]),
  );
}
