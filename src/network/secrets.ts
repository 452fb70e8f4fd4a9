import { matchesHost, type SecretConfig } from '../config/resolve-network.js';
import { NetworkFailure } from './failure.js';

const PLACEHOLDER = /\{\{secret:([^{}]{1,200})\}\}/g;
/** What a placeholder begins with, in any notation that a URL has for it. */
const IN_URL = /(?:\{|%7b){2}secret:/i;

/** A server that repeats a secret without end would hold the main thread, and a placeholder may be longer than its value. */
const MAX_REPEATED = 1_000;

type Headers = readonly (readonly [name: string, value: string])[];

/** Texts in which a request names secrets. */
export interface Templated {
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
}

/** A request with the secrets in it. */
export interface Filled {
  readonly headers: Headers;
  readonly body: Uint8Array | undefined;
  /** Values that were put in, by their placeholders, the longest first: another may be a part of it. They must not come back. */
  readonly used: ReadonlyMap<string, string>;
}

export function hasSecrets(text: string): boolean {
  return text.search(PLACEHOLDER) !== -1;
}

/**
 * Puts secrets in the place of their placeholders, in the headers and where it is allowed in the body.
 *
 * @throws NetworkFailure SECRET_REFUSED if a secret may not go there
 */
export async function fillSecrets(
  { url, headers, body }: Templated,
  secrets: ReadonlyMap<string, SecretConfig>,
  allowPrivate: boolean,
): Promise<Filled> {
  if (IN_URL.test(url.href))
    throw new NetworkFailure('SECRET_REFUSED', 'a secret cannot stand in a URL; write it in a header');
  const used = new Map<string, string>();
  const read = async (name: string, isInBody: boolean): Promise<void> => {
    const placeholder = `{{secret:${name}}}`;
    const secret = secrets.get(name);
    if (secret === undefined) throw refused(`there is no secret ${JSON.stringify(name)} in network.secrets`);
    if (!matchesHost(secret.hosts, url))
      throw refused(`the secret ${name} may not be sent to ${url.host}: it is for other hosts`);
    if (url.protocol === 'http:' && !allowPrivate) throw refused(`the secret ${name} is not sent over plain http:`);
    if (isInBody && !secret.inBody) throw refused(`the secret ${name} may stand in headers only`);
    if (!used.has(placeholder)) used.set(placeholder, await secretOf(name, secret));
  };
  for (const name of namesIn(headers.map(([, value]) => value).join('\n'))) await read(name, false);
  const text = body === undefined ? '' : Buffer.from(body).toString('latin1');
  for (const name of namesIn(text)) await read(name, true);
  if (used.size === 0) return { headers, body, used };
  const fill = (template: string, encoding: (value: string) => string) =>
    template.replace(PLACEHOLDER, (placeholder) => encoding(used.get(placeholder) ?? placeholder));
  return {
    headers: headers.map(([name, value]) => [name, fill(value, (secret) => secret)]),
    body:
      body &&
      Buffer.from(
        fill(text, (secret) => Buffer.from(secret).toString('latin1')),
        'latin1',
      ),
    used: new Map([...used].sort(([, one], [, other]) => other.length - one.length)),
  };
}

async function secretOf(name: string, { read }: SecretConfig): Promise<string> {
  let value: unknown;
  try {
    value = await read();
  } catch {
    // Its error may hold the value.
    throw refused(`the secret ${name} cannot be read`);
  }
  // A line break would begin another header.
  if (typeof value === 'string' && value !== '' && !/[\0\r\n]/.test(value)) return value;
  throw refused(`the secret ${name} is not a text of one line`);
}

function namesIn(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(PLACEHOLDER)].map(([, name]) => name as string));
}

function refused(why: string): NetworkFailure {
  return new NetworkFailure('SECRET_REFUSED', why);
}

/** Where a server sends a secret back, the handler sees its placeholder. */
export function withoutSecrets(text: string, used: ReadonlyMap<string, string>): string {
  let clean = text;
  for (const [placeholder, value] of used) clean = clean.replaceAll(value, placeholder);
  return clean;
}

/**
 * The same in bytes, in the encodings of a body and of a header.
 *
 * @throws NetworkFailure INVALID_RESPONSE if there are too many
 */
export function bytesWithoutSecrets(bytes: Uint8Array, used: ReadonlyMap<string, string>): Uint8Array {
  let clean: Buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const [placeholder, value] of used) {
    clean = replaced(clean, Buffer.from(value), Buffer.from(placeholder));
    const asHeader = Buffer.from(value, 'latin1');
    if (asHeader.toString('latin1') === value) clean = replaced(clean, asHeader, Buffer.from(placeholder));
  }
  return new Uint8Array(clean);
}

function replaced(bytes: Buffer, secret: Uint8Array, placeholder: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = bytes.indexOf(secret); at !== -1; at = bytes.indexOf(secret, from)) {
    if (parts.length >= 2 * MAX_REPEATED) {
      throw new NetworkFailure('INVALID_RESPONSE', `the response repeats a secret more than ${MAX_REPEATED} times`);
    }
    parts.push(bytes.subarray(from, at), placeholder);
    from = at + secret.length;
  }
  return from === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
}
