import { boolean, invalidOption, rejectUnknownKeys, requireObject } from '../../config/check.js';
import { sha256Hex } from '../../support/sha256-hex.js';
import { Problem } from '../problem.js';
import type { ServerOptions, ServerToken, TokenScope } from '../server-options.js';
import { isLoopbackAddress, isLoopbackName, networkOf } from './addresses.js';
import { ALL_SCOPES, type Identity } from './identity.js';
import type { RateLimiter } from './rate-limiter.js';

/** What of a request tells who makes it. */
export interface Caller {
  readonly remoteAddress: string | undefined;
  header(name: string): string | undefined;
}

/** Wrong tokens of one address: someone is guessing. */
const WRONG_TOKENS = { executions: 20, perMs: 60_000 };
export const MIN_TOKEN_CHARACTERS = 16;
const NAME = /^[\w.-]{1,64}$/;
const SHA256 = /^[0-9a-f]{64}$/;
const SCOPES: readonly TokenScope[] = ['execute', 'metrics', 'admin'];
const KEYS: { readonly [K in keyof Required<ServerToken>]: true } = {
  ...{
    name: true,
    token: true,
    sha256: true,
    scopes: true,
    tenant: true,
    limits: true,
    capabilities: true,
    rate: true,
  },
};
/** A proxy on this machine would make every client one of this machine. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** Knows the tokens, and decides who makes a request. */
export class Authentication {
  /** By the SHA-256 of the token: comparing takes the same time, whatever was sent. */
  readonly #tokens = new Map<string, Identity>();
  readonly #trustsCaller: boolean;
  readonly #limiter: RateLimiter;

