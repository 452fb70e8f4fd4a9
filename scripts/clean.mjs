// Removes what a build leaves, so that nothing of an older one is packed.
import { rm } from 'node:fs/promises';

for (const path of ['../build', '../dist', '../node_modules/.cache/tsbuildinfo']) {
  await rm(new URL(path, import.meta.url), { recursive: true, force: true });
}
