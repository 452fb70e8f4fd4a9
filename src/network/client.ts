import type { NetworkRequest } from '../api/network/network-request.js';
import type { Grants } from '../capabilities/grants.js';
import { requestName } from '../capabilities/request-name.js';
import { matchesHost, type NetworkConfig } from '../config/resolve-network.js';
import { clearTimeout, setTimeout } from '../support/timers.js';
import { whenAborted } from '../support/waiting.js';
import { exchange, type Received, type Sent } from './exchange.js';
import { NetworkDenial, NetworkFailure } from './failure.js';
import { tooLarge } from './read-body.js';
import { bytesWithoutSecrets, fillSecrets, hasSecrets, withoutSecrets } from './secrets.js';

/** What a handler gets of a response. */
export interface NetworkAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export interface MadeRequest {
  readonly grants: Grants;
  readonly signal: AbortSignal;
  /** Told what was refused, by its capability: `net:GET:api.example.com`. */
  readonly onDenied: (capability: string) => void;
  /** The most that fits into the VM. */
  readonly maxResponseBytes: number;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** They are for one host. */
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);
/** They describe a body that a redirect drops. */
const OF_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
]);
/** They are made here, and a handler could tell another server something else with them than ours understands. */
const OWN: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'proxy-authorization', 'http2-settings'],
]);

/**
 * Makes a request and follows its redirects.
 *
 * @throws NetworkFailure, NetworkDenial, the reason of the signal
 */
export async function makeRequest(
  request: NetworkRequest,
  config: NetworkConfig | undefined,
  made: MadeRequest,
): Promise<NetworkAnswer> {
  if (config === undefined) throw denied(request, made, 'network.allow', 'the runtime has no option network');
  const ownWord = request.headers.find(([name]) => OWN.has(name.toLowerCase()));
  if (ownWord !== undefined)
    throw new NetworkFailure('INVALID_REQUEST', `the header ${ownWord[0]} is set by the runtime`);
  if ((request.body?.length ?? 0) > config.maxRequestBytes) {
    throw new NetworkFailure(
      'REQUEST_TOO_LARGE',
      `the body has more than maxRequestBytes (${config.maxRequestBytes}) of network`,
    );
  }
  const bounded = { ...config, maxResponseBytes: Math.min(config.maxResponseBytes, made.maxResponseBytes) };
  const stop = new AbortController();
  const late = new NetworkFailure('TIMEOUT', `it took longer than timeoutMs (${config.timeoutMs} ms) of network`);
  const timer = setTimeout(() => stop.abort(late), config.timeoutMs);
  const release = whenAborted(made.signal, () => stop.abort(made.signal.reason));
  try {
    return await follow(request, bounded, { ...made, signal: stop.signal });
  } catch (error) {
    if (error instanceof NetworkFailure && error.code === 'SECRET_REFUSED') made.onDenied(capabilityOf(request));
    throw error;
  } finally {
    clearTimeout(timer);
    release();
  }
}

async function follow(request: NetworkRequest, config: NetworkConfig, made: MadeRequest): Promise<NetworkAnswer> {
  let next: Omit<NetworkRequest, 'url'> & { readonly url: URL } = { ...request, url: new URL(request.url) };
  for (let redirects = 0; ; redirects++) {
    check({ ...next, url: next.url.href }, config, made);
    const filled = await fillSecrets(
      { url: next.url, headers: next.headers, body: next.body },
      config.secrets,
      config.allowPrivate,
    );
    const sent: Sent = { method: next.method, url: next.url, headers: filled.headers, body: filled.body };
    const received = await send(sent, config, made.signal, request.redirect === 'follow');
    const location = locationOf(received);
    if (location === undefined || request.redirect === 'manual') {
      const headers = received.headers.map(([name, value]): [string, string] => [
        name,
        withoutSecrets(value, filled.used),
      ]);
      const statusText = withoutSecrets(received.statusText, filled.used);
      const body = bytesWithoutSecrets(received.body, filled.used);
      return { status: received.status, statusText, headers, body, url: urlOf(next.url), redirected: redirects > 0 };
    }
    if (request.redirect === 'error')
      throw new NetworkFailure('REDIRECT_REFUSED', 'the response is a redirect, and redirect is "error"');
    if (redirects >= config.redirects)
      throw new NetworkFailure(
        'REDIRECT_REFUSED',
        `it has more than ${config.redirects} redirects (network.redirects)`,
      );
    next = redirected(next, received.status, location, filled.used);
  }
}

function send(sent: Sent, config: NetworkConfig, signal: AbortSignal, follows: boolean): Promise<Received> {
  if (config.fetch !== undefined) return sendBy(config.fetch, sent, config, signal);
  const isRedirect = (status: number, headers: Received['headers']) =>
    REDIRECTS.has(status) && headers.some(([name]) => name === 'location');
  return exchange(sent, config, signal, (status, headers) => !(follows && isRedirect(status, headers)));
}