  /** @throws NexusError INVALID_CONFIG naming the token */
  constructor({ tokens = [], trustCaller }: Pick<ServerOptions, 'tokens' | 'trustCaller'>, limiter: RateLimiter) {
    this.#trustsCaller = boolean('trustCaller', trustCaller, false);
    this.#limiter = limiter;
    if (!Array.isArray(tokens)) throw invalidOption('tokens', tokens, 'a list');
    for (const [index, token] of tokens.entries()) {
      const digest = readToken(token, `tokens[${index}]`);
      if (this.#tokens.has(digest)) throw invalidOption(`tokens[${index}].token`, 'the token of another', 'different');
      this.#tokens.set(digest, identityOf(token));
    }
    const names = new Set(tokens.map(({ name }) => name));
    if (names.size !== tokens.length)
      throw invalidOption('tokens', 'a list in which a name occurs twice', 'one of different names');
  }

  get hasTokens(): boolean {
    return this.#tokens.size > 0;
  }

  /** Whether it may be reached from other machines. */
  get isForOthers(): boolean {
    return this.hasTokens || this.#trustsCaller;
  }

  /** @throws Problem 401, 403 or 429 */
  identify(caller: Caller): Identity {
    if (this.hasTokens) return this.#ofToken(caller);
    if (!this.#trustsCaller) requireThisMachine(caller);
    const { remoteAddress } = caller;
    return { ...TRUSTED, key: `address ${remoteAddress === undefined ? '' : networkOf(remoteAddress)}` };
  }

  #ofToken(caller: Caller): Identity {
    const given = /^Bearer +(\S+)$/i.exec(caller.header('authorization') ?? '')?.[1];
    const identity = given === undefined ? undefined : this.#tokens.get(sha256Hex(given));
    if (identity !== undefined) return identity;
    const key = `wrong tokens of ${networkOf(caller.remoteAddress ?? '')}`;
    const retryAfterMs = given === undefined ? undefined : this.#limiter.take(key, WRONG_TOKENS);
    if (retryAfterMs !== undefined) {
      throw new Problem(429, 'TOO_MANY_REQUESTS', 'Too many wrong tokens came from this address.', { retryAfterMs });
    }
    const detail =
      given === undefined ? 'It needs a token: Authorization: Bearer TOKEN.' : 'The token is not one of this server.';
    throw new Problem(401, 'UNAUTHENTICATED', detail, {}, { 'www-authenticate': 'Bearer realm="nexus"' });
  }
}

const TRUSTED: Omit<Identity, 'key'> = {
  name: undefined,
  scopes: ALL_SCOPES,
  tenant: undefined,
  limits: {},
  capabilities: undefined,
  rate: undefined,
};

/**
 * Without a token, only programs of this machine are served: the connection is of a loopback address, no proxy passed the request on, and
 * no page of a browser made it (a page may have a name that leads to this machine).
 */
function requireThisMachine(caller: Caller): void {
  const refuse = (why: string) =>
    new Problem(
      403,
      'FORBIDDEN',
      `Without tokens only programs of this machine are served: ${why}. Configure tokens to serve others.`,
    );
  const { remoteAddress } = caller;
  if (remoteAddress === undefined || !isLoopbackAddress(remoteAddress))
    throw refuse('the connection comes from elsewhere');
  const proxy = PROXY_HEADERS.find((name) => caller.header(name) !== undefined);
  if (proxy !== undefined) throw refuse(`a proxy passed the request on (${proxy})`);
  const host = caller.header('host');
  if (host !== undefined && !isLoopbackName(host)) throw refuse('it is addressed by another name (Host)');
  const origin = caller.header('origin');
  if (origin !== undefined && !isLoopbackName(origin.replace(/^https?:\/\//, '')))
    throw refuse('a page of another site made the request (Origin)');
  // Another program of this machine may serve pages as well. Following a link is not a request of the page.
  const site = caller.header('sec-fetch-site');
  const isLink = caller.header('sec-fetch-mode') === 'navigate' && origin === undefined;
  if ((site === 'cross-site' || site === 'same-site') && !isLink)
    throw refuse('a page of another site made the request (Sec-Fetch-Site)');
}

/** @returns the SHA-256 of the token */
function readToken(given: ServerToken, where: string): string {
  requireObject(where, given);
  rejectUnknownKeys(given, Object.keys(KEYS), `${where}.`);
  const { name, token, sha256, scopes = [], tenant, capabilities } = given;
  if (typeof name !== 'string' || !NAME.test(name))
    throw invalidOption(`${where}.name`, name, '1 to 64 of A-Z, a-z, 0-9, ., _ and -');
  if ((token === undefined) === (sha256 === undefined)) throw invalidOption(where, 'a token', 'either token or sha256');
  if (!Array.isArray(scopes) || !scopes.every((scope) => SCOPES.includes(scope))) {
    throw invalidOption(`${where}.scopes`, JSON.stringify(scopes), `a list of ${SCOPES.join(', ')}`);
  }
  if (tenant !== undefined && tenant !== '*' && (typeof tenant !== 'string' || !NAME.test(tenant))) {
    throw invalidOption(`${where}.tenant`, tenant, "1 to 64 of A-Z, a-z, 0-9, ., _ and -, or '*'");
  }
  if (capabilities !== undefined && !Array.isArray(capabilities))
    throw invalidOption(`${where}.capabilities`, capabilities, 'a list');
  if (sha256 !== undefined) {
    if (typeof sha256 === 'string' && SHA256.test(sha256)) return sha256;
    throw invalidOption(
      `${where}.sha256`,
      'something else',
      'the SHA-256 of a token: 64 hexadecimal digits in lower case',
    );
  }
  if (typeof token === 'string' && token.length >= MIN_TOKEN_CHARACTERS && !/\s/.test(token)) return sha256Hex(token);
  throw invalidOption(
    `${where}.token`,
    'a shorter one, or none',
    `at least ${MIN_TOKEN_CHARACTERS} characters without spaces`,
  );
}

function identityOf({
  name,
  scopes = ['execute'],
  tenant = name,
  limits = {},
  capabilities,
  rate,
}: ServerToken): Identity {
  return {
    name,
    key: `token ${name}`,
    scopes: scopes.includes('admin') ? ALL_SCOPES : new Set(scopes),
    tenant: tenant === '*' ? undefined : tenant,
    limits,
    capabilities,
    rate,
  };
}
