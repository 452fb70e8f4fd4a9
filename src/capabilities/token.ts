import type { CapabilityKind } from '../api/capability.js';
import { NET_EXTENSION, SIGNAL_EXTENSION, TIMER_EXTENSION } from '../guest/abi.js';

export const CAPABILITY_KINDS: readonly CapabilityKind[] = [
  'state:read',
  'state:write',
  'events:emit',
  'view:update',
  'ext',
  'timer',
  'net',
  'signal',
];

export interface ParsedToken {
  readonly kind: CapabilityKind;
  /** A name, or a prefix followed by `*`. */
  readonly pattern: string;
}

/** Splits a token; returns undefined if it does not follow the grammar. */
export function parseToken(token: unknown): ParsedToken | undefined {
  if (typeof token !== 'string') return undefined;
  if (token === 'timer') return { kind: 'timer', pattern: '*' };
  const kind = CAPABILITY_KINDS.find((candidate) => token.startsWith(`${candidate}:`));
  if (kind === undefined) return undefined;
  const pattern = token.slice(kind.length + 1);
  if (kind === 'net') return netPattern(pattern);
  const star = pattern.indexOf('*');
  if (pattern === '' || (star !== -1 && star !== pattern.length - 1)) return undefined;
  if (kind === 'ext' && pattern.startsWith('.')) return undefined;
  // An extension without a method means all its methods.
  return { kind, pattern: kind === 'ext' && star === -1 && !pattern.includes('.') ? `${pattern}.*` : pattern };
}

/** `METHOD:HOST`, where each part may end in `*`; or `*` for all. A method is written in capital letters, a host as in a URL. */
function netPattern(pattern: string): ParsedToken | undefined {
  if (pattern === '*') return { kind: 'net', pattern };
  const parts = splitNetPattern(pattern);
  if (parts === undefined) return undefined;
  const { method, host } = parts;
  if (!/^(?:\*|[A-Z][A-Z0-9-]*\*?)$/.test(method) || !/^(?:\*|[^\s*/?#@A-Z]+\*?)$/.test(host)) return undefined;
  return { kind: 'net', pattern: method === '*' && host === '*' ? '*' : pattern };
}

/** Method and host of the capability of a request, or of a pattern. */
export function splitNetPattern(pattern: string): { readonly method: string; readonly host: string } | undefined {
  const colon = pattern.indexOf(':');
  return colon < 1 ? undefined : { method: pattern.slice(0, colon), host: pattern.slice(colon + 1) };
}

/**
 * Whether an extension may have this name. The name ends at the first dot of `ext:http.get`; if names could
 * contain dots, `ext:http` would also cover the extension `http.admin`.
 */
export function isExtensionName(name: string): boolean {
  return name !== '' && !name.includes('.') && !OF_THE_RUNTIME.has(name);
}

const OF_THE_RUNTIME: ReadonlySet<string> = new Set([TIMER_EXTENSION, NET_EXTENSION, SIGNAL_EXTENSION]);

/** The expected name of an extension, for an error message. */
export const EXTENSION_NAME = 'extensions named without dots, with at least one character';

/** Whether every name of the one pattern is one of the other. All names of a prefix are covered by every prefix of it, and by nothing else. */
export function coversPattern(kind: CapabilityKind, granted: string, needed: string): boolean {
  if (kind !== 'net' || granted === '*' || needed === '*') return coversText(granted, needed);
  // Method and host are compared separately.
  const [has, wants] = [splitNetPattern(granted), splitNetPattern(needed)];
  if (has === undefined || wants === undefined) return false;
  return coversText(has.method, wants.method) && coversText(has.host, wants.host);
}

function coversText(granted: string, needed: string): boolean {
  return granted.endsWith('*') ? needed.startsWith(granted.slice(0, -1)) : needed === granted;
}
