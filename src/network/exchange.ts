import { lookup as systemLookup } from 'node:dns/promises';
import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import type { ResolvedAddress } from '../api/network/network.js';
import type { NetworkConfig } from '../config/resolve-network.js';
import { isAllowedAddress } from './addresses.js';
import { NetworkFailure } from './failure.js';
import { readBody } from './read-body.js';

/** Of all header lines of a response, in bytes. */
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_HEADER_LINES = 500;

/** One request without its redirects, with the secrets in it. */
export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | undefined;
}

export interface Received {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/**
 * Sends a request and reads the response. Node's own `fetch` cannot be told to which address it connects; this connects to one that was
 * checked.
 *
 * @param signal ends it with its reason
 * @param wantsBody whether the body of a response is read
 * @throws NetworkFailure
 */
export async function exchange(
  sent: Sent,
  config: NetworkConfig,
  signal: AbortSignal,
  wantsBody: (status: number, headers: Received['headers']) => boolean,
): Promise<Received> {
  const { url } = sent;
  // Connections are not shared: one belongs to one request of one handler.
  const via: RequestOptions =
    config.proxy === undefined
      ? { agent: false, lookup: pinned(await addressOf(url, config, signal)) }
      : await tunnel(url, config, signal);
  const isSecure = url.protocol === 'https:';
  const options: RequestOptions = {
    method: sent.method,
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: headersOf(sent),
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    signal,
    ...via,
  };
  const response = await begin(() => (isSecure ? httpsRequest(options) : httpRequest(options)), sent.body, signal);
  try {
    const { rawHeaders, statusCode: status = 0, statusMessage = '' } = response;
    if (status < 200 || status > 599)
      throw new NetworkFailure('INVALID_RESPONSE', `the response has the status ${status}`);
    const headers = pairsOf(rawHeaders);
    const hasBody = sent.method !== 'HEAD' && status !== 204 && status !== 304 && wantsBody(status, headers);
    const body = hasBody ? await readBody(response, config.maxResponseBytes, signal) : new Uint8Array(0);
    return { status, statusText: printable(statusMessage), headers, body };
  } finally {
    response.destroy();
  }
}

/**
 * Resolves with the head of the response.
 *
 * @param create throws if a header cannot be sent
 */
async function begin(
  create: () => ClientRequest,
  body: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let request: ClientRequest;
  try {
    request = create();
  } catch (error) {
    throw failureOf(error, signal);
  }
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    request.on('upgrade', (_, socket: Socket) => {
      socket.destroy();
      reject(new NetworkFailure('INVALID_RESPONSE', 'the server changes to another protocol'));
    });
    // Emitted again if the connection fails later; the reader of the body notices that by itself.
    request.on('error', (error) => reject(failureOf(error, signal)));
    request.end(body);
  });
}

function headersOf({ url, headers, body, method }: Sent): string[] {
  const flat: string[] = headers.flat();
  const has = (name: string) => headers.some(([each]) => each.toLowerCase() === name);
  flat.push('host', url.host);
  if (!has('accept')) flat.push('accept', '*/*');
  if (!has('accept-encoding')) flat.push('accept-encoding', 'gzip, deflate, br');
  if (body !== undefined || ['POST', 'PUT', 'PATCH'].includes(method))
    flat.push('content-length', String(body?.length ?? 0));
  flat.push('connection', 'close');
  return flat;
}

function pairsOf(raw: readonly string[]): (readonly [string, string])[] {
  if (raw.length / 2 > MAX_HEADER_LINES)
    throw new NetworkFailure('INVALID_RESPONSE', `the response has more than ${MAX_HEADER_LINES} header lines`);
  return raw.flatMap((name, i): (readonly [string, string])[] =>
    i % 2 === 0 ? [[name.toLowerCase(), raw[i + 1] ?? '']] : [],
  );
}

function printable(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 1_000);
}

/** The address to connect to. All that a name has are checked: the connection goes to the first one. */
async function addressOf(url: URL, config: NetworkConfig, signal: AbortSignal): Promise<ResolvedAddress> {
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = await resolved(name, config, signal);
  const [first] = addresses;
  if (first === undefined) throw new NetworkFailure('NAME_NOT_RESOLVED', `the name ${name} has no address`);
  for (const { address } of addresses) {
    if (isAllowedAddress(address, config.allowPrivate)) continue;
    throw new NetworkFailure('ADDRESS_NOT_ALLOWED', notAllowed(name, config));
  }
  return first;
}

