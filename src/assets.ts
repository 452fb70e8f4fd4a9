// URLs of the files beside the code. This file is at the root of both the build and the package.

/** The engine, optimised. */
export const ENGINE_URL = new URL('./engine.image', import.meta.url);
/** A VM with the prelude in it. */
export const PRELUDE_URL = new URL('./guest/prelude.image', import.meta.url);
/** The entry of a worker thread. Referenced by URL, because nothing on the main thread imports it. */
export const WORKER_URL = new URL('./worker/entry.js', import.meta.url);
