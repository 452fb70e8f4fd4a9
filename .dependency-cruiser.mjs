// The order of the folders in src: each imports only from those before it.
const LAYERS = [
  'errors',
  'files',
  'config',
  'contract',
  'lowering',
  'typescript',
  'capabilities',
  'engine',
  'guest',
  'compiler',
  'cache',
  'suspension',
  'pool',
  'metrics',
  'otel',
];

const onlyEarlier = LAYERS.map((layer, index) => ({
  name: `${layer}-imports-only-what-is-before-it`,
  severity: 'error',
  from: { path: `^src/${layer}/` },
  to: { path: `^src/(${[...LAYERS.slice(index + 1), '[^/]+\\.ts$'].join('|')})` },
}));

/** Of `nexus-runtime/testing`, the one part that runs in the calling thread what workers run elsewhere. */
const IN_CALLING_THREAD = '^src/testing/(start-test-runtime|calling-thread)\\.ts$';

/** Files that run in a worker, or are engine code that only a worker may load. */
const WORKER_ONLY =
  '^src/(engine|guest)/|^src/pool/(worker|executor|run|beginning|deep-changes|tenant-vms|handler-images|snapshot)\\.ts$';

/** The one file that imports each third-party library. */
const IMPORTERS = {
  'quickjs-emscripten': '^src/engine/quickjs-module\\.ts$',
  tinypool: '^src/pool/worker-thread\\.ts$',
  'prom-client': '^src/metrics/prometheus\\.ts$',
  '@noble/hashes': '^src/compiler/key\\.ts$',
  acorn: '^src/lowering/parse-script\\.ts$',
  '@swc/wasm-typescript': '^src/typescript/stripper\\.ts$',
  typescript: '^src/typescript/check-handlers\\.ts$',
  msgpackr: '^src/contract/message-pack\\.ts$',
};

export default {
  forbidden: [
    ...onlyEarlier,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'nothing-imports-testing',
      comment: 'It is above everything, and the one thing that has the engine on the main thread.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'main-thread-has-no-engine',
      comment: 'Only the module is loaded on the main thread, to be shared with the workers. Types cost nothing.',
      severity: 'error',
      from: { path: '^src/', pathNot: [WORKER_ONLY, IN_CALLING_THREAD] },
      to: {
        path: WORKER_ONLY,
        pathNot: '^src/engine/(load-engine|rewrite|known-engines|wasm/[^/]+)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workers-use-no-zlib',
      comment: 'A thread that is ended while it makes a stream of zlib takes the process with it.',
      severity: 'error',
      from: { path: WORKER_ONLY },
      to: { path: '^(node:)?zlib$' },
    },
    ...Object.entries(IMPORTERS).map(([name, file]) => ({
      name: `one-file-imports-${name.replace(/\W/g, '-')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: file },
      to: { path: `node_modules/${name}/`, dependencyTypesNot: ['type-only'] },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
};
