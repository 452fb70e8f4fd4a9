// URLs of the files beside the code. This file is at the root of both the build and the package.

/** The engine, optimised. */
export const ENGINE_URL = located(() => {
  return new URL('./engine.image', import.meta.url);
});
/** A VM with the prelude in it. */
export const PRELUDE_URL = located(() => {
  return new URL('./guest/prelude.image', import.meta.url);
});
/** Entry of a worker thread. Named by URL: nothing on the main thread imports it. */
export const WORKER_URL = located(() => {
  return new URL('./worker/entry.js', import.meta.url);
});

/** The folder of the code: tells its frames in a stack, and one copy of the package from another. */
export const HOME_URL = located(() => {
  return new URL('.', import.meta.url);
});

/** In a bundle of CommonJS there is no `import.meta.url`. That the files are missing is told when a runtime starts, see `left-behind.ts`. */
function located(locate: () => URL): URL {
  try {
    return locate();
  } catch {
    return new URL('file:///nexus-runtime/left-behind');
  }
}
