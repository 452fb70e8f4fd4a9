import type { CapabilityKind } from '../api/capability.js';

export const CAPABILITY_KINDS: readonly CapabilityKind[] = [
  'state:read',
  'state:write',
  'events:emit',
  'view:update',
  'ext',
];

export interface ParsedToken {
  readonly kind: CapabilityKind;
  /** A name, or a prefix followed by `*`. */
  readonly pattern: string;
}

/** Splits a token; returns undefined if it does not follow the grammar. */
export function parseToken(token: unknown): ParsedToken | undefined {
  if (typeof token !== 'string') return undefined;
  const kind = CAPABILITY_KINDS.find((candidate) => token.startsWith(`${candidate}:`));
  if (kind === undefined) return undefined;
  const pattern = token.slice(kind.length + 1);
  const star = pattern.indexOf('*');
  if (pattern === '' || (star !== -1 && star !== pattern.length - 1)) return undefined;
  if (kind === 'ext' && pattern.startsWith('.')) return undefined;
  // An extension without a method means all its methods.
  return { kind, pattern: kind === 'ext' && star === -1 && !pattern.includes('.') ? `${pattern}.*` : pattern };
}

/**
 * Whether an extension may have this name. The name ends at the first dot of `ext:http.get`; if names could
 * contain dots, `ext:http` would also cover the extension `http.admin`.
 */
export function isExtensionName(name: string): boolean {
  return name !== '' && !name.includes('.');
}

/** The expected name of an extension, for an error message. */
export const EXTENSION_NAME = 'extensions named without dots, with at least one character';
