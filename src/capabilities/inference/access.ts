import type { Node } from 'acorn';

import type { CapabilityKind } from '../../api/capability.js';
import { describeAtom, stateMember } from './descriptions.js';
import type { Interpreter } from './interpreter.js';
import type { MemberAccess } from './member-access.js';
import { isNativeName, nativesOf } from './natives/native-names.js';
import { patternsOf } from './syntax/names.js';
import { overlap } from './syntax/patterns-of-names.js';
import type { Atoms } from './values/atom-table.js';
import {
  type Atom,
  isPrimitive,
  NOTHING,
  type StateMethodName,
  union,
  type Value,
  type WithinAtom,
} from './values/atoms.js';

const STATE_METHODS: readonly StateMethodName[] = ['get', 'set', 'has', 'delete', 'keys'];
const VIEW_METHODS: ReadonlySet<string> = new Set(['setFilter', 'scrollTo', 'focus', 'command']);
/** Members through which builtin objects can be reached from any value. */
const INTRINSIC_MEMBERS: ReadonlySet<string> = new Set(['constructor', '__proto__']);

const WELL_KNOWN_SYMBOLS: ReadonlySet<string> = new Set(
  Object.getOwnPropertyNames(Symbol).filter((name) => typeof Reflect.get(Symbol, name) === 'symbol'),
);
const MAX_PATH = 100;

/** Reads, writes and deletes one member of any value. */
export class Access {
  readonly #machine: Interpreter;
  readonly #members: MemberAccess;
  readonly #readGlobal: (name: string) => Value;
  readonly #writeGlobal: (name: string, value: Value) => void;

  constructor(
    machine: Interpreter,
    membersOfObjects: MemberAccess,
    globals: { read: (name: string) => Value; write: (name: string, value: Value) => void },
  ) {
    this.#machine = machine;
    this.#members = membersOfObjects;
    this.#readGlobal = globals.read;
    this.#writeGlobal = globals.write;
  }

