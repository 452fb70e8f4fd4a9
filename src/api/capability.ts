/** A right to do one kind of thing to one name, or, ending in `*`, to every name that begins so. */
export type CapabilityToken =
  | `state:read:${string}`
  | `state:write:${string}`
  | `events:emit:${string}`
  | `view:update:${string}`
  | `ext:${string}`;

export type CapabilityKind = 'state:read' | 'state:write' | 'events:emit' | 'view:update' | 'ext';
