import { readFile } from 'node:fs/promises';

import { NODE_LIBRARY_URL } from '../assets.js';
import type { LibrariesConfig } from '../config/resolve-libraries.js';
import type { NodeConfig } from '../config/sections/resolve-node.js';
import type { LibrarySource } from '../engine/library.js';

const NAME = 'node';

/** The library that gives handlers what they may have of Node, see `guest/node/`. */
export async function nodeLibrary({ env }: NodeConfig, libraries: LibrariesConfig): Promise<LibrarySource> {
  const packages: [string, string][] = [];
  for (const [name, library] of Object.entries(libraries)) {
    if (library.kind === 'package') packages.push([library.package, name]);
  }
  // As a text: in a program, `__proto__` would be no key.
  const settings = JSON.stringify(JSON.stringify({ env, packages: Object.fromEntries(packages.reverse()) }));
  const script = await readFile(NODE_LIBRARY_URL, 'utf8');
  return { name: NAME, filename: 'node.js', source: `module.exports = (${script})(JSON.parse(${settings}));` };
}
