import {
  apply,
  create,
  dataDescriptor,
  define,
  defineProperty,
  getPrototypeOf,
  isArray,
  type Keyed,
  keysOf,
  nullObject,
  objectPrototype,
  ownKeys,
  setPrototypeOf,
  TypeErrorConstructor,
  text,
} from './intrinsics.js';

const globals = globalThis as Keyed;
/** By name; and as `import:<name>`, not enumerable, the namespace that an `import` of the library sees. */
export const libraries = nullObject();

type Factory = (module: Keyed, exports: object) => unknown;
/** A library in a bundle, see `engine/library.ts`: its name, and whether it is a CommonJS module. */
type Bundled = readonly [name: string, isCommonJs: boolean];

/** While the base image is built: evaluates a library, or a bundle of several, and keeps what they export. */
export function install(names: string | readonly Bundled[], factory: Factory): void {
  if (isArray(names)) installBundle(names as readonly Bundled[], factory);
  else installOne(names as string, factory);
}

function installBundle(names: readonly Bundled[], factory: Factory): void {
  const namespaces = apply(factory, globalThis, [{}, {}]) as Keyed;
  for (let i = 0; i < names.length; i++) {
    const [name, isCommonJs] = names[i] as Bundled;
    const namespace = namespaces[text('x', i)] as Keyed;
    const value = isCommonJs ? namespace['default'] : namespace;
    if (isEmpty(value)) throw new TypeErrorConstructor(text('the library ', name, ' exports nothing'));
    // As the language makes them: a name that is not exported is not inherited either.
    if (!isCommonJs) setPrototypeOf(namespace, null);
    keep(name, value, isCommonJs ? namespaceOf(value) : namespace);
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined;
  return getPrototypeOf(value) === objectPrototype && ownKeys(value).length === 0;
}

function keep(name: string, value: unknown, namespace: object): void {
  defineProperty(libraries, name, dataDescriptor(value));
  define(libraries, text('import:', name), namespace);
}

/** What an `import` of a CommonJS module sees, as in Node: `module.exports` as default, and its keys as they are now. */
function namespaceOf(exported: unknown): object {
  const namespace = create(null) as Keyed;
  if ((typeof exported === 'object' && exported !== null) || typeof exported === 'function') {
    const names = keysOf(exported);
    for (let i = 0; i < names.length; i++)
      namespace[names[i] as string] = valueAt(exported as Keyed, names[i] as string);
  }
  namespace['default'] = exported;
  return namespace;
}

/** An accessor may throw: then the name has no value, as in Node. */
function valueAt(exported: Keyed, name: string): unknown {
  try {
    return exported[name];
  } catch {
    return undefined;
  }
}

function installOne(name: string, factory: Factory): void {
  const exports = {};
  const module: Keyed = { exports };
  const globalsBefore = ownKeys(globals).length;
  const named = apply(factory, globalThis, [module, exports]);
  const exported = module['exports'] as object;
  const usesModule = exported !== exports || ownKeys(exports).length > 0;
  // An IIFE script defines a variable with the library's name, or a global: then the last one it defined.
  const names = ownKeys(globals);
  const left = names.length > globalsBefore ? globals[names[names.length - 1] as string] : undefined;
  const value = usesModule ? exported : (named ?? left);
  if (value === undefined) throw new TypeErrorConstructor('it exports nothing and defines no global');
  keep(name, value, namespaceOf(value));
}
