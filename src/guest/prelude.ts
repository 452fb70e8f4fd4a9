/**
 * The guest's half of the contract, evaluated once while the base image is built.
 *
 * It runs beside untrusted code in one realm, so it keeps its own references to every builtin it uses, never iterates
 * with a protocol the handler could replace, and stores nothing on an object with a prototype. What it enforces here is
 * for ergonomics, an error at the right line; the host checks every effect again.
 *
 * The script's value is `[start, collect, salvage, install]`.
 */
(() => {
  const { apply, defineProperty, deleteProperty, get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { setPrototypeOf, create, hasOwn, keys: keysOf } = Object;
  const ProxyConstructor = Proxy;
  const { isArray } = Array;
  const { stringify } = JSON;
  const ErrorConstructor = Error;
  const TypeErrorConstructor = TypeError;
  const StringFunction = String;
  const NumberFunction = Number;
  const objectPrototype = Object.prototype;
  const errorPrototype = Error.prototype;
  const MapConstructor = Map;
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const startsWith = String.prototype.startsWith;
  const endsWith = String.prototype.endsWith;
  const slice = String.prototype.slice;
  const uncrossableTypes = nullArray<Constructor>([
    Map,
    Set,
    WeakMap,
    WeakSet,
    RegExp,
    Promise,
    Error,
    DataView,
    SharedArrayBuffer,
  ]);

  type Constructor = abstract new (...args: never[]) => object;
  type Keyed = Record<PropertyKey, unknown>;
  type Handler = () => Promise<unknown>;
  type Level = 'debug' | 'info' | 'warn' | 'error';
  type Mutation = [operation: 'set' | 'delete', key: string, value: unknown];
  type Effect = unknown[];
  /** Everything of its kind, or names and prefixes before a `*`. */
  type Grant = true | string[];

  const PENDING = 0;
  const FULFILLED = 1;
  const REJECTED = 2;

  /** The order in which the host passes the grants, and what a token of each kind begins with. */
  const KINDS = nullArray(['state:write:', 'events:emit:', 'view:update:']);
  const STATE_WRITE = 0;
  const EVENTS_EMIT = 1;
  const VIEW_UPDATE = 2;
  /** Needs no capability; the host passes a grant for it all the same. */
  const LOGGING = 3;

  /** The order in which the host passes the limits, and where each stands in it. */
  const LIMIT_NAMES = nullArray(['maxHostCalls', 'maxStateMutations', 'maxEvents', 'maxViewCommands', 'maxLogBytes']);
  const HOST_CALLS = 0;
  const STATE_MUTATIONS = 1;
  const EVENTS = 2;
  const VIEW_COMMANDS = 3;
  const LOG_BYTES = 4;

  // The state of the one execution that this realm will ever see.
  let grants: Grant[] = [];
  let limits: number[] = [];
  let status = PENDING;
  let outcome: unknown;
  let hostCalls = 0;
  let logBytes = 0;
  /** What stands behind our own errors: a handler's error with the same fields is a handler's error. */
  const codes = new MapConstructor<object, [code: string, context: Keyed]>();
  let mutations = nullArray<Mutation>([]);
  let events = nullArray<Effect>([]);
  let viewCommands = nullArray<Effect>([]);
  const logs = nullArray<Effect>([]);

  /** An array on which assigning an index cannot meet a setter that the handler planted on a prototype. */
  function nullArray<T>(items: T[]): T[] {
    return setPrototypeOf(items, null);
  }

  /** An error that carries a code of the contract to the host. */
  function codedError(code: string, message: string, context: Keyed): Error {
    const error = new ErrorConstructor(message);
    define(error, 'name', code);
    define(error, 'code', code);
    apply(mapSet, codes, [error, [code, context]]);
    return error;
  }

  function define(target: object, key: PropertyKey, value: unknown): void {
    const descriptor = create(null) as PropertyDescriptor;
    descriptor.value = value;
    descriptor.writable = true;
    descriptor.configurable = true;
    defineProperty(target, key, descriptor);
  }

  // --- Capabilities and limits -------------------------------------------------------------------------------------

  function demand(kind: number, name: string): void {
    const grant = grants[kind];
    if (grant !== undefined && grant !== true) {
      for (let i = 0; i < grant.length; i++) {
        const pattern = grant[i] as string;
        if (pattern === name) return;
        if (apply(endsWith, pattern, ['*']) && apply(startsWith, name, [apply(slice, pattern, [0, -1])])) return;
      }
    }
    const capability = KINDS[kind] + name;
    throw codedError('PERMISSION_DENIED', `The handler has no capability "${capability}"`, { capability });
  }

  /** The one gate for anything that leaves the VM. One function, because a guest call costs more than what it does. */
  function admit(kind: number, name: string, limit: number, used: number): void {
    if (grants[kind] !== true) demand(kind, name);
    if (used > (limits[limit] as number)) exceed(limit);
    if (++hostCalls > (limits[HOST_CALLS] as number)) exceed(HOST_CALLS);
  }

  function exceed(limit: number): never {
    const name = LIMIT_NAMES[limit];
    const value = limits[limit];
    throw codedError('RESOURCE_LIMIT', `The handler passed ${name} (${value})`, { limit: name, value });
  }

  // --- Values ------------------------------------------------------------------------------------------------------

  function stepTo(path: string, key: string | number): string {
    return typeof key === 'number' ? `${path}[${key}]` : `${path}.${key}`;
  }

  function uncrossable(path: string, what: string): Error {
    return codedError('SERIALIZATION_ERROR', `${path} is ${what}, which cannot leave the VM`, { path });
  }

  /**
   * The value as it is now: an effect must not change when the handler goes on with the object it passed. Plain objects
   * and arrays are copied, anything else is left to the host's encoder.
   */
  function snapshot(value: unknown, path: string, seen?: Map<object, object>): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') throw uncrossable(path, `a ${typeof value}`);
    if (typeof value !== 'object' || value === null) return value;
    const known = seen === undefined ? undefined : apply(mapGet, seen, [value]);
    if (known !== undefined) return known;
    if (isArray(value)) {
      const copy = nullArray<unknown>([]);
      const copies = remember(seen, value, copy);
      for (let i = 0; i < value.length; i++) copy[i] = snapshot(value[i], stepTo(path, i), copies);
      return copy;
    }
    const prototype = getPrototypeOf(value);
    if (prototype !== null && prototype !== objectPrototype) return value;
    // Without a prototype, `__proto__` is a key like any other.
    const copy = create(null) as Keyed;
    let copies = seen;
    const keys = keysOf(value);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const member = (value as Keyed)[key];
      if (typeof member === 'object' || typeof member === 'function' || typeof member === 'symbol') {
        copies = remember(copies, value, copy);
        copy[key] = snapshot(member, stepTo(path, key), copies);
      } else {
        copy[key] = member;
      }
    }
    return copy;
  }

  function remember(seen: Map<object, object> | undefined, value: object, copy: object): Map<object, object> {
    const copies = seen ?? new MapConstructor<object, object>();
    apply(mapSet, copies, [value, copy]);
    return copies;
  }

  function dataDescriptor(value: unknown): PropertyDescriptor {
    const descriptor = create(null) as PropertyDescriptor;
    descriptor.value = value;
    descriptor.writable = true;
    descriptor.enumerable = true;
    descriptor.configurable = true;
    return descriptor;
  }

  /** The first place at which the engine's encoder would refuse, or undefined. Calls no accessor. */
  function findUncrossable(value: unknown, path: string, seen: Map<object, object>): Error | undefined {
    if (typeof value === 'function' || typeof value === 'symbol') return uncrossable(path, `a ${typeof value}`);
    if (typeof value !== 'object' || value === null || apply(mapGet, seen, [value]) !== undefined) return undefined;
    apply(mapSet, seen, [value, value]);
    for (let i = 0; i < uncrossableTypes.length; i++) {
      const type = uncrossableTypes[i] as Constructor;
      if (value instanceof type) return uncrossable(path, `an instance of ${type.name}`);
    }
    const keys = ownKeys(value);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as PropertyKey;
      const descriptor = getOwnPropertyDescriptor(value, key);
      if (typeof key !== 'string' || descriptor?.enumerable !== true) continue;
      const place = stepTo(path, isArray(value) ? NumberFunction(key) : key);
      if (!hasOwn(descriptor, 'value')) return uncrossable(place, 'an accessor');
      const found = findUncrossable(descriptor.value, place, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  // --- Globals -----------------------------------------------------------------------------------------------------

  function writeState(target: Keyed, key: PropertyKey, value: unknown): boolean {
    if (typeof key !== 'string') throw new TypeErrorConstructor('$state keys are strings');
    if (typeof value === 'function' || typeof value === 'symbol')
      throw uncrossable(`$state.${key}`, `a ${typeof value}`);
    const at = mutations.length;
    admit(STATE_WRITE, key, STATE_MUTATIONS, at + 1);
    mutations[at] = ['set', key, value];
    if (key === '__proto__') defineProperty(target, key, dataDescriptor(value));
    else target[key] = value;
    return true;
  }

  const stateTraps: ProxyHandler<Keyed> = {
    set: writeState,
    defineProperty(target, key, descriptor) {
      if (!hasOwn(descriptor, 'value')) throw new TypeErrorConstructor('$state has no accessors');
      return writeState(target, key, descriptor.value);
    },
    deleteProperty(target, key) {
      if (typeof key !== 'string' || !hasOwn(target, key)) return true;
      const at = mutations.length;
      admit(STATE_WRITE, key, STATE_MUTATIONS, at + 1);
      mutations[at] = ['delete', key, undefined];
      return deleteProperty(target, key);
    },
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  };
  setPrototypeOf(stateTraps, null);

  function emit(name: unknown, payload: unknown): void {
    const event = typeof name === 'string' ? name : StringFunction(name);
    const at = events.length;
    admit(EVENTS_EMIT, event, EVENTS, at + 1);
    events[at] = [event, snapshot(payload, '$emit payload')];
  }

  function viewCommand(type: string): (componentId: unknown, ...args: unknown[]) => void {
    return (componentId, ...args) => {
      const component = StringFunction(componentId);
      const at = viewCommands.length;
      admit(VIEW_UPDATE, component, VIEW_COMMANDS, at + 1);
      viewCommands[at] = [type, component, snapshot(args, '$view arguments')];
    };
  }

  function render(part: unknown): string {
    if (typeof part === 'string') return part;
    try {
      if (isError(part)) return `${part.name}: ${part.message}\n${part.stack ?? ''}`;
      return stringify(part) ?? StringFunction(part);
    } catch {
      return typeof part === 'bigint' || typeof part === 'symbol' ? StringFunction(part) : '[unprintable]';
    }
  }

  function logger(level: Level): (...parts: unknown[]) => void {
    return (...parts) => {
      let message = '';
      for (let i = 0; i < parts.length; i++) message += (i === 0 ? '' : ' ') + render(parts[i]);
      logBytes += message.length;
      admit(LOGGING, level, LOG_BYTES, logBytes);
      logs[logs.length] = [level, message];
    };
  }

  const log = logger('info') as Keyed & ((...parts: unknown[]) => void);
  const levels = { debug: logger('debug'), info: log, warn: logger('warn'), error: logger('error') };
  define(log, 'debug', levels.debug);
  define(log, 'info', levels.info);
  define(log, 'warn', levels.warn);
  define(log, 'error', levels.error);

  define(globalThis, '$emit', emit);
  define(globalThis, '$log', log);
  define(globalThis, 'console', { log, ...levels });
  define(globalThis, '$view', {
    setFilter: viewCommand('setFilter'),
    scrollTo: viewCommand('scrollTo'),
    focus: viewCommand('focus'),
    command: viewCommand('custom'),
  });

  const globals = globalThis as Keyed;
  define(globals, '$state', undefined);
  define(globals, '$args', undefined);
  define(globals, '$scope', undefined);

  const libraries = create(null) as Keyed;
  define(globalThis, '$lib', libraries);

  // --- What the host calls -----------------------------------------------------------------------------------------

  /** While the base image is built: evaluates a library and keeps what it exports. */
  function install(name: string, factory: (module: Keyed, exports: object) => unknown): void {
    const exports = {};
    const module: Keyed = { exports };
    const globalsBefore = ownKeys(globals).length;
    const named = apply(factory, globalThis, [module, exports]);
    const exported = module['exports'] as object;
    const usesModule = exported !== exports || ownKeys(exports).length > 0;
    // A script in the IIFE style leaves a variable of the library's name, or a global: then the last one it made.
    const names = ownKeys(globals);
    const left = names.length > globalsBefore ? globals[names[names.length - 1] as string] : undefined;
    const value = usesModule ? exported : (named ?? left);
    if (value === undefined) throw new TypeErrorConstructor('it exports nothing and defines no global');
    defineProperty(libraries, name, dataDescriptor(value));
  }

  async function drive(handler: Handler): Promise<void> {
    try {
      outcome = await handler();
      status = FULFILLED;
    } catch (thrown) {
      outcome = describe(thrown);
      status = REJECTED;
    }
  }

  /** `instanceof` without the protocol that a handler could replace. A proxy answers as it likes, or throws. */
  function isError(value: unknown): value is Error {
    if (typeof value !== 'object' || value === null) return false;
    try {
      let prototype = getPrototypeOf(value);
      for (let depth = 0; prototype !== null && depth < 100; depth++) {
        if (prototype === errorPrototype) return true;
        prototype = getPrototypeOf(prototype);
      }
    } catch {
      // As good as no error.
    }
    return false;
  }

  /** An error as plain data; a thrown non-error keeps its value. Accessors on it are the handler's own and may throw. */
  function describe(thrown: unknown): Keyed {
    const description = create(null) as Keyed;
    if (!isError(thrown)) {
      description['thrown'] =
        typeof thrown === 'function' || typeof thrown === 'symbol' ? StringFunction(thrown) : thrown;
      return description;
    }
    readText(description, thrown, 'name');
    readText(description, thrown, 'message');
    readText(description, thrown, 'stack');
    const known = apply(mapGet, codes, [thrown]) as [string, Keyed] | undefined;
    if (known !== undefined) {
      description['code'] = known[0];
      description['context'] = known[1];
    }
    return description;
  }

  function readText(into: Keyed, from: object, key: string): void {
    try {
      const value = get(from, key);
      if (typeof value === 'string') into[key] = value;
    } catch {
      // A getter that throws is as good as absent.
    }
  }

  /** State, arguments, scope, grants by kind, limits. */
  interface Input {
    readonly 0: Keyed;
    readonly 1: unknown;
    readonly 2: unknown;
    readonly 3: Grant[];
    readonly 4: number[];
  }

  function start(handler: Handler, input: Input): void {
    grants = input[3];
    limits = input[4];
    globals['$state'] = new ProxyConstructor(input[0], stateTraps);
    globals['$args'] = input[1];
    globals['$scope'] = input[2];
    drive(handler);
  }

  function collect(): unknown[] {
    return [status, outcome, mutations, events, viewCommands, logs, hostCalls];
  }

  /** After the encoder refused: the outcome without what cannot leave, turned into an error that names it. */
  function salvage(): unknown[] {
    let failure: Error | undefined;
    const note = (value: unknown, path: string): boolean => {
      const found = findUncrossable(value, path, new MapConstructor());
      failure ??= found;
      return found !== undefined;
    };
    if (note(outcome, 'returnValue')) outcome = undefined;
    const keep = (effects: unknown[][], at: number, name: (effect: unknown[]) => string): unknown[][] => {
      const kept = nullArray<unknown[]>([]);
      for (let i = 0; i < effects.length; i++) {
        const effect = effects[i] as unknown[];
        if (!note(effect[at], name(effect))) kept[kept.length] = effect;
      }
      return kept;
    };
    mutations = keep(mutations, 2, (mutation) => `$state.${mutation[1]}`) as Mutation[];
    events = keep(events, 1, () => '$emit payload');
    viewCommands = keep(viewCommands, 2, () => '$view arguments');
    if (failure === undefined) {
      failure = uncrossable('returnValue', 'a value of a kind');
      outcome = undefined;
    }
    status = REJECTED;
    outcome = describe(failure);
    return collect();
  }

  return [start, collect, salvage, install];
})();
