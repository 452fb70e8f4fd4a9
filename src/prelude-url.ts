/** Image of a VM with the prelude in it: the same place in the sources, file by file, and in the bundle. */
export const PRELUDE_URL = new URL('./guest/prelude.image', import.meta.url);
