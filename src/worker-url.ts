/** Entry of a pool worker. Named by URL: nothing on the main thread imports it. */
export const WORKER_URL = new URL('./worker/entry.js', import.meta.url);
