// Flags of Node that people harden it with, and what the package does under each.
import { program } from '../programs.mjs';

const flagged = (name, node, flags, { format = 'esm', options, env, refusal } = {}) => ({
  name: `${name}, Node ${node}`,
  refusal,
  run: (lab) => {
    lab.install();
    const file = format === 'esm' ? 'main.mjs' : 'main.cjs';
    lab.write({ [file]: program(format, options) });
    return lab.node([...flags(lab), file], { node, env, mayFail: refusal !== undefined });
  },
});

const scoped = (lab, ...more) => [
  `--allow-fs-read=${lab.folder}`,
  `--allow-fs-write=${lab.folder}`,
  '--allow-worker',
  ...more,
];

export const rows = [
  flagged(
    '--experimental-permission with scoped grants, no files',
    20,
    (lab) => ['--experimental-permission', ...scoped(lab)],
    {
      options: '{ cacheDir: false }',
    },
  ),
  flagged('--permission with scoped grants', 22, (lab) => ['--permission', ...scoped(lab)]),
  flagged('--permission with scoped grants', 24, (lab) => ['--permission', ...scoped(lab)], {
    options: `{ cacheDir: '.nexus-cache', suspensionDir: 'suspended', suspensionSecret: 'a secret of at least 16 bytes' }`,
  }),
  flagged('--permission with scoped grants', 26, (lab) => ['--permission', ...scoped(lab)]),
  flagged('--permission without --allow-worker', 24, (lab) => ['--permission', `--allow-fs-read=${lab.folder}`], {
    refusal: /--allow-worker/,
  }),
  flagged('--disable-proto=delete', 20, () => ['--disable-proto=delete']),
  flagged('--disable-proto=throw', 24, () => ['--disable-proto=throw']),
  flagged('--frozen-intrinsics', 20, () => ['--frozen-intrinsics']),
  flagged('--frozen-intrinsics', 24, () => ['--frozen-intrinsics']),
  flagged('--jitless', 20, () => ['--jitless'], { refusal: /WebAssembly/ }),
  flagged('--jitless', 24, () => ['--jitless'], { refusal: /WebAssembly/ }),
  flagged('--disallow-code-generation-from-strings', 24, () => ['--disallow-code-generation-from-strings']),
  flagged('--enable-source-maps', 22, () => ['--enable-source-maps']),
];
