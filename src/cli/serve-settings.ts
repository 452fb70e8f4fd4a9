import { invalidOption } from '../config/check.js';
import { variableOf } from '../config/option-table.js';
import { MIN_TOKEN_CHARACTERS } from '../server/access/authentication.js';
import type { ServeOptions } from '../server/serve-options.js';
import type { GivenOptions, OptionSpecs } from './command.js';

type Kind = 'text' | 'count' | 'switch';

/** Options of `nexus serve` that a flag or a variable can say. */
const SETTINGS = {
  host: { kind: 'text', value: 'ADDRESS', doc: 'the address to listen on; default: 127.0.0.1' },
  port: { kind: 'count', value: 'NUMBER', doc: 'the port, 0 for any that is free; default: 8787' },
  manifest: { kind: 'text', value: 'FILE', doc: 'the manifest.json of a build, for POST /handlers/:name' },
  work: {
    kind: 'switch',
    value: 'true|false',
    doc: 'whether this process executes durable runs; default: if there is a store',
  },
  logRequests: { kind: 'switch', value: 'true|false', doc: 'whether each request is logged; default: true' },
  maxBodyBytes: { kind: 'count', value: 'BYTES', doc: 'largest body of a request; default: 1 MiB' },
  maxResponseBytes: { kind: 'count', value: 'BYTES', doc: 'largest response; default: 8 MiB' },
  maxInFlight: { kind: 'count', value: 'NUMBER', doc: 'requests that are worked on at the same time; default: 1000' },
  maxConnections: { kind: 'count', value: 'NUMBER', doc: 'open connections; default: 10000' },
  drainTimeoutMs: {
    kind: 'count',
    value: 'MS',
    doc: 'how long requests may take to end at a shutdown; default: 25000',
  },
} as const satisfies Partial<Record<keyof ServeOptions, { kind: Kind; value: string; doc: string }>>;

type Name = keyof typeof SETTINGS;
const NAMES = Object.keys(SETTINGS) as Name[];

const flagOf = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const SERVE_OPTIONS: OptionSpecs = Object.fromEntries(
  NAMES.map((name) => [flagOf(name), { type: 'string', value: SETTINGS[name].value, doc: SETTINGS[name].doc }]),
);

/**
 * What flags and variables say: flags before variables. `NEXUS_TOKEN` is one token with all scopes; `PORT` and `HOST` count as well.
 *
 * @throws NexusError INVALID_CONFIG naming the flag or the variable
 */
export function serveSettings(options: GivenOptions, env: NodeJS.ProcessEnv): ServeOptions {
  const found: Record<string, unknown> = {};
  for (const name of NAMES) {
    const variables = [`NEXUS_${variableOf(name)}`, ...(name === 'port' || name === 'host' ? [variableOf(name)] : [])];
    const variable = variables.find((one) => (env[one] ?? '').trim() !== '');
    const flag = options.text(flagOf(name));
    if (flag !== undefined) found[name] = read(`--${flagOf(name)}`, SETTINGS[name].kind, flag);
    else if (variable !== undefined)
      found[name] = read(`${variable} (environment)`, SETTINGS[name].kind, (env[variable] ?? '').trim());
  }
  const token = env['NEXUS_TOKEN']?.trim();
  if (token && (token.length < MIN_TOKEN_CHARACTERS || /\s/.test(token)))
    throw invalidOption(
      'NEXUS_TOKEN (environment)',
      'a shorter one',
      `at least ${MIN_TOKEN_CHARACTERS} characters without spaces`,
    );
  if (token) found['tokens'] = [{ name: 'default', token, scopes: ['admin'] }];
  return found as ServeOptions;
}

function read(where: string, kind: Kind, text: string): unknown {
  if (kind === 'text') return text;
  if (kind === 'count') {
    if (/^\d+$/.test(text)) return Number(text);
    throw invalidOption(where, text, 'a whole number');
  }
  if (text === 'true' || text === 'false') return text === 'true';
  throw invalidOption(where, text, 'true or false');
}
