// The files beside the code, by URL: this file lies at the root of the sources' build and of the package.

/** The engine, optimised. */
export const ENGINE_URL = new URL('./engine.image', import.meta.url);
/** A VM with the prelude in it. */
export const PRELUDE_URL = new URL('./guest/prelude.image', import.meta.url);
/** Entry of a worker thread. Named by URL: nothing on the main thread imports it. */
export const WORKER_URL = new URL('./worker/entry.js', import.meta.url);