  load(target: Value, key: Value, at: Node): Value {
    this.#spell(key, at);
    return union(...[...target].map((atom) => this.#loadFrom(atom, key, at)));
  }

  /** On `$state`, the methods that the runtime provides are not keys when they are called. */
  loadMethod(target: Value, key: Value, at: Node): Value {
    const { atoms } = this.#machine;
    const [only] = key;
    const name = key.size === 1 && only?.kind === 'constant' ? String(only.value) : undefined;
    const method = STATE_METHODS.find((known) => known === name);
    const native = nativesOf(atoms, key, 'plain');
    if (name === undefined || (method === undefined && native.size === 0)) return this.load(target, key, at);
    const others = new Set([...target].filter(({ kind }) => kind !== 'state'));
    const ofState = method === undefined ? native : atoms.stateMethod(method);
    return union(this.load(others, key, at), native, others.size < target.size ? ofState : NOTHING);
  }

  #loadFrom(atom: Atom, key: Value, at: Node): Value {
    const { atoms, flow } = this.#machine;
    flow.step();
    switch (atom.kind) {
      case 'state':
        return this.#loadState(key, at);
      case 'within':
        return union(this.inside(atom), nativesOf(atoms, key), this.#intrinsics(key));
      case 'object':
      case 'function':
        return this.#members.load(atom, key, at);
      case 'view':
        return union(
          this.#patterns(key).some((name) => name.endsWith('*') || VIEW_METHODS.has(name))
            ? atoms.viewCommand
            : atoms.undefined,
          nativesOf(atoms, key, 'plain'),
          this.#intrinsics(key),
        );
      case 'ext':
        return union(...this.#patterns(key).map((name) => atoms.extension(name)), promiseMethods(atoms, key));
      case 'extension': {
        // `ext:ht*` has no place for a method.
        const isOpen = atom.name.endsWith('*');
        const names = isOpen ? [atom.name] : this.#patterns(key).map((name) => `${atom.name}.${name}`);
        return union(...names.map((name) => atoms.extensionMethod(name)), promiseMethods(atoms, key));
      }
      case 'global':
        return this.#loadGlobal(key, at);
      case 'builtin':
        return this.#loadBuiltin(atom.path, key, at);
      case 'unknown':
        // `__defineGetter__` makes its argument a member.
        if (this.#patterns(key).some((name) => name.startsWith('__define'))) this.#machine.plant(atoms.unknown, at);
        return union(atoms.unknown, this.#intrinsics(key));
      default:
        // Functions and primitives: apart from methods, their members are numbers and strings.
        return union(
          atoms.primitive,
          nativesOf(atoms, key),
          this.#intrinsics(key),
          isPrimitive(atom) ? NOTHING : flow.read(this.#machine.planted),
        );
    }
  }

  store(target: Value, key: Value, value: Value, at: Node): void {
    this.#spell(key, at);
    for (const atom of target) this.#storeInto(atom, key, value, at);
  }

  #storeInto(atom: Atom, key: Value, value: Value, at: Node): void {
    const { atoms, demands, flow } = this.#machine;
    flow.step();
    switch (atom.kind) {
      case 'state':
        for (const name of this.#demand('state:write', key, at, 'written')) {
          flow.add(atoms.withinState(name).contents, value);
        }
        return;
      case 'within':
        this.writeWithin(atom, at);
        flow.add(atom.contents, value);
        return;
      case 'object':
      case 'function':
        this.#members.store(atom, key, value, at);
        return;
      case 'global':
        if (this.#patterns(key).includes('*')) demands.everything(at, 'computed key of globalThis');
        for (const name of this.#patterns(key)) this.#writeGlobal(name, value);
        return;
      case 'builtin':
      case 'emit':
      case 'view':
      case 'viewCommand':
      case 'ext':
      case 'extension':
        demands.everything(at, `${describeAtom(atom)} is changed`);
        this.#machine.escape(value, at, 'a global object');
        return;
      case 'native':
        // Keys of the handler's data such as `__proto__` are not considered.
        if (!atom.name.startsWith('*')) this.#machine.escape(value, at, 'a builtin method');
        return;
      case 'unknown':
      case 'stateMethod':
      case 'extensionMethod':
      case 'bound':
        if (atom.kind === 'unknown') this.#machine.plant(mayBePrototype(key) ? atoms.unknown : value, at);
        else flow.add(this.#machine.planted, value);
        this.#machine.escape(value, at, 'an object that is not known');
        return;
      default:
        // A setter of a primitive's prototype: adding it was a change of a builtin.
        return;
    }
  }

  remove(target: Value, key: Value, at: Node): void {
    this.#spell(key, at);
    for (const atom of target) {
      if (atom.kind === 'state') this.#demand('state:write', key, at, 'deleted');
      else if (atom.kind === 'within') this.writeWithin(atom, at);
      else if (atom.kind === 'object' || atom.kind === 'function') this.#members.remove(atom, key);
      else if (atom.kind === 'global') this.#removeGlobal(key, at);
      else if (['builtin', 'emit', 'view', 'viewCommand', 'ext', 'extension'].includes(atom.kind)) {
        this.#machine.demands.everything(at, `${describeAtom(atom)} is changed`);
      }
    }
  }

  has(target: Value, key: Value, at: Node): void {
    this.#spell(key, at);
    for (const atom of target) {
      if (atom.kind === 'state') this.#demand('state:read', key, at, 'looked for');
      // The object may inherit from the state.
      else if (atom.kind === 'object' || atom.kind === 'function') this.#members.load(atom, key, at);
    }
  }

  /** A value of `$state` is changed, at any depth. */
  writeWithin({ keys }: WithinAtom, at: Node): void {
    this.#machine.demands.add('state:write', keys, at, `a value of ${stateMember(keys)} is changed`);
  }

  /** What may be inside a value of `$state`: the value itself, and what the handler put there. */
  inside(atom: WithinAtom): Value {
    const { atoms, flow } = this.#machine;
    const others = atoms.overlapping(atom.keys);
    flow.step(others.length);
    const contents = others.map((other) => flow.read(other.contents));
    return union(new Set<Atom>([atom]), ...contents);
  }

  /** All of `$state` is read. Its values may then be those of any key. */
  readState(at: Node, reason: string): Value {
    this.#machine.demands.add('state:read', '*', at, reason);
    return this.#valuesOf('*');
  }

  #valuesOf(pattern: string): Value {
    return this.inside(this.#machine.atoms.withinState(pattern));
  }

  #loadState(key: Value, at: Node): Value {
    const { atoms } = this.#machine;
    const methods = STATE_METHODS.filter((name) => this.#patterns(key).some((pattern) => overlap(pattern, name)));
    const names = this.#demand('state:read', key, at, 'read');
    const hasSymbol = [...key].some((atom) => atom.kind === 'symbol');
    return union(
      ...names.map((name) => this.#valuesOf(name)),
      ...methods.map((name) => atoms.stateMethod(name)),
      nativesOf(atoms, key, 'plain'),
      this.#intrinsics(key),
      hasSymbol ? atoms.undefined : NOTHING,
    );
  }

  #loadGlobal(key: Value, at: Node): Value {
    const names = this.#patterns(key);
    if (names.some((name) => name.endsWith('*'))) {
      this.#machine.demands.everything(at, 'computed key of globalThis');
      return this.#machine.atoms.unknown;
    }
    return union(...names.map(this.#readGlobal), nativesOf(this.#machine.atoms, key, 'plain'));
  }

  #removeGlobal(key: Value, at: Node): void {
    if (this.#patterns(key).some((name) => name.endsWith('*'))) {
      this.#machine.demands.everything(at, 'computed key of globalThis');
    }
  }

  #loadBuiltin(path: string, key: Value, at: Node): Value {
    const { atoms } = this.#machine;
    const results = [...key].map((atom): Value => {
      if (atom.kind === 'number') return atoms.primitive;
      if (atom.kind !== 'constant') return union(atoms.builtin(`${path}.*`));
      const name = String(atom.value);
      if (path === 'Symbol' && WELL_KNOWN_SYMBOLS.has(name)) return this.#wellKnownSymbol(name, at);
      // No builtin is this deep.
      if (path.length > MAX_PATH) return atoms.unknown;
      if (path.endsWith('prototype') && isNativeName(name)) return atoms.native(name);
      const own = atoms.builtin(INTRINSIC_MEMBERS.has(name) ? name : `${path}.${name}`);
      const isInherited = ['call', 'apply', 'bind', 'toString'].includes(name);
      if (!isInherited) return own;
      return /^Reflect$|\*$/.test(path) ? union(own, atoms.native(name)) : atoms.native(name);
    });
    return union(...results);
  }

  #wellKnownSymbol(name: string, at: Node): Value {
    // It would let an array's methods write into any object.
    if (name === 'species') this.#machine.demands.everything(at, 'Symbol.species');
    return this.#machine.atoms.symbol(`@@${name}`);
  }

  #intrinsics(key: Value): Value {
    const names = [...key].flatMap((atom) => (atom.kind === 'constant' ? [String(atom.value)] : []));
    return union(
      ...names.filter((name) => INTRINSIC_MEMBERS.has(name)).map((name) => this.#machine.atoms.builtin(name)),
    );
  }

  /** A key is converted to a string. */
  #spell(key: Value, at: Node): void {
    for (const atom of key) if (!isPrimitive(atom)) this.#machine.readWhole(new Set([atom]), at);
  }

  /** The patterns of a key; every name, if it turns out that nothing ever assigns it a value. */
  #patterns(key: Value): string[] {
    return key.size === 0 && this.#machine.flow.isSettled ? ['*'] : patternsOf(key);
  }

  #demand(kind: CapabilityKind, key: Value, at: Node, verb: string): string[] {
    const names = this.#patterns(key);
    for (const name of names) this.#machine.demands.add(kind, name, at, `${stateMember(name)} is ${verb}`);
    return names;
  }
}

function mayBePrototype(key: Value): boolean {
  return [...key].some((atom) => atom.kind === 'constant' && atom.value === '__proto__');
}

/** A promise counts as the value it resolves to, so every value has these methods. */
function promiseMethods(atoms: Atoms, key: Value): Value {
  return union(
    ...['then', 'catch', 'finally']
      .filter((name) => patternsOf(key).some((each) => overlap(each, name)))
      .map((name) => atoms.native(name)),
  );
}
