import type { Grants } from '../capabilities/grants.js';
import { CAPABILITY_KINDS } from '../capabilities/token.js';
import type { AuditEvent } from '../config/observer.js';
import type { ReadOutcome } from './outcome.js';
import type { Origin } from './result.js';

/** Which capabilities an execution used and was denied, each once, allowed ones first. */
export function auditEvents(outcome: ReadOutcome, grants: Grants, origin: Origin): AuditEvent[] {
  const allowed = new Map<string, number>();
  const denied = new Map<string, number>();
  const count = (uses: Map<string, number>, capability: string) =>
    uses.set(capability, (uses.get(capability) ?? 0) + 1);
  for (const key of outcome.reads) if (grants.allows('state:read', key)) count(allowed, `state:read:${key}`);
  for (const { key } of outcome.stateMutations) count(allowed, `state:write:${key}`);
  for (const { name } of outcome.events) count(allowed, `events:emit:${name}`);
  for (const { componentId } of outcome.viewCommands) count(allowed, `view:update:${componentId}`);
  for (const { extensionName, method } of outcome.calls) count(allowed, `ext:${extensionName}.${method}`);
  for (const capability of outcome.denials) if (isCapability(capability)) count(denied, capability);
  // One that was forged is in no list of the guest's.
  const { error } = outcome;
  const forged = error?.code === 'PERMISSION_DENIED' ? error.context?.['capability'] : undefined;
  if (typeof forged === 'string' && isCapability(forged) && !denied.has(forged)) count(denied, forged);

  return [
    ...Array.from(allowed, ([capability, uses]) => ({ capability, allowed: true, uses, ...origin })),
    ...Array.from(denied, ([capability, uses]) => ({ capability, allowed: false, uses, ...origin })),
  ];
}

function isCapability(text: string): boolean {
  return CAPABILITY_KINDS.some((kind) => text.startsWith(`${kind}:`));
}
