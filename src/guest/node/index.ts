import { BufferClass, bufferModule, completeBuffer } from './buffer.js';

interface Settings {
  readonly env: Readonly<Record<string, string>>;
  /** Names of packages, and of the libraries that they are. */
  readonly packages: Readonly<Record<string, string>>;
}

/**
 * What of Node the option `node` of a runtime adds, as the first library of the base image: `Buffer`, `process.env` and `require` of libraries.
 *
 * @returns the library `$lib.node`
 */
export default function install({ env, packages }: Settings): object {
  completeBuffer();
  const { hasOwn } = Object;
  const libraries = (globalThis as unknown as { readonly $lib: Readonly<Record<string, unknown>> }).$lib;
  const process = Object.freeze({ env: Object.freeze(Object.assign(Object.create(null), env)) });
  const modules: Readonly<Record<string, unknown>> = Object.assign(Object.create(null), {
    buffer: bufferModule,
    process,
  });

  function require(specifier: unknown): unknown {
    if (typeof specifier !== 'string') throw new TypeError('require() is given the name of a module, a string');
    const name = specifier.startsWith('node:') ? specifier.slice('node:'.length) : specifier;
    if (name in modules) return modules[name];
    if (name === specifier) {
      if (hasOwn(libraries, name)) return libraries[name];
      const library = hasOwn(packages, name) ? (packages[name] as string) : '';
      if (library !== '' && hasOwn(libraries, library)) return libraries[library];
    }
    const there = [...Object.keys(modules), ...Object.keys(libraries).filter((known) => known !== 'node')];
    const error = new Error(
      `Cannot find module '${specifier.slice(0, 200)}': a handler can require ${there.join(', ')}; ` +
        'the option libraries of the runtime adds others',
    );
    throw Object.assign(error, { code: 'MODULE_NOT_FOUND' });
  }

  const globals = { Buffer: BufferClass, process, require };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
  return globals;
}
