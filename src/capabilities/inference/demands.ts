import type { Node } from 'acorn';

import type { CapabilityKind, CapabilityToken } from '../../contract/capability.js';
import { CAPABILITY_KINDS } from '../token.js';

/** The capabilities that a handler was found to need. */
export class Demands {
  readonly #byToken = new Map<CapabilityToken, Map<string, { at: Node; reason: string }>>();

  /** @param pattern a name, or a prefix before a `*` */
  add(kind: CapabilityKind, pattern: string, at: Node, reason: string): void {
    const token: CapabilityToken = `${kind}:${pattern}`;
    const reasons = this.#byToken.get(token) ?? new Map<string, { at: Node; reason: string }>();
    this.#byToken.set(token, reasons);
    reasons.set(`${at.start} ${reason}`, { at, reason });
  }

  everything(at: Node, reason: string): void {
    for (const kind of CAPABILITY_KINDS) this.add(kind, '*', at, reason);
  }

  /** Sorted, without those that others cover. */
  tokens(): CapabilityToken[] {
    const all = [...this.#byToken.keys()];
    const wildcards = all.filter((token) => token.endsWith('*'));
    const isCovered = (token: CapabilityToken) =>
      wildcards.some((wildcard) => wildcard !== token && token.startsWith(wildcard.slice(0, -1)));
    return all.filter((token) => !isCovered(token)).sort();
  }

  reasonsFor(token: CapabilityToken): { readonly at: Node; readonly reason: string }[] {
    const reasons = [...(this.#byToken.get(token)?.values() ?? [])];
    return reasons.sort((a, b) => a.at.start - b.at.start || (a.reason < b.reason ? -1 : 1));
  }
}
