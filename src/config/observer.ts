/** One capability that an execution used, or tried to use in vain. */
export interface AuditEvent {
  /** A token of the exact name that was used, never with a `*`: `'state:write:count'`. */
  readonly capability: string;
  readonly allowed: boolean;
  /** How often it was used. Reads of a state key count once, however many there were. */
  readonly uses: number;
  readonly handlerName?: string;
  readonly panelId?: string;
}

/** A handler that nobody resumed in time. */
export interface ExpiryEvent {
  readonly suspensionId: string;
}

/** What an application is told while handlers run. A listener that throws harms nobody. */
export interface RuntimeObserver {
  /** Every use of a capability, allowed or denied: after each execution, once per capability. */
  readonly onAudit?: (event: AuditEvent) => void;
  /** A suspended handler expired; told to one of the processes that share a store, up to a minute later. */
  readonly onExpired?: (event: ExpiryEvent) => void;
}
