import type { WasmContext } from '../api/context.js';
import type { ExecutionLimits } from '../api/limits.js';
import { describe, rejectUnknownKeys } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import type { ExecuteOptions } from '../execution/request/execute-options.js';
import { capabilitiesCover } from '../index.js';
import type { Identity } from './access/identity.js';
import { Problem } from './problem.js';

/** Fields of `context` that a request may have; the runtime checks their values. */
const CONTEXT_KEYS = ['panelId', 'handlerName', 'stateSnapshot', 'args', 'scope', 'capabilities'];
/** Options that a request may have: those that are data. */
const OPTION_KEYS = [
  ...[
    'timeoutMs',
    'deadlineMs',
    'queueTimeoutMs',
    'tenant',
    'limits',
    'seed',
    'now',
    'locale',
    'timeZone',
    'unawaited',
  ],
  ...['onLogOverflow', 'filename', 'entry', 'wrap', 'returnLastExpression', 'normalise'],
];
const RUN_KEYS = ['callTimeoutMs', 'maxCalls'];
/** Other limits are those of the first execution. */
const RESUME_KEYS = ['timeoutMs', 'deadlineMs', 'queueTimeoutMs', 'now', 'wait'];
const NAMED_KEYS = ['context', 'options'];
const CODE_KEYS = [...NAMED_KEYS, 'code', 'artifact'];
const START_KEYS = [
  'runId',
  'startAt',
  'maxCalls',
  'timeoutMs',
  'tenant',
  'limits',
  'locale',
  'timeZone',
  'filename',
  'entry',
  'unawaited',
  'seed',
];
const KEYS_OF = { execute: OPTION_KEYS, run: [...OPTION_KEYS, ...RUN_KEYS], start: START_KEYS };
/** Names of what the runtime is given as options of a call. */
const ALL_OPTIONS: ReadonlySet<string> = new Set([
  ...[...OPTION_KEYS, ...RUN_KEYS, ...RESUME_KEYS, ...START_KEYS],
  ...['signal', 'toJSON', 'schemas', 'suspensions'],
]);
const ALL_OF_CONTEXT: ReadonlySet<string> = new Set([...CONTEXT_KEYS, 'extensionRegistry']);
/** Longer names are stored as hashes, by which nobody could find their runs. */
const MAX_TENANT = 64;

/** The fields of a request that executes something. */
export interface HandlerRequest {
  /** Source, or an artifact. Absent for handlers by name. */
  readonly code: string | Uint8Array | undefined;
  readonly context: WasmContext;
  readonly options: ExecuteOptions & Readonly<Record<string, unknown>>;
}

export interface ReadOptions {
  readonly identity: Identity;
  /** Whether it has the code, and whether that may be an artifact. */
  readonly code: 'source' | 'source or artifact' | 'none';
  readonly kind: 'execute' | 'run' | 'start';
}

/** @throws Problem 403 or 422 naming the field; NexusError INVALID_ARGUMENT */
export function readExecuteRequest(body: unknown, { identity, code, kind }: ReadOptions): HandlerRequest {
  requireFields(body, '', code === 'none' ? NAMED_KEYS : CODE_KEYS);
  const { context = {}, options = {} } = body;
  requireFields(context, 'context', CONTEXT_KEYS);
  requireFields(options, 'options', KEYS_OF[kind]);
  checkCapabilities(context['capabilities'], identity);
  return {
    code: code === 'none' ? undefined : readCode(body, code),
    context: context as WasmContext,
    options: {
      ...options,
      ...limitsFor(options, identity),
      ...tenantFor(options, identity),
      ...dateIn(options),
    } as HandlerRequest['options'],
  };
}

/** Options of a resumption, within the limits of the token. @throws Problem 403 or 422 naming the field; NexusError INVALID_ARGUMENT */
export function readResumeOptions(options: unknown, { limits: { timeoutMs } }: Identity): object {
  requireFields(options, 'options', RESUME_KEYS);
  if (timeoutMs === undefined) return options;
  const { limits: _, ...bounded } = limitsFor(options, { limits: { timeoutMs } });
  return { ...options, ...bounded };
}

/** The place in a request of what the runtime names: what to it is `timeoutMs` is `options.timeoutMs` to the client. */
export function fieldInRequest(name: string): string {
  const [first = ''] = /^\w+/.exec(name) ?? [];
  if (ALL_OPTIONS.has(first)) return `options.${name}`;
  return ALL_OF_CONTEXT.has(first) ? `context.${name}` : name;
}

/** @throws Problem 422; NexusError INVALID_ARGUMENT naming the nearest field */
export function requireFields(
  value: unknown,
  field: string,
  keys: readonly string[],
): asserts value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(field === '' ? 'body' : field, value, 'an object');
  rejectUnknownKeys(value, keys, field === '' ? '' : `${field}.`, 'INVALID_ARGUMENT');
}

