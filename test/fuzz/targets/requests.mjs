// Requests as a guest that owns its VM can have them made: any method, URL, headers and body of the right types, and servers that redirect
// to anywhere. Only hosts of the option are asked, and a secret goes to its own host and comes back to no handler.
import { Grants } from '#build/capabilities/grants.js';
import { resolveNetwork } from '#build/config/resolve-network.js';
import { readOwnCall } from '#build/execution/result/own-call.js';
import { makeRequest } from '#build/network/client.js';
import { NetworkDenial, NetworkFailure } from '#build/network/failure.js';
import { mutateBytes } from '../lib/mutate.mjs';

export const cases = 100_000;
export const short = 1_500;

const SECRET = 'sk_live_0123456789abcdef';
const GRANTS = Grants.parse(['net:*']);
const ALLOWED = ['api.example.com', 'other.example.org:8443'];
const URLS = [
  'https://api.example.com/v1?a=b#c',
  'https://api.example.com.evil.example/',
  'https://api.example.com@evil.example/',
  'https://api.example.com:443/{{secret:KEY}}',
  'https://other.example.org:8443/x',
  'http://api.example.com/',
  'https://evil.example/?k={{secret:KEY}}',
  'https://127.0.0.1/',
  'https://[::ffff:169.254.169.254]/latest',
  'file:///etc/passwd',
  'data:text/plain,x',
  'https://API.EXAMPLE.COM./',
];
const HEADERS = [
  ['authorization', 'Bearer {{secret:KEY}}'],
  ['x-key', '{{secret:KEY}}{{secret:OTHER}}'],
  ['host', 'evil.example'],
  ['transfer-encoding', 'chunked'],
  ['a\r\nb', 'c'],
  ['x', 'a\r\nhost: evil.example'],
  ['accept', '*/*'],
  ['__proto__', 'x'],
];
const BODIES = ['', '{"k":"{{secret:KEY}}"}', '{{secret:KEY', 'text'];
/** How often the secret was put into a request: a target in which it never is would find nothing. */
let sentSecrets = 0;
let made = 0;
const MADE_BEFORE_DOUBT = 1_000;
const STATUS = [200, 204, 301, 302, 303, 307, 308, 404, 500, 304];

function mutated(random, text, others) {
  if (random.chance(0.6)) return text;
  const all = others.map((other) => Buffer.from(other));
  return Buffer.from(mutateBytes(random, Buffer.from(text), all)).toString('latin1');
}

/** A case: a request, and what servers answer to it in turn. */
export function generate(random) {
  const url = () => mutated(random, random.pick(URLS), URLS);
  return {
    request: {
      method: random.chance(0.8) ? random.pick(['GET', 'POST', 'DELETE']) : random.pick(['get', 'CONNECT', 'G T', '']),
      url: url(),
      headers: random.list(random.below(3), () => {
        const [name, value] = random.pick(HEADERS);
        return [name, mutated(random, value, BODIES)];
      }),
      redirect: random.pick(['follow', 'follow', 'manual', 'error']),
      ...(random.chance(0.4) && { body: Buffer.from(mutated(random, random.pick(BODIES), BODIES)) }),
    },
    answers: random.list(1 + random.below(4), () => ({
      status: random.pick(STATUS),
      location: random.chance(0.7) ? url() : undefined,
      echoes: random.chance(0.5),
    })),
  };
}

export async function run({ request, answers }) {
  // What does not pass here is an outcome that is dropped as a whole.
  if (readOwnCall({ extensionName: '$net', method: 'fetch', args: [request] }) === undefined) return undefined;
  const wrong = [];
  let asked = 0;
  const config = resolveNetwork({
    allow: ALLOWED,
    secrets: { KEY: { hosts: ['api.example.com'], value: SECRET, body: true } },
    redirects: 3,
    fetch: async (sentRequest) => {
      const { protocol, host } = new URL(sentRequest.url);
      const body = Buffer.from(await sentRequest.arrayBuffer()).toString('latin1');
      const sent = `${sentRequest.url} ${JSON.stringify([...sentRequest.headers])} ${body}`;
      if (!ALLOWED.includes(host)) wrong.push(`it asked ${host}`);
      if (sent.includes(SECRET) && (host !== 'api.example.com' || protocol !== 'https:')) {
        wrong.push(`the secret went to ${protocol}//${host}`);
      }
      if (sent.includes(SECRET)) sentSecrets++;
      if (++asked > 4) wrong.push('it followed more redirects than it may');
      const { status, location, echoes } = answers[(asked - 1) % answers.length];
      const bare = status === 204 || status === 304;
      const answered = new Headers();
      if (echoes) answered.set('x-echo', encodeURI(sent).slice(0, 500));
      try {
        if (location !== undefined) answered.set('location', location);
      } catch {
        // No header can have this value.
      }
      return new Response(bare ? null : echoes ? sent : 'x', { status, headers: answered });
    },
  });
  try {
    const how = { grants: GRANTS, signal: new AbortController().signal, onDenied() {}, maxResponseBytes: 1e6 };
    const { headers, body, url } = await makeRequest(request, config, how);
    const got = `${url} ${JSON.stringify(headers)} ${Buffer.from(body).toString('latin1')}`;
    if (got.includes(SECRET)) wrong.push('the handler got the secret');
  } catch (error) {
    const isKnown = error instanceof NetworkFailure || error instanceof NetworkDenial;
    if (!isKnown) return { kind: 'threw', message: String(error?.stack ?? error) };
    if (`${error.message} ${JSON.stringify(error)}`.includes(SECRET)) wrong.push('the error has the secret');
  }
  if (++made === MADE_BEFORE_DOUBT && sentSecrets === 0) wrong.push('no request had the secret');
  return wrong.length > 0 ? { kind: 'leak', message: wrong.join(', ') } : undefined;
}

export function describe({ request, answers }) {
  const { body, ...rest } = request;
  return `${JSON.stringify({ ...rest, ...(body && { body: Buffer.from(body).toString('latin1') }) })} ${JSON.stringify(answers)}`;
}
