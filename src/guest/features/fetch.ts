import { asInterface, type FeatureHost } from './feature.js';
import { bytesOf } from './fetch/body.js';
import { Headers, pairsOf } from './fetch/headers.js';
import { FetchRequest, useParts } from './fetch/request.js';
import { Response, type ResponseFacts, responseOf, useUrls } from './fetch/response.js';
import { beginPromise } from './timers/begin-promise.js';

const { apply } = Reflect;
const TypeErrorConstructor = TypeError;

/** What the host is asked for. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: [name: string, value: string][];
  readonly redirect: string;
  readonly body: Uint8Array | undefined;
}

/** https://fetch.spec.whatwg.org, as far as it means something without a document; the host makes the request. */
export default function install(host: FeatureHost): void {
  const { urls, aborting } = host;
  if (urls === undefined || aborting === undefined) throw new TypeError('the features url and abort come first');
  useUrls(urls as never);
  useParts(urls as never, aborting);

  const fetch = (...args: [input?: unknown, init?: unknown]): Promise<Response> =>
    beginPromise<Response>((resolve, reject) => {
      const request = apply(construct, undefined, args) as FetchRequest;
      const { signal, url, method } = request;
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const { protocol, host: authority } = new (urls.URL as new (url: string) => { protocol: string; host: string })(
        url,
      );
      if (protocol !== 'http:' && protocol !== 'https:') {
        throw new TypeErrorConstructor('fetch: a URL begins with http: or https:, and this one with ' + protocol);
      }
      const asked: Asked = {
        method,
        url,
        headers: pairsOf(request.headers),
        redirect: request.redirect,
        body: bytesOf(request),
      };
      const stop = () => {
        host.withdrawRequest(callId);
        reject(signal.reason);
      };
      const callId = host.beginRequest(
        method.toUpperCase() + ':' + authority,
        asked,
        (answer) => {
          signal.removeEventListener('abort', stop);
          resolve(responseOf(answer as ResponseFacts));
        },
        (error) => {
          signal.removeEventListener('abort', stop);
          reject(error);
        },
      );
      signal.addEventListener('abort', stop);
    });
  const construct = (...args: [input?: unknown, init?: unknown]) => new FetchRequest(...args);

  host.refuse(Headers.prototype, 'a Headers', '; pass Object.fromEntries() of it');
  host.refuse(FetchRequest.prototype, 'a Request', '; pass its url');
  host.refuse(Response.prototype, 'a Response', '; pass what its text() or json() returns');
  host.define('fetch', fetch);
  host.define('Headers', asInterface(Headers));
  host.define('Request', asInterface(FetchRequest));
  host.define('Response', asInterface(Response));
}
