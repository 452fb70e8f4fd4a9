// Which side a folder is on, and which way its imports go. docs/ARCHITECTURE.md draws it.

/** On the main thread, in the order in which a handler passes. Each imports from itself and from those after it. */
const MAIN = [
  'runtime',
  'network',
  'suspension',
  'execution',
  'metrics',
  'audit',
  'schemas',
  'capabilities',
  'compiler',
  'linker',
  'bundler',
  'cache',
  'pool',
];
/** In a worker thread: what executes handlers, on the engine. Nobody on the main thread has them. */
const WORKER = ['worker', 'engine', 'intl', 'webcrypto'];
/** What both sides have: messages, texts of handlers, encodings. Each imports from itself and from those after it. */
const SHARED = ['protocol', 'source', 'codec', 'support', 'config', 'api', 'errors'];

const folders = (names) => `^src/(${names.join('|')})/`;
/** Types cost nothing at run time, and say nothing of a thread. */
const AT_RUN_TIME = { dependencyTypesNot: ['type-only'] };

/** The engine is compiled once, on the main thread, and shared with the workers. */
const ENGINE_LOADER = '^src/engine/(load-engine|known-engines|optimised-engine|binary-interface)\\.ts$';
/** Of `nexus-runtime/testing`: executes in the calling thread what workers execute elsewhere. */
const IN_CALLING_THREAD = '^src/testing/runtime/(start-test-runtime|calling-thread)\\.ts$';

/** Suspended handlers on a server, each an entry of its own. */
const STORES = '^src/(postgres|redis)/';
/** The command and the server are applications of the package: what they have of the core is its entries, and what is named here. */
const APPLICATIONS = ['cli', 'server', 'playground'];
const OF_THE_CORE = [
  '^src/(api|config|errors|support)/',
  '^src/((build|mcp|postgres|redis|testing|typescript)/)?index\\.ts$',
  // For `nexus inspect`, which describes files without executing anything, and for what commands print.
  // Files beside the code.
  '^src/assets\\.ts$',
  // For the playground, which steps through executions and makes recordings of them.
  '^src/(compiler/key|execution/(own-call-kinds|request/(build-request|transferable-answer))|runtime/(durable/later|run/current-call))\\.ts$',
  '^src/testing/(show|state|test-result|recording/(answer-book|differences|recording-start))\\.ts$',
  '^src/typescript/(compiler|handler-language)\\.ts$',
  '^src/(cache/artifact|execution/result/to-json|suspension/sealed/envelope|testing/recording/recording-codec)\\.ts$',
].join('|');

/** The one file that imports each third-party library. */
const IMPORTERS = {
  'quickjs-emscripten': '^src/engine/quickjs-module\\.ts$',
  buffer: '^src/guest/node/buffer\\.ts$',
  esbuild: '^src/bundler/esbuild\\.ts$',
  tinypool: '^src/pool/tinypool-thread\\.ts$',
  'prom-client': '^src/metrics/prometheus\\.ts$',
  '@noble/hashes': '^src/compiler/key\\.ts$',
  'ipaddr.js': '^src/network/addresses\\.ts$',
  acorn: '^src/source/parse-script\\.ts$',
  '@swc/wasm-typescript': '^src/source/typescript/stripper\\.ts$',
  typescript: '^src/typescript/compiler\\.ts$',
  'fastest-levenshtein': '^src/config/nearest\\.ts$',
  msgpackr: '^src/codec/message-pack\\.ts$',
  tinyglobby: '^src/build/handler-files\\.ts$',
  semver: '^src/config/listed-package\\.ts$',
  bullmq: '^src/bullmq/queues\\.ts$',
  '@cfworker/json-schema': '^src/schemas/json-validator\\.ts$',
  ioredis: '^src/cli/support/server-store\\.ts$',
  pg: '^src/cli/support/server-store\\.ts$',
  hono: '^src/server/http/hono\\.ts$',
  '@modelcontextprotocol/client': '^src/mcp/sdk/client\\.ts$',
  '@modelcontextprotocol/server': '^src/mcp/sdk/server\\.ts$',
  '@hono/node-server': '^src/server/http/listen\\.ts$',
};

