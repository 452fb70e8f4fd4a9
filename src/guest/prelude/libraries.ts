import {
  apply,
  dataDescriptor,
  defineProperty,
  type Keyed,
  nullObject,
  ownKeys,
  TypeErrorConstructor,
} from './intrinsics.js';

const globals = globalThis as Keyed;
export const libraries = nullObject();

/** While the base image is built: evaluates a library and keeps its exports. */
export function install(name: string, factory: (module: Keyed, exports: object) => unknown): void {
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
  defineProperty(libraries, name, dataDescriptor(value));
}
