import { nearest } from '../../config/nearest.js';

const TIMERS = 'a handler has setTimeout, setInterval and $sleep';
const NETWORK =
  'a handler has fetch, where the runtime has the option network, and calls of the application, $ext.<name>.<method>(…)';
const BODIES =
  'bodies of requests and responses are whole: text(), json(), arrayBuffer() or bytes() of a Response, a text, a Uint8Array or URLSearchParams for a Request';
const EVENTS = 'a handler has one thread, and tells the application of events with $emit';
const NODE = 'a handler has nothing of Node';
const WITH_OPTION = 'a handler has nothing of Node, unless the runtime has the option node: true';
const BROWSER = 'a handler has nothing of a browser';
const REQUIRE =
  'a handler has no require: a module imports what the option modules of the runtime allows, and libraries are $lib.<name>; with the option node of the runtime there is a require of libraries';
const COMMONJS =
  'a handler is no module of CommonJS: write `export default` instead of `module.exports =`, or give the option wrap code that makes `module`';
const GLOBALS = ['$args', '$emit', '$ext', '$lib', '$log', '$scope', '$state', '$view'] as const;
const PAGE = 'docs/handlers.md says what a handler sees';

const KNOWN: ReadonlyMap<string, string> = new Map(
  (
    [
      [TIMERS, ['setImmediate', 'clearImmediate', 'sleep', 'delay']],
      [NETWORK, ['XMLHttpRequest', 'WebSocket', 'EventSource', 'CloseEvent', 'axios', 'net']],
      [BODIES, ['FormData', 'Blob', 'File']],
      [WITH_OPTION, ['process', 'Buffer']],
      ['the global object is globalThis', ['global', 'self']],
      [
        EVENTS,
        [
          'Event',
          'EventTarget',
          'CustomEvent',
          'ErrorEvent',
          'MessageEvent',
          'MessageChannel',
          'MessagePort',
          'BroadcastChannel',
        ],
      ],
      ['a handler has URL, RegExp, and libraries such as path-to-regexp', ['URLPattern']],
      ['the objects crypto and crypto.subtle are there without their classes', ['Crypto', 'SubtleCrypto']],
      ['a handler has Date, with the option timeZone, and Intl', ['Temporal']],
      [NODE, ['__dirname', '__filename', 'fs', 'path', 'child_process']],
      [
        BROWSER,
        [
          'window',
          'document',
          'navigator',
          'Navigator',
          'Storage',
          'localStorage',
          'sessionStorage',
          'alert',
          'location',
        ],
      ],
      [REQUIRE, ['require']],
      [COMMONJS, ['module', 'exports']],
      ['a handler has one thread', ['Worker', 'SharedArrayBuffer', 'Atomics']],
      ['nothing runs here that was not compiled and checked before', ['WebAssembly']],
    ] satisfies [string, string[]][]
  ).flatMap(([why, names]) => names.map((name): [string, string] => [name, `${why}; ${PAGE}`])),
);

/** Names by which authors look for what has another one. */
const MEANT: Readonly<Record<string, (typeof GLOBALS)[number]>> = {
  ...{ args: '$args', input: '$args', params: '$args', event: '$args', payload: '$args', request: '$args' },
  ...{ state: '$state', ctx: '$state', context: '$scope', scope: '$scope', store: '$state' },
  ...{ emit: '$emit', log: '$log', logger: '$log', view: '$view', ext: '$ext', lib: '$lib', _: '$lib' },
};

const STREAMS = /Stream(?:\w*(?:Reader|Writer|Controller|Request))?$|^ReadableByteStream|QueuingStrategy$/;
const UNDEFINED = /^'([^']+)' is not defined$/;
const NOT_LOADED = /^could not load module '/;
const BODY =
  '`import()` works in modules: a body or a function alone imports nothing, so write `export default`, and the name of the module as text';
const LIBRARY = /(?:^|of )\$lib\.([\w$]+)[.([ ]/;

/**
 * What a handler can use instead of a name that does not exist, for the end of the message.
 *
 * @param libraries names of those that the runtime has
 */
export function whatThereIs(message: string, libraries: readonly string[]): string | undefined {
  const name = UNDEFINED.exec(message)?.[1];
  if (name !== undefined) return insteadOf(name);
  if (NOT_LOADED.test(message)) return BODY;
  const library = LIBRARY.exec(message)?.[1];
  if (library === undefined || libraries.includes(library)) return undefined;
  if (libraries.length === 0) return `there is no library ${library}: the runtime has none`;
  return `there is no library ${library}; there are: ${libraries.slice(0, 50).join(', ')}`;
}

function insteadOf(name: string): string | undefined {
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  if (STREAMS.test(name)) return `${BODIES}; ${PAGE}`;
  const meant = Object.hasOwn(MEANT, name) ? MEANT[name] : undefined;
  const near = meant ?? (name.startsWith('$') ? nearest(name, GLOBALS) : undefined);
  return near === undefined ? undefined : `did you mean ${near}?`;
}