/** One rule for each folder of a list but the first: nothing in it imports from a folder before it. */
const downwards = (list) =>
  list.slice(1).map((folder, index) => ({
    name: `${folder}-imports-nothing-before-it`,
    severity: 'error',
    from: { path: folders([folder]) },
    to: { path: folders(list.slice(0, index + 1)) },
  }));

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...downwards(MAIN),
    ...downwards(SHARED),
    {
      name: 'shared-imports-no-side',
      severity: 'error',
      from: { path: folders(SHARED) },
      to: { path: folders([...MAIN, ...WORKER]), ...AT_RUN_TIME },
    },
    {
      name: 'worker-imports-no-main-thread',
      severity: 'error',
      from: { path: folders(WORKER) },
      to: { path: folders(MAIN) },
    },
    {
      name: 'engine-imports-no-worker',
      severity: 'error',
      from: { path: folders(['engine']) },
      to: { path: folders(['worker']) },
    },
    {
      name: 'answers-import-neither-worker-nor-engine',
      severity: 'error',
      from: { path: folders(['intl', 'webcrypto']) },
      to: { path: folders(['worker', 'engine']) },
    },
    {
      name: 'main-thread-imports-no-worker',
      severity: 'error',
      from: { path: '^src/', pathNot: [folders(WORKER), IN_CALLING_THREAD] },
      to: { path: folders(WORKER), pathNot: ENGINE_LOADER, ...AT_RUN_TIME },
    },
    {
      name: 'guest-imports-only-itself',
      severity: 'error',
      from: { path: folders(['guest']) },
      to: { path: '^src/', pathNot: folders(['guest']) },
    },
    {
      name: 'of-the-guest-only-the-abi',
      comment: 'The rest is compiled into the image. Tests write values as the console of the guest does.',
      severity: 'error',
      from: { path: '^src/', pathNot: folders(['guest']) },
      to: { path: folders(['guest']), pathNot: '^src/guest/(abi\\.ts$|inspect/)' },
    },
    {
      name: 'only-tests-inspect-as-the-guest-does',
      severity: 'error',
      from: { path: '^src/', pathNot: folders(['guest', 'testing']) },
      to: { path: '^src/guest/inspect/' },
    },
    {
      name: 'nothing-imports-build-time-code',
      comment: 'Scripts make the engine when the package is built.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engine/build/' },
      to: { path: '^src/engine/build/' },
    },
    {
      name: 'nothing-imports-an-entry',
      comment: 'What applications import stands above everything.',
      severity: 'error',
      from: { path: folders([...MAIN, ...WORKER, ...SHARED, 'guest']) },
      to: {
        path: '^src/(build|testing|otel|postgres|redis|bullmq|typescript|migrate|code-mode|mcp|server|cli|playground)/|^src/index\\.ts$',
      },
    },
    {
      name: 'applications-import-entries',
      severity: 'error',
      from: { path: folders(APPLICATIONS) },
      to: { path: '^src/', pathNot: `${folders(APPLICATIONS)}|${OF_THE_CORE}`, ...AT_RUN_TIME },
    },
    {
      name: 'pages-import-only-themselves',
      comment: 'They are executed in a browser, and have nothing of the package but types.',
      severity: 'error',
      from: { path: folders(['pages']) },
      to: { path: '^src/', pathNot: folders(['pages']), ...AT_RUN_TIME },
    },
    {
      name: 'nothing-imports-pages',
      severity: 'error',
      from: { path: '^src/', pathNot: folders(['pages']) },
      to: { path: folders(['pages']) },
    },
    {
      name: 'the-playground-imports-no-command',
      severity: 'error',
      from: { path: folders(['playground']) },
      to: { path: folders(['cli']) },
    },
    {
      name: 'the-server-imports-no-command',
      severity: 'error',
      from: { path: folders(['server']) },
      to: { path: folders(['cli', 'playground']) },
    },
    {
      name: 'stores-on-servers-import-little',
      comment: 'Any application could have written them: the contract, its checks, and how errors are made.',
      severity: 'error',
      from: { path: STORES },
      to: {
        path: '^src/',
        pathNot: [
          STORES,
          folders(['api', 'errors', 'config', 'codec', 'support']),
          '^src/suspension/(check|views)\\.ts$',
          '^src/suspension/server/',
        ],
      },
    },
    {
      name: 'stores-on-servers-import-no-driver',
      comment: "The client is the application's own.",
      severity: 'error',
      from: { path: STORES },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional'] },
    },
    {
      name: 'workers-use-no-zlib',
      comment: 'A thread that is ended while it makes a stream of zlib crashes the process.',
      severity: 'error',
      from: { path: folders(WORKER) },
      to: { path: '^(node:)?zlib$' },
    },
    ...Object.entries(IMPORTERS).map(([name, file]) => ({
      name: `one-file-imports-${name.replace(/\W/g, '-')}`,
      severity: 'error',
      from: { path: '^src/', pathNot: file },
      to: { path: `node_modules/${name}/`, ...AT_RUN_TIME },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
};
