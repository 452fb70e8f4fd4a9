import type { AbortSignal } from '../abort/abort-signal.js';
import type { Aborting } from '../feature.js';
import { BodyMixin, bytesOf, contentOf } from './body.js';
import { Headers } from './headers.js';

type Class = abstract new (...args: never) => object;
type UrlClass = new (
  url: string,
) => {
  readonly href: string;
  readonly username: string;
  readonly password: string;
};

const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
const FORBIDDEN: readonly string[] = ['CONNECT', 'TRACE', 'TRACK'];
const NORMALISED: readonly string[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];
const REDIRECTS: readonly string[] = ['follow', 'error', 'manual'];

interface Init {
  readonly method?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly redirect?: unknown;
  readonly signal?: unknown;
}

interface Facts {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly redirect: string;
  readonly signal: AbortSignal;
  readonly bytes: Uint8Array | undefined;
}

let urls: { readonly URL: UrlClass; readonly URLSearchParams: Class };
let aborting: Aborting;

export function useParts(classes: typeof urls, tools: Aborting): void {
  urls = classes;
  aborting = tools;
}

let factsOf: (input: unknown, init: unknown) => Facts;

/** https://fetch.spec.whatwg.org/#request-class */
export class FetchRequest extends BodyMixin {
  readonly #facts: Facts;

  static {
    factsOf = (input, given) => {
      const init = dictionary(given);
      const base = input instanceof FetchRequest ? input.#facts : undefined;
      const url = base === undefined ? parsed(input) : base.url;
      const method = init.method === undefined ? (base?.method ?? 'GET') : methodOf(init.method);
      const redirect = init.redirect === undefined ? (base?.redirect ?? 'follow') : redirectOf(init.redirect);
      const headers = new Headers(init.headers === undefined ? base?.headers : init.headers);
      const content = contentOf(init.body, urls.URLSearchParams);
      const isOwn = init.body !== undefined;
      const inherited = !isOwn && input instanceof FetchRequest ? bytesOf(input) : undefined;
      const bytes = isOwn ? content?.bytes : inherited;
      if (bytes !== undefined && (method === 'GET' || method === 'HEAD')) {
        throw new TypeError(`A request of the method ${method} has no body`);
      }
      if (content?.type !== undefined && !headers.has('content-type')) headers.append('content-type', content.type);
      return { url, method, headers, redirect, signal: signalOf(init, base?.signal), bytes };
    };
  }

  constructor(...args: [input?: unknown, init?: unknown]) {
    if (args.length === 0) throw new TypeError('1 argument required, but only 0 present');
    const facts = factsOf(args[0], args[1]);
    super(facts.bytes);
    this.#facts = facts;
    // Its body is now that of this one.
    const [input, init] = args;
    if (input instanceof FetchRequest && facts.bytes !== undefined && dictionary(init).body === undefined)
      void input.bytes();
  }

  get url(): string {
    return this.#facts.url;
  }

  get method(): string {
    return this.#facts.method;
  }

  get headers(): Headers {
    return this.#facts.headers;
  }

  get redirect(): string {
    return this.#facts.redirect;
  }

  get signal(): AbortSignal {
    return this.#facts.signal;
  }

  clone(): FetchRequest {
    const { url, method, headers, redirect, signal } = this.#facts;
    const bytes = bytesOf(this);
    return new FetchRequest(url, { method, headers, redirect, signal, ...(bytes !== undefined && { body: bytes }) });
  }

  get [Symbol.toStringTag](): string {
    return 'Request';
  }
}

function dictionary(given: unknown): Init {
  if (given === undefined || given === null) return {};
  if (typeof given !== 'object' && typeof given !== 'function')
    throw new TypeError('The "init" argument must be an object');
  return given;
}

function parsed(input: unknown): string {
  const text = `${input as string}`;
  let url: InstanceType<UrlClass>;
  try {
    url = new urls.URL(text);
  } catch {
    throw new TypeError(`Failed to parse URL from ${text}; a handler has no base, so a URL is absolute`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('A URL of a request has no user name and no password; use the header authorization');
  }
  return url.href;
}

function methodOf(value: unknown): string {
  const method = `${value as string}`;
  if (!TOKEN.test(method)) throw new TypeError(`${JSON.stringify(method)} is not a method`);
  const upper = method.toUpperCase();
  if (FORBIDDEN.includes(upper)) throw new TypeError(`The method ${upper} is not allowed`);
  return NORMALISED.includes(upper) ? upper : method;
}

function redirectOf(value: unknown): string {
  const redirect = `${value as string}`;
  if (!REDIRECTS.includes(redirect))
    throw new TypeError(`redirect is ${JSON.stringify(redirect)}; it must be one of ${REDIRECTS}`);
  return redirect;
}

function signalOf({ signal }: Init, inherited: AbortSignal | undefined): AbortSignal {
  if (signal === null) return aborting.follow([]);
  if (signal === undefined) return aborting.follow(inherited === undefined ? [] : [inherited]);
  if (!(signal instanceof aborting.AbortSignal)) throw new TypeError('The "signal" option must be an AbortSignal');
  return aborting.follow([signal as AbortSignal]);
}
