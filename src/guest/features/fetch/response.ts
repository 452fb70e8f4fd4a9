import { encodeUtf8 } from '../encoding/utf8.js';
import { BodyMixin, bytesOf, type Content, contentOf } from './body.js';
import { type HeaderPair, Headers, immutable, pairsOf } from './headers.js';

type Class = abstract new (...args: never) => object;

/** What the host answers to a request. */
export interface ResponseFacts {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
}

const NULL_BODY: readonly number[] = [101, 103, 204, 205, 304];
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

interface Init {
  readonly status?: unknown;
  readonly statusText?: unknown;
  readonly headers?: unknown;
}

/** What only this module may set. */
interface Facts {
  readonly type: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly bytes: Uint8Array | undefined;
}

class Known {
  readonly facts: Facts;
  constructor(facts: Facts) {
    this.facts = facts;
  }
}

let urls: { readonly URL: new (url: string) => { readonly href: string }; readonly URLSearchParams: Class };

export function useUrls(classes: typeof urls): void {
  urls = classes;
}

/** https://fetch.spec.whatwg.org/#response-class */
export class Response extends BodyMixin {
  readonly #facts: Facts;

  static error(): Response {
    const headers = immutable([]);
    return made({ type: 'error', url: '', redirected: false, status: 0, statusText: '', headers, bytes: undefined });
  }

  static redirect(...args: [url?: unknown, status?: unknown]): Response {
    if (args.length === 0) throw new TypeError('1 argument required, but only 0 present');
    const { href } = new urls.URL(`${args[0] as string}`);
    const status = args[1] === undefined ? 302 : toShort(args[1]);
    if (!REDIRECTS.includes(status)) throw new RangeError(`${status} is not the status of a redirect`);
    const headers = immutable([['location', href]]);
    return made({ type: 'default', url: '', redirected: false, status, statusText: '', headers, bytes: undefined });
  }

  static json(...args: [data?: unknown, init?: unknown]): Response {
    if (args.length === 0) throw new TypeError('1 argument required, but only 0 present');
    const text = JSON.stringify(args[0]);
    if (text === undefined) throw new TypeError('The data has no JSON');
    const content = { bytes: encodeUtf8(text), type: 'application/json' };
    return made(factsOf(content, args[1]));
  }

  constructor(...args: [body?: unknown, init?: unknown]) {
    const [body, init] = args;
    const facts = body instanceof Known ? body.facts : factsOf(contentOf(body, urls.URLSearchParams), init);
    super(facts.bytes);
    this.#facts = facts;
  }

  get type(): string {
    return this.#facts.type;
  }

  get url(): string {
    return this.#facts.url;
  }

  get redirected(): boolean {
    return this.#facts.redirected;
  }

  get status(): number {
    return this.#facts.status;
  }

  get ok(): boolean {
    return this.#facts.status >= 200 && this.#facts.status <= 299;
  }

  get statusText(): string {
    return this.#facts.statusText;
  }

  get headers(): Headers {
    return this.#facts.headers;
  }

  clone(): Response {
    const bytes = bytesOf(this);
    const headers = copyOf(this.#facts.headers, this.#facts.type !== 'default');
    return made({ ...this.#facts, headers, bytes: bytes?.slice() });
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }
}

function made(facts: Facts): Response {
  return new Response(new Known(facts));
}

function copyOf(headers: Headers, isImmutable: boolean): Headers {
  return isImmutable ? immutable(pairsOf(headers)) : new Headers(headers);
}

function factsOf(content: Content | undefined, given: unknown): Facts {
  const init = dictionary(given);
  const status = init.status === undefined ? 200 : toShort(init.status);
  if (status < 200 || status > 599) throw new RangeError(`The status ${status} is not from 200 to 599`);
  const statusText = init.statusText === undefined ? '' : `${init.statusText as string}`;
  if (!REASON.test(statusText)) throw new TypeError('The statusText has a character that it cannot have');
  const headers = new Headers(init.headers);
  if (content !== undefined && NULL_BODY.includes(status)) {
    throw new TypeError(`A response of the status ${status} has no body`);
  }
  if (content?.type !== undefined && !headers.has('content-type')) headers.append('content-type', content.type);
  return { type: 'default', url: '', redirected: false, status, statusText, headers, bytes: content?.bytes };
}

function dictionary(given: unknown): Init {
  if (given === undefined || given === null) return {};
  if (typeof given !== 'object' && typeof given !== 'function')
    throw new TypeError('The "init" argument must be an object');
  return given;
}

/** As an unsigned short. */
function toShort(value: unknown): number {
  return Number(value) & 0xffff;
}

/** The response of a request. */
export function responseOf({ status, statusText, url, redirected, headers, body }: ResponseFacts): Response {
  const bytes = NULL_BODY.includes(status) ? undefined : body;
  return made({ type: 'basic', url, redirected, status, statusText, headers: immutable(headers), bytes });
}
