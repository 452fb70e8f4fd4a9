import { open } from 'node:fs/promises';

/** Makes every synced write of this process as slow as on a busy network volume. */
export async function slowDown(delayMs) {
  const file = await open(new URL(import.meta.url));
  const prototype = Object.getPrototypeOf(file);
  await file.close();
  for (const name of ['datasync', 'sync']) {
    const original = prototype[name];
    prototype[name] = async function (...args) {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      return original.apply(this, args);
    };
  }
}