export function wrong(field: string, value: unknown, expected: string): Problem {
  return new Problem(422, 'INVALID_ARGUMENT', `${field} is ${describe(value)}; it must be ${expected}.`, { field });
}

/** The tenant of what an identity may see. @returns undefined for all */
export function visibleTenant({ tenant, scopes }: Identity): string | undefined {
  return scopes.has('admin') ? undefined : tenant;
}

/** @throws Problem 403 for the data of another tenant */
export function requireOwnTenant(own: string | undefined, asked: string | undefined): void {
  if (own === undefined || asked === undefined || asked === own) return;
  throw new Problem(403, 'FORBIDDEN', `The token is of the tenant ${own}.`, { field: 'tenant' });
}

function readCode(body: Readonly<Record<string, unknown>>, kind: 'source' | 'source or artifact'): string | Uint8Array {
  const { code, artifact } = body;
  if (artifact === undefined) {
    if (typeof code === 'string') return code;
    throw wrong('code', code, 'the source of a handler');
  }
  if (code !== undefined)
    throw new Problem(422, 'INVALID_ARGUMENT', 'There are both code and artifact; give one of them.', {
      field: 'artifact',
    });
  if (kind === 'source') {
    throw new Problem(
      403,
      'FORBIDDEN',
      'This server takes no artifacts: it has no cacheSecret, by which it would know its own.',
      { field: 'artifact' },
    );
  }
  if (typeof artifact !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(artifact))
    throw wrong('artifact', artifact, 'an artifact in base64');
  return Buffer.from(artifact, 'base64');
}

function checkCapabilities(given: unknown, { capabilities }: Identity): void {
  if (capabilities === undefined || given === undefined) return;
  if (!Array.isArray(given)) throw wrong('context.capabilities', given, 'a list');
  const refused = (given as readonly unknown[]).find((token, index) => !covers(capabilities, token, index));
  if (refused === undefined) return;
  const detail = `The token does not allow the capability ${describe(refused)}; it allows ${capabilities.join(', ') || 'none'}.`;
  throw new Problem(403, 'FORBIDDEN', detail, { field: 'context.capabilities' });
}

function covers(capabilities: readonly string[], token: unknown, index: number): boolean {
  if (typeof token !== 'string') return false;
  try {
    return capabilitiesCover(capabilities, [token]);
  } catch (error) {
    if (!(error instanceof NexusError)) throw error;
    const field = `context.capabilities[${index}]`;
    // The message names `needed[0]`, the list made here; the caller knows its own.
    throw new Problem(422, error.code, error.message.replace('needed[0]', field), { field });
  }
}

/** What is above the limits of the token is refused; what is not named is as the token says. */
function limitsFor(
  options: Readonly<Record<string, unknown>>,
  { limits }: Pick<Identity, 'limits'>,
): Readonly<Record<string, unknown>> {
  const names = Object.keys(limits) as (keyof ExecutionLimits)[];
  if (names.length === 0) return {};
  const given = (options['limits'] ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof given !== 'object' || Array.isArray(given)) throw wrong('options.limits', given, 'an object');
  const most: Record<string, unknown> = {};
  for (const name of names) {
    const own = name === 'timeoutMs' ? options['timeoutMs'] : given[name];
    if (typeof own === 'number' && own > Number(limits[name])) {
      const field = name === 'timeoutMs' ? 'options.timeoutMs' : `options.limits.${name}`;
      throw new Problem(403, 'FORBIDDEN', `${field} is ${own}; the token allows ${limits[name]}.`, { field });
    }
    most[name] = own ?? limits[name];
  }
  const { timeoutMs, ...rest } = most;
  return { ...(timeoutMs !== undefined && { timeoutMs }), limits: { ...given, ...rest } };
}

function tenantFor(options: Readonly<Record<string, unknown>>, { tenant }: Identity): { readonly tenant?: string } {
  const given = options['tenant'];
  if (tenant !== undefined) {
    if (given === undefined || given === tenant) return { tenant };
    throw new Problem(403, 'FORBIDDEN', `options.tenant is ${describe(given)}; the token is of the tenant ${tenant}.`, {
      field: 'options.tenant',
    });
  }
  if (given === undefined) return {};
  if (typeof given !== 'string' || given === '' || given.length > MAX_TENANT)
    throw wrong('options.tenant', given, `1 to ${MAX_TENANT} characters`);
  return { tenant: given };
}

function dateIn({ startAt }: Readonly<Record<string, unknown>>): { readonly startAt?: Date } {
  if (startAt === undefined) return {};
  const date = new Date(typeof startAt === 'string' ? startAt : Number.NaN);
  if (Number.isNaN(date.getTime())) throw wrong('options.startAt', startAt, 'a time in ISO 8601');
  return { startAt: date };
}