function notAllowed(name: string, { allowPrivate }: NetworkConfig): string {
  const remedy = allowPrivate
    ? 'it is link-local, reserved or a multicast address'
    : 'network.allowPrivate allows those of private networks';
  return `${name} has an address that is not public; ${remedy}`;
}

async function resolved(
  name: string,
  { lookup }: NetworkConfig,
  signal: AbortSignal,
): Promise<readonly ResolvedAddress[]> {
  const family = isIP(name);
  if (family !== 0) return [{ address: name, family: family as 4 | 6 }];
  const asked = lookup?.(name) ?? (systemLookup(name, { all: true }) as Promise<ResolvedAddress[]>);
  const addresses = await within(asked, signal).catch((error: unknown) => {
    if (signal.aborted) throw signal.reason;
    const { code } = error as NodeJS.ErrnoException;
    throw new NetworkFailure(
      'NAME_NOT_RESOLVED',
      `the name ${name} cannot be resolved${typeof code === 'string' ? ` (${code})` : ''}`,
    );
  });
  const isList = Array.isArray(addresses) && addresses.every((each) => isIP(each?.address) !== 0);
  if (!isList)
    throw new NetworkFailure('NAME_NOT_RESOLVED', `network.lookup answered no list of addresses for ${name}`);
  return addresses.map(({ address }) => ({ address, family: isIP(address) as 4 | 6 }));
}

/** A lookup that knows one answer: what was checked is what is connected to. */
function pinned({ address, family }: ResolvedAddress): LookupFunction {
  return (_, options, answer) => {
    if (options.all) answer(null, [{ address, family }]);
    else answer(null, address, family);
  };
}

/** A connection through the proxy. */
async function tunnel(
  url: URL,
  config: NetworkConfig,
  signal: AbortSignal,
): Promise<Pick<RequestOptions, 'createConnection'>> {
  const proxy = config.proxy as URL;
  const name = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) !== 0 && !isAllowedAddress(name, config.allowPrivate)) {
    throw new NetworkFailure('ADDRESS_NOT_ALLOWED', notAllowed(name, config));
  }
  const target = `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port}`;
  const user = decodeURIComponent(proxy.username);
  const credentials = Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64');
  const socket = await new Promise<Socket>((resolve, reject) => {
    const asking = httpRequest({
      method: 'CONNECT',
      hostname: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port === '' ? 80 : Number(proxy.port),
      path: target,
      headers: { host: target, ...(user !== '' && { 'proxy-authorization': `Basic ${credentials}` }) },
      maxHeaderSize: MAX_HEADER_BYTES,
      agent: false,
      signal,
    });
    asking.on('connect', ({ statusCode }, connected: Socket) => {
      if (statusCode === 200) resolve(connected);
      else {
        connected.destroy();
        reject(new NetworkFailure('CONNECTION_FAILED', `the proxy refuses ${target} with the status ${statusCode}`));
      }
    });
    asking.on('response', (response) => {
      response.destroy();
      reject(
        new NetworkFailure('CONNECTION_FAILED', `the proxy refuses ${target} with the status ${response.statusCode}`),
      );
    });
    asking.on('error', (error) => reject(failureOf(error, signal)));
    asking.end();
  });
  const createConnection = (() =>
    url.protocol === 'https:'
      ? // Without `host`, the certificate of an address would be compared with the name of the proxy.
        connectTls({ socket, host: name, ...(isIP(name) === 0 && { servername: name }), ALPNProtocols: ['http/1.1'] })
      : socket) as NonNullable<RequestOptions['createConnection']>;
  return { createConnection };
}

function within<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** What went wrong, by its code alone: the message of Node may have parts of the request. */
export function failureOf(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof NetworkFailure) return error;
  const code = String((error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown');
  if (code === 'HPE_HEADER_OVERFLOW')
    return new NetworkFailure('INVALID_RESPONSE', `the response has headers of more than ${MAX_HEADER_BYTES} bytes`);
  if (code.startsWith('HPE_')) return new NetworkFailure('INVALID_RESPONSE', `the response is not HTTP (${code})`);
  if (code === 'ERR_INVALID_CHAR' || code === 'ERR_INVALID_HTTP_TOKEN' || code === 'ERR_UNESCAPED_CHARACTERS') {
    return new NetworkFailure('INVALID_REQUEST', `the request has a header that cannot be sent (${code})`);
  }
  if (/^(?:ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|HOSTNAME)/.test(code))
    return new NetworkFailure('TLS_FAILED', `no secure connection (${code})`);
  return new NetworkFailure('CONNECTION_FAILED', `the connection failed (${code})`);
}
