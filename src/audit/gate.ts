import type { NexusError } from '../errors/nexus-error.js';

/** The same for all copies of this module, of `import` and of `require`. */
const GATE = Symbol.for('nexus-runtime.audit-gate');

/** Says why nothing may be executed; undefined if it may. */
export type AuditGate = () => NexusError | undefined;

/** A listener without which nothing may be executed. */
export function withGate<Listener extends object>(listener: Listener, gate: AuditGate): Listener {
  return Object.assign(listener, { [GATE]: gate });
}

/** Undefined for a listener on which no execution depends. */
export function gateOf(listener: unknown): AuditGate | undefined {
  if (typeof listener !== 'function') return undefined;
  const gate: unknown = Reflect.get(listener, GATE);
  return typeof gate === 'function' ? (gate as AuditGate) : undefined;
}
