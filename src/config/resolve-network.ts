import type { NetworkOptions, NetworkSecret, ResolvedAddress } from '../api/network/network.js';
import { boolean, describe, integer, invalidOption, type Keys, rejectUnknownKeys, requireObject } from './check.js';
import { MAX_TIMER_MS } from './limits.js';

const KIB = 1024;
const MIB = 1024 * KIB;
/** A suspended handler carries its requests, see `execution/own-calls.ts`. */
const MOST_REQUEST_BYTES = 4 * MIB;

/** A host that may be reached. */
export interface HostPattern {
  /** As a URL has it; of `*.example.org` it is `.example.org`. */
  readonly host: string;
  readonly isSuffix: boolean;
  /** Undefined for the port of the protocol, `'*'` for any. */
  readonly port: string | undefined;
}

export interface SecretConfig {
  readonly hosts: readonly HostPattern[];
  readonly read: () => string | Promise<string>;
  readonly inBody: boolean;
}

export interface NetworkConfig {
  readonly allow: readonly HostPattern[];
  readonly methods: ReadonlySet<string>;
  readonly secrets: ReadonlyMap<string, SecretConfig>;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly timeoutMs: number;
  readonly redirects: number;
  readonly proxy: URL | undefined;
  readonly allowPrivate: boolean;
  readonly fetch: ((request: Request) => Promise<Response>) | undefined;
  readonly lookup: ((hostname: string) => Promise<readonly ResolvedAddress[]>) | undefined;
}

const KEYS: Keys<NetworkOptions> = {
  allow: true,
  methods: true,
  secrets: true,
  maxRequestBytes: true,
  maxResponseBytes: true,
  timeoutMs: true,
  redirects: true,
  proxy: true,
  allowPrivate: true,
  fetch: true,
  lookup: true,
};
const SECRET_KEYS: Keys<NetworkSecret> = { hosts: true, value: true, body: true };
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const METHOD = /^[A-Z][A-Z0-9-]*$/;
export const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,99}$/;

/** @throws NexusError INVALID_CONFIG, which never shows a secret */
export function resolveNetwork(given: unknown): NetworkConfig | undefined {
  if (given === undefined) return undefined;
  requireObject('network', given);
  rejectUnknownKeys(given, Object.keys(KEYS), 'network.');
  const options = given as Partial<NetworkOptions>;
  const { methods = METHODS, secrets = {}, fetch, lookup } = options;
  for (const method of textsOf('network.methods', methods)) {
    if (!METHOD.test(method)) throw invalidOption('network.methods', method, 'methods in capital letters');
  }
  for (const [name, value] of Object.entries({ fetch, lookup })) {
    if (value !== undefined && typeof value !== 'function') {
      throw invalidOption(`network.${name}`, describe(value), 'a function');
    }
  }
  requireObject('network.secrets', secrets);
  const count = (
    name: 'maxRequestBytes' | 'maxResponseBytes' | 'timeoutMs' | 'redirects',
    fallback: number,
    max: number,
  ) => integer(`network.${name}`, options[name], fallback, { min: name === 'timeoutMs' ? 1 : 0, max });
  return Object.freeze({
    allow: hostsOf('network.allow', options.allow),
    methods: new Set(methods),
    secrets: new Map(Object.entries(secrets).map(([name, secret]) => [name, resolveSecret(name, secret)])),
    maxRequestBytes: count('maxRequestBytes', MIB, MOST_REQUEST_BYTES),
    maxResponseBytes: count('maxResponseBytes', 4 * MIB, 1024 * MIB),
    timeoutMs: count('timeoutMs', 30_000, MAX_TIMER_MS),
    redirects: count('redirects', 5, 20),
    proxy: proxyOf(options.proxy),
    allowPrivate: boolean('network.allowPrivate', options.allowPrivate, false),
    fetch,
    lookup,
  });
}

function resolveSecret(name: string, given: unknown): SecretConfig {
  const option = `network.secrets.${name}`;
  if (!SECRET_NAME.test(name))
    throw invalidOption('network.secrets', name, 'an object whose keys are names such as STRIPE_KEY');
  requireObject(option, given);
  rejectUnknownKeys(given, Object.keys(SECRET_KEYS), `${option}.`);
  const { hosts, value, body } = given as Partial<NetworkSecret>;
  const isText = typeof value === 'string' && value !== '';
  if (!isText && typeof value !== 'function')
    throw invalidOption(`${option}.value`, typeof value, 'a text that is not empty, or a function');
  return {
    hosts: hostsOf(`${option}.hosts`, hosts),
    read: typeof value === 'function' ? value : () => value,
    inBody: boolean(`${option}.body`, body, false),
  };
}

function textsOf(option: string, given: unknown): readonly string[] {
  if (Array.isArray(given) && given.every((item) => typeof item === 'string')) return given;
  throw invalidOption(option, describe(given), 'a list of texts');
}

function hostsOf(option: string, given: unknown): readonly HostPattern[] {
  return textsOf(option, given).map((entry) => {
    const pattern = parseHost(entry);
    if (pattern !== undefined) return pattern;
    throw invalidOption(
      option,
      entry,
      "a list of hosts such as 'api.example.com', '*.example.org' or 'internal:8080', without protocol and path",
    );
  });
}

const ENTRY = /^(?<star>\*\.)?(?<host>\[[\da-f:.]+\]|[^\s:/?#@[\]*]+)(?::(?<port>\d{1,5}|\*))?$/i;

/** Undefined if it is none. The name is written as a URL writes it. */
export function parseHost(entry: string): HostPattern | undefined {
  const { star, host = '', port } = ENTRY.exec(entry)?.groups ?? {};
  if (host === '' || Number(port) > 65_535 || !URL.canParse(`http://${host}/`)) return undefined;
  const { hostname } = new URL(`http://${host}/`);
  return { host: star === undefined ? hostname : `.${hostname}`, isSuffix: star !== undefined, port };
}

/** Whether one of the patterns is that of the URL's host and port. */
export function matchesHost(patterns: readonly HostPattern[], { hostname, port, protocol }: URL): boolean {
  const standard = protocol === 'https:' ? '443' : '80';
  return patterns.some(
    (pattern) =>
      (pattern.isSuffix
        ? hostname.endsWith(pattern.host) && hostname.length > pattern.host.length
        : hostname === pattern.host) &&
      (pattern.port === '*' || (pattern.port ?? standard) === (port === '' ? standard : port)),
  );
}

function proxyOf(given: unknown): URL | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'string' && URL.canParse(given)) {
    const proxy = new URL(given);
    if (proxy.protocol === 'http:' && proxy.hostname !== '') return proxy;
  }
  // Its URL may have a password.
  throw invalidOption('network.proxy', typeof given, 'the URL of a proxy, such as http://proxy:3128');
}
