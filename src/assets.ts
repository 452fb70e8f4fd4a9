// URLs of the files beside the code. This file is at the root of both the build and the package.

import { located } from './support/located.js';

/** The engine, optimised. */
export const ENGINE_URL = located(() => {
  return new URL('./engine.image', import.meta.url);
});
/** A VM with the prelude in it. */
export const PRELUDE_URL = located(() => {
  return new URL('./guest/prelude.image', import.meta.url);
});
/** What the option `node` adds to handlers: a script whose value is a function. */
export const NODE_LIBRARY_URL = located(() => {
  return new URL('./guest/node-library.txt', import.meta.url);
});
/** Entry of a worker thread. Named by URL: nothing on the main thread imports it. */
export const WORKER_URL = located(() => {
  return new URL('./worker/entry.js', import.meta.url);
});
/** The pages that the server serves. */
export const PAGES_URL = located(() => {
  return new URL('./pages/', import.meta.url);
});
/** The declarations of `nexus-runtime/handler`. */
export const HANDLER_TYPES_URL = located(() => {
  return new URL('./handler/index.d.ts', import.meta.url);
});
