/** An address of a host name. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** A secret that handlers can use and never see. */
export interface NetworkSecret {
  /**
   * The hosts to which it may be sent, as entries of `allow` are written. A request to another one is refused.
   *
   * @example ['api.stripe.com']
   */
  readonly hosts: readonly string[];
  /** The value, or a function that returns it for each request: a secret that is exchanged is read anew. */
  readonly value: string | (() => string | Promise<string>);
  /** Whether it may stand in the body of a request as well, and not in headers alone. @default false */
  readonly body?: boolean;
}

/** What `fetch` of handlers may reach. A handler needs the capability `net:METHOD:HOST` as well. */
export interface NetworkOptions {
  /**
   * The hosts: `'api.example.com'`, `'*.example.org'` for all names below it, `'internal:8080'` or `'internal:*'` with a port. Without one, the
   * port is that of the protocol.
   */
  readonly allow: readonly string[];
  /** The methods. @default GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS */
  readonly methods?: readonly string[];
  /** By name: a handler writes `{{secret:NAME}}` in a header. @default none */
  readonly secrets?: Readonly<Record<string, NetworkSecret>>;
  /** The largest body of a request, in bytes, at most 4 MiB. @default 1 MiB */
  readonly maxRequestBytes?: number;
  /** The largest body of a response, in bytes, as it comes and when it is unpacked. @default 4 MiB */
  readonly maxResponseBytes?: number;
  /** For one request with all its redirects, until the last byte of the response, in milliseconds. @default 30,000 */
  readonly timeoutMs?: number;
  /** How many redirects one request follows. Each is checked as a request is. @default 5 */
  readonly redirects?: number;
  /** The URL of a proxy, `http:`, through which all requests go. It resolves the names then, so it must refuse private addresses. @default none */
  readonly proxy?: string;
  /**
   * Whether hosts may have private addresses: of the machine itself (loopback), of private networks. Link-local addresses, where the metadata
   * of clouds are, are refused all the same. @default false
   */
  readonly allowPrivate?: boolean;
  /**
   * Makes requests in place of the runtime, which has checked host and method and put in the secrets. The runtime follows redirects that it
   * answers, and checks each. @default none
   */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Resolves names in place of the system. Its addresses are checked. @default dns.lookup */
  readonly lookup?: (hostname: string) => Promise<readonly ResolvedAddress[]>;
}
