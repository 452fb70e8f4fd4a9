// Docker, as far as it goes without Docker: the example's image, step by step, and a cache that one user makes and another one reads.
import { chownSync, cpSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { NotTried } from '../lab.mjs';
import { PRINTED } from '../programs.mjs';
import { tool } from '../tools.mjs';

const EXAMPLE = fileURLToPath(new URL('../../../examples/docker', import.meta.url));
/** `nobody`, who has no files. */
const OTHER_USER = 65_534;

function requireRoot() {
  if (process.getuid?.() !== 0) throw new NotTried('only root can run a program as another user');
}

/** What the build stage does. */
function bake(lab) {
  cpSync(EXAMPLE, lab.folder, { recursive: true });
  lab.install();
  lab.command('chmod', ['755', lab.folder]);
  return lab.node(['precompile.mjs'], { env: { HOME: lab.folder } });
}

const asOther = (lab) => lab.node(['main.mjs'], { uid: OTHER_USER, gid: OTHER_USER, mayFail: true });

export const rows = [
  {
    name: 'Docker, the example with COPY --chown',
    run: (lab) => {
      requireRoot();
      const baked = bake(lab);
      for (const path of [
        '.nexus-cache',
        ...readdirSync(lab.path('.nexus-cache'), { recursive: true }).map((name) => `.nexus-cache/${name}`),
      ]) {
        chownSync(lab.path(path), OTHER_USER, OTHER_USER);
      }
      const output = baked + asOther(lab);
      return output === '1 compiled, 0 were there\nHello, Ada disk\n' ? PRINTED : output;
    },
  },
  {
    name: 'Docker, a cache that root baked, without --chown',
    refusal: /NEXUS_CACHE.*The disk cache is off: .*(EACCES|belongs to user 0).*give another cacheDir/,
    run: (lab) => {
      requireRoot();
      bake(lab);
      const output = asOther(lab);
      // It works without the cache.
      return output.includes('Hello, Ada') ? output : 'the handler was not executed';
    },
  },
  {
    name: 'Docker, the example Dockerfile under dockerfilelint',
    run: (lab) => {
      const output = lab.node([tool('dockerfilelint'), `${EXAMPLE}/Dockerfile`], { mayFail: true });
      return /Issues: None found/.test(output) ? PRINTED : output;
    },
  },
];
