/**
 * The right to do one kind of operation with one name or, if it ends in `*`, with every name that has this
 * prefix.
 */
export type CapabilityToken =
  | `state:read:${string}`
  | `state:write:${string}`
  | `events:emit:${string}`
  | `view:update:${string}`
  | `ext:${string}`
  | 'timer'
  | `timer:${string}`
  | `net:${string}`
  | `signal:${string}`;

export type CapabilityKind =
  | 'state:read'
  | 'state:write'
  | 'events:emit'
  | 'view:update'
  | 'ext'
  | 'timer'
  | 'net'
  | 'signal';