/**
 * By a function of the application.
 *
 * @throws NetworkFailure
 */
export async function sendBy(
  fetch: NonNullable<NetworkConfig['fetch']>,
  { method, url, headers, body }: Sent,
  { maxResponseBytes }: Pick<NetworkConfig, 'maxResponseBytes'>,
  signal: AbortSignal,
): Promise<Received> {
  const init = {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    signal,
    redirect: 'manual' as const,
  };
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  aborted.catch(() => {});
  try {
    const request = new Request(url.href, body === undefined ? init : { ...init, body });
    const response = await Promise.race([fetch(request), aborted]);
    const received = await bodyOf(response, maxResponseBytes, aborted);
    return { status: response.status, statusText: response.statusText, headers: [...response.headers], body: received };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof NetworkFailure || error instanceof NetworkDenial) throw error;
    // Its error may have parts of the request, the secrets among them.
    throw new NetworkFailure('CONNECTION_FAILED', 'network.fetch of the application failed');
  }
}

/** Reads no more of a body than is allowed, and ends it then: a server decides how long it is. */
async function bodyOf(response: Response, maxBytes: number, aborted: Promise<never>): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let size = 0;
  const chunks = (response.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), aborted]);
      if (next.done) return new Uint8Array(Buffer.concat(parts));
      size += next.value.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      parts.push(next.value);
    }
  } finally {
    // It may wait for the part that is under way.
    chunks.return?.().catch(() => {});
  }
}

/** @throws NetworkDenial, NetworkFailure */
function check(request: NetworkRequest, config: NetworkConfig, made: MadeRequest): void {
  const { method } = request;
  const url = new URL(request.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new NetworkFailure(
      'REDIRECT_REFUSED',
      `it is a redirect to ${url.protocol}, which is neither http: nor https:`,
    );
  }
  if (!matchesHost(config.allow, url))
    throw denied(request, made, 'network.allow', `${url.host} is not in network.allow`);
  if (!config.methods.has(method))
    throw denied(request, made, 'network.methods', `the method ${method} is not in network.methods`);
  // A redirect goes where no capability was asked for yet.
  if (!made.grants.allows('net', requestName(method, url.href) ?? '')) {
    throw denied(request, made, 'capabilities', 'the handler has no such capability');
  }
}

function denied(
  request: NetworkRequest,
  made: MadeRequest,
  option: NetworkDenial['option'],
  why: string,
): NetworkDenial {
  const capability = capabilityOf(request);
  made.onDenied(capability);
  return new NetworkDenial(capability, option, `The handler may not make the request "${capability}": ${why}`);
}

function capabilityOf({ method, url }: NetworkRequest): string {
  return `net:${requestName(method, url) ?? method}`;
}

function locationOf({ status, headers }: Received): string | undefined {
  if (!REDIRECTS.has(status)) return undefined;
  return headers.find(([name]) => name === 'location')?.[1];
}

/** The request to where a response points. What is for one host does not go to another. */
function redirected(
  { method, headers, body, url, redirect }: Omit<NetworkRequest, 'url'> & { readonly url: URL },
  status: number,
  location: string,
  used: ReadonlyMap<string, string>,
): Omit<NetworkRequest, 'url'> & { readonly url: URL } {
  if (!URL.canParse(location, url.href))
    throw new NetworkFailure('INVALID_RESPONSE', 'it redirects to what is not a URL');
  const target = new URL(location, url);
  if (target.username !== '' || target.password !== '') {
    throw new NetworkFailure('REDIRECT_REFUSED', 'it redirects to a URL with a user name');
  }
  if (
    [...used.values()].some((value) => target.href.includes(value) || target.href.includes(encodeURIComponent(value)))
  ) {
    throw new NetworkFailure('REDIRECT_REFUSED', 'it redirects to a URL that has a secret in it');
  }
  if (target.hash === '') target.hash = url.hash;
  const isGet =
    (status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((status === 301 || status === 302) && method === 'POST');
  const isOther = target.origin !== url.origin;
  const kept = headers.filter(([name, value]) => {
    const key = name.toLowerCase();
    if (isGet && OF_BODY.has(key)) return false;
    return !isOther || !(CREDENTIALS.has(key) || hasSecrets(value));
  });
  const text = body === undefined || isGet ? '' : Buffer.from(body).toString('latin1');
  if (isOther && hasSecrets(text))
    throw new NetworkFailure('REDIRECT_REFUSED', 'it redirects a body with a secret to another host');
  return { method: isGet ? 'GET' : method, url: target, headers: kept, redirect, body: isGet ? undefined : body };
}

function urlOf(url: URL): string {
  const plain = new URL(url);
  plain.hash = '';
  return plain.href;
}
