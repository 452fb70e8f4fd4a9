import { isBuiltin } from 'node:module';

/** What a library finds in place of a builtin of Node. */
interface Replacement {
  /** Packages that do the same in plain JavaScript, the usual one first. An installed one is bundled. */
  readonly packages?: readonly string[];
  /** What there is in a handler, for the message of an error. */
  readonly instead?: string;
}

const OF_THE_APPLICATION = 'a method of an extension of the application, `$ext.<name>.<method>(…)`';
const NOTHING = 'nothing: a handler has one thread, and no process';
const TIMERS = `nothing: no time passes in a handler. Waiting is ${OF_THE_APPLICATION}`;

/** Builtins that packages import, by name without `node:`. */
const REPLACEMENTS: Readonly<Record<string, Replacement>> = {
  assert: { packages: ['assert'] },
  async_hooks: { instead: NOTHING },
  buffer: {
    packages: ['buffer'],
    instead: 'the option `node` of the runtime, or `Uint8Array` with `toBase64()` and `toHex()`',
  },
  child_process: { instead: OF_THE_APPLICATION },
  cluster: { instead: NOTHING },
  console: { instead: 'the global `console`' },
  constants: { packages: ['constants-browserify'] },
  crypto: {
    packages: ['crypto-browserify'],
    instead: `the global \`crypto\` for random values, a package like @noble/hashes, or ${OF_THE_APPLICATION}`,
  },
  dgram: { instead: OF_THE_APPLICATION },
  dns: { instead: OF_THE_APPLICATION },
  events: { packages: ['events'] },
  fs: { instead: OF_THE_APPLICATION },
  http: { instead: OF_THE_APPLICATION },
  http2: { instead: OF_THE_APPLICATION },
  https: { instead: OF_THE_APPLICATION },
  module: { instead: 'nothing: a handler loads no code' },
  net: { instead: OF_THE_APPLICATION },
  os: { packages: ['os-browserify'] },
  path: { packages: ['path-browserify'] },
  perf_hooks: { instead: 'the global `performance`' },
  process: { packages: ['process'], instead: 'the option `node` of the runtime, for `process.env`' },
  punycode: { packages: ['punycode'] },
  querystring: { packages: ['querystring', 'querystring-es3'], instead: 'the global `URLSearchParams`' },
  readline: { instead: NOTHING },
  stream: { packages: ['stream-browserify', 'readable-stream'] },
  string_decoder: { packages: ['string_decoder'], instead: 'the global `TextDecoder`' },
  timers: { packages: ['timers-browserify'], instead: TIMERS },
  tls: { instead: OF_THE_APPLICATION },
  tty: { packages: ['tty-browserify'], instead: NOTHING },
  url: { packages: ['url'], instead: 'the globals `URL` and `URLSearchParams`' },
  util: { packages: ['util'] },
  v8: { instead: NOTHING },
  vm: { instead: 'nothing: a handler compiles no code' },
  worker_threads: { instead: NOTHING },
  zlib: { packages: ['browserify-zlib'], instead: `a package like fflate, or ${OF_THE_APPLICATION}` },
};

/** Whether an import names a builtin of Node: `fs`, `node:fs`, `fs/promises`. */
export function isNodeBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || isBuiltin(withoutSlash(specifier));
}

/** What the option `node` of a runtime brings. */
const PRESENT: readonly string[] = ['buffer', 'process'];

/** The name of a builtin that handlers have under the option `node`. */
export function presentInHandlers(builtin: string): string | undefined {
  const name = nameOf(builtin);
  return PRESENT.includes(name) ? name : undefined;
}

/** Packages that replace a builtin where they are installed, in the order in which they are looked for. */
export function packagesInsteadOf(builtin: string): readonly string[] {
  const name = nameOf(builtin);
  // A part of a builtin, like `fs/promises`, is in no package.
  if (name.includes('/')) return [];
  const { packages = [] } = replacementOf(name);
  return packages.includes(name) ? packages : [name, ...packages];
}

/** What a library's author, or its user, can do without a builtin: the rest of a sentence. */
export function insteadOfBuiltin(builtin: string): string {
  const name = nameOf(builtin);
  const { packages: [first] = [], instead } = replacementOf(name.split('/')[0] ?? name);
  const install =
    first === undefined ? undefined : `install the package ${first}, which is then used: npm install ${first}`;
  if (install === undefined) return `there is instead: ${instead ?? OF_THE_APPLICATION}`;
  return instead === undefined ? install : `${install}; or there is instead: ${instead}`;
}

function replacementOf(name: string): Replacement {
  return Object.hasOwn(REPLACEMENTS, name) ? (REPLACEMENTS[name] ?? {}) : {};
}

function nameOf(builtin: string): string {
  return withoutSlash(builtin.replace(/^node:/, ''));
}

/** `require('punycode/')` is the package of that name. */
function withoutSlash(specifier: string): string {
  return specifier.endsWith('/') ? specifier.slice(0, -1) : specifier;
}
