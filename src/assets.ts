// The files beside the code, by URL: this file lies at the root of the sources' build and of the package. Each URL is a literal in a statement,
// so that tools that trace files find it.

/** A VM with the prelude in it. */
export const PRELUDE_URL = located(() => {
  return new URL('./guest/prelude.image', import.meta.url);
});
/** Entry of a worker thread. Named by URL: nothing on the main thread imports it. */
export const WORKER_URL = located(() => {
  return new URL('./worker/entry.js', import.meta.url);
});

/** In a bundle of CommonJS there is no `import.meta.url`. That the files are missing is told when a runtime starts, see `left-behind.ts`. */
function located(locate: () => URL): URL {
  try {
    return locate();
  } catch {
    return new URL('file:///nexus-runtime/left-behind');
  }
}
