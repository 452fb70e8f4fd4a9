// Makes the images that the package has beside its code. Part of `npm run build`.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { makeImages } from './images/make-images.mjs';

const build = new URL('../build/', import.meta.url);
await mkdir(new URL('guest/', build), { recursive: true });
const { engine, prelude, nodeLibrary, guestInputs, report } = await makeImages(
  fileURLToPath(new URL('../node_modules/.cache/nexus-runtime', import.meta.url)),
);
await writeFile(new URL('engine.image', build), engine);
await writeFile(new URL('guest/prelude.image', build), prelude);
await writeFile(new URL('guest/node-library.txt', build), nodeLibrary);
// For the licences of what was bundled.
await writeFile(new URL('guest/inputs.json', build), JSON.stringify(guestInputs));
for (const line of report) console.log(line);
