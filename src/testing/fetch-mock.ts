import type { NetworkRequest } from '../api/network/network-request.js';
import { invalidArgument } from '../config/check.js';
import type { RequestMock } from '../runtime/own/requests.js';

/** Answers the requests of a handler in a test. It gets placeholders of secrets as the handler wrote them. */
export type FetchMock = (request: Request) => Response | Promise<Response>;

/** @throws NexusError INVALID_ARGUMENT */
export function requestMock(fetch: FetchMock | undefined): RequestMock | undefined {
  if (fetch === undefined) return undefined;
  if (typeof fetch !== 'function') throw invalidArgument('options.fetch', fetch, 'a function (request) => Response');
  return async ({ method, url, headers, body }: NetworkRequest, signal) => {
    const pairs = headers.map(([name, value]): [string, string] => [name, value]);
    const init = { method, headers: pairs, signal, ...(body !== undefined && { body: new Uint8Array(body) }) };
    const response = await fetch(new Request(url, init));
    if (!(response instanceof Response))
      throw invalidArgument('options.fetch', response, 'a function that answers a Response');
    const content = new Uint8Array(await response.arrayBuffer());
    const { status, statusText, redirected } = response;
    return { status, statusText, redirected, url: response.url || url, headers: [...response.headers], body: content };
  };
}
