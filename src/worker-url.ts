/** Entry of a pool worker. Named by URL: nothing on the main thread imports it. */
export const WORKER_URL = new URL('./pool/worker.js', import.meta.url);
