import type { CapabilityKind } from '../../api/capability.js';
import type { AuditEvent } from '../../api/observing/observer.js';
import type { Grants } from '../../capabilities/grants.js';
import { CAPABILITY_KINDS } from '../../capabilities/token.js';
import { SIGNAL_EXTENSION } from '../../guest/abi.js';
import { isOwnCall } from '../own-call-kinds.js';
import type { ReadOutcome } from './outcome.js';
import { readOwnCall } from './own-call.js';

/**
 * Names of each kind in an execution's audit, counted separately for allowed and denied. One event counts the
 * uses of further names.
 */
export const MAX_AUDITED_NAMES = 1_000;
/** Longer names are cut: keys that do not exist and denied names cost a handler nothing. */
export const MAX_AUDITED_NAME_LENGTH = 256;

/** What all events of a segment say. */
export type AuditOrigin = Omit<AuditEvent, 'capability' | 'allowed' | 'uses' | 'isAssumed' | 'isCut'>;

type Audited = Pick<
  ReadOutcome,
  'reads' | 'denials' | 'stateMutations' | 'events' | 'viewCommands' | 'calls' | 'error'
>;

/**
 * Lists the capabilities that an execution used or was denied, each once, allowed ones first.
 *
 * Reads and denials are reported by the guest, so they are bounded here. If there is no report, everything
 * that could be read counts as read.
 */
export function auditEvents(outcome: Audited | undefined, grants: Grants, origin: AuditOrigin): AuditEvent[] {
  const events: AuditEvent[] = [];
  if (outcome?.reads === undefined) addAssumedReads(events, grants, origin);
  if (outcome === undefined) return events;
  const allowed = new Uses();
  const denied = new Uses();
  const { reads, stateMutations, viewCommands, calls, denials, error } = outcome;
  for (const key of reads?.keys ?? []) if (grants.allows('state:read', key)) allowed.count('state:read', key);
  if (reads !== undefined) allowed.countMore('state:read', reads.more);
  for (const { key } of stateMutations) allowed.count('state:write', key);
  for (const { name } of outcome.events) allowed.count('events:emit', name);
  for (const { componentId } of viewCommands) allowed.count('view:update', `${componentId}`);
  for (const call of calls) {
    const own = isOwnCall(call) ? readOwnCall(call) : undefined;
    if (own !== undefined) allowed.count(own.kind, own.name);
    else if (call.extensionName === SIGNAL_EXTENSION) allowed.count('signal', call.method);
    else allowed.count('ext', `${call.extensionName}.${call.method}`);
  }
  for (const capability of denials) denied.countToken(capability);
  // A forged effect is not in the guest's list of denials. A request that the options do not allow was audited when it was refused.
  const isForged = error?.code === 'PERMISSION_DENIED' && error.context?.['option'] === undefined;
  const forged = isForged ? error.context?.['capability'] : undefined;
  if (typeof forged === 'string' && !denials.includes(forged)) denied.countToken(forged);
  allowed.addTo(events, true, origin);
  denied.addTo(events, false, origin);
  return events;
}

/** A killed execution reports nothing: it may have read everything that it was allowed to. */
function addAssumedReads(events: AuditEvent[], grants: Grants, origin: AuditOrigin): void {
  const readable = grants.grant('state:read');
  for (const pattern of readable === true ? ['*'] : readable) {
    events.push({ capability: `state:read:${pattern}`, allowed: true, uses: 0, isAssumed: true, ...origin });
  }
}

/** How often names were used, by kind. */
class Uses {
  readonly #byKind = new Map<CapabilityKind, Map<string, number>>();
  readonly #more = new Map<CapabilityKind, number>();

  count(kind: CapabilityKind, name: string): void {
    const names = this.#byKind.get(kind) ?? new Map<string, number>();
    this.#byKind.set(kind, names);
    const short = name.length > MAX_AUDITED_NAME_LENGTH ? `${name.slice(0, MAX_AUDITED_NAME_LENGTH)}…` : name;
    const uses = names.get(short);
    if (uses === undefined && names.size >= MAX_AUDITED_NAMES) this.countMore(kind, 1);
    else names.set(short, (uses ?? 0) + 1);
  }

  countMore(kind: CapabilityKind, uses: number): void {
    if (uses > 0) this.#more.set(kind, (this.#more.get(kind) ?? 0) + uses);
  }

  /** @param token a denial that the guest reports: any text */
  countToken(token: string): void {
    const kind = CAPABILITY_KINDS.find((each) => token.startsWith(`${each}:`));
    if (kind !== undefined) this.count(kind, token.slice(kind.length + 1));
  }

  addTo(events: AuditEvent[], allowed: boolean, origin: AuditOrigin): void {
    for (const [kind, names] of this.#byKind) {
      for (const [name, uses] of names) events.push({ capability: `${kind}:${name}`, allowed, uses, ...origin });
    }
    for (const [kind, uses] of this.#more) {
      events.push({ capability: `${kind}:*`, allowed, uses, isCut: true, ...origin });
    }
  }
}
