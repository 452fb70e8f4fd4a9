import type { CapabilityKind } from '../contract/capability.js';

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

/** Splits a token, or returns undefined when it does not follow the grammar. */
export function parseToken(token: unknown): ParsedToken | undefined {
  if (typeof token !== 'string') return undefined;
  const kind = CAPABILITY_KINDS.find((candidate) => token.startsWith(`${candidate}:`));
  if (kind === undefined) return undefined;
  const pattern = token.slice(kind.length + 1);
  const star = pattern.indexOf('*');
  if (pattern === '' || (star !== -1 && star !== pattern.length - 1)) return undefined;
  // An extension without a method stands for all of its methods.
  return { kind, pattern: kind === 'ext' && star === -1 && !pattern.includes('.') ? `${pattern}.*` : pattern };
}
