// In the place of `src/assets.ts`: the files that tests make of the sources, see `made-files.ts`.

const folder = new URL('../../../node_modules/.cache/nexus-runtime/test/', import.meta.url);

export const ENGINE_URL = new URL('engine.image', folder);
export const PRELUDE_URL = new URL('guest/prelude.image', folder);
export const NODE_LIBRARY_URL = new URL('guest/node-library.txt', folder);
/** Written by hand, and not made. */
export const HANDLER_TYPES_URL = new URL('../../../src/handler/index.d.ts', import.meta.url);
export const PAGES_URL = new URL('pages/', folder);
/** With this ending because the folder belongs to no package, so that Node would take `.js` for CommonJS. */
export const WORKER_URL = new URL('worker/entry.mjs', folder);
/** The sources as JavaScript. */
export const SOURCES_URL = new URL('src/', folder);
