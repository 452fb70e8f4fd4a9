import type { Node } from 'acorn';

import type { CapabilityKind, CapabilityToken } from '../../../api/capability.js';
import { CAPABILITY_KINDS, coversPattern } from '../../token.js';

/**
 * The most names of one kind that are listed separately: a longer list cannot be reviewed, and is slow to
 * check.
 */
const MAX_NAMES = 500;
/** The most places that are kept for one capability. */
const MAX_REASONS = 200;

/** Every capability is demanded and no reasons are kept, so the analysis can stop. */
export class EverythingDemanded extends Error {}

/** The capabilities that a handler needs, as far as the analysis has found them. */
export class Demands {
  readonly #isExplained: boolean;
  readonly #byToken = new Map<CapabilityToken, Map<string, { at: Node; reason: string }>>();

  readonly #counts = new Map<CapabilityKind, number>();

  /** @param isExplained whether reasons are kept */
  constructor(isExplained: boolean) {
    this.#isExplained = isExplained;
  }

  /**
   * @param pattern a name, or a prefix followed by `*`
   * @throws EverythingDemanded
   */
  add(kind: CapabilityKind, pattern: string, at: Node, reason: string): void {
    const token: CapabilityToken = `${kind}:${pattern}`;
    const isKnown = this.#byToken.has(token);
    if (isKnown && !this.#isExplained) return;
    if (!isKnown && pattern !== '*') {
      const count = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, count);
      if (count > MAX_NAMES) {
        this.add(kind, '*', at, 'more names than can be listed');
        return;
      }
    }
    const reasons = this.#byToken.get(token) ?? new Map<string, { at: Node; reason: string }>();
    this.#byToken.set(token, reasons);
    if (!this.#isExplained) {
      if (pattern === '*' && CAPABILITY_KINDS.every((each) => this.#byToken.has(`${each}:*`))) {
        throw new EverythingDemanded();
      }
      return;
    }
    if (reasons.size < MAX_REASONS) reasons.set(`${at.start} ${reason}`, { at, reason });
  }

  everything(at: Node, reason: string): void {
    for (const kind of CAPABILITY_KINDS) this.add(kind, '*', at, reason);
  }

  /** Sorted, without tokens that others cover. */
  tokens(): CapabilityToken[] {
    const all = [...this.#byToken.keys()];
    const wildcards = all.filter((token) => token.includes('*')).map((token) => ({ token, ...parsed(token) }));
    const isCovered = (token: CapabilityToken) => {
      const { kind, pattern } = parsed(token);
      return wildcards.some(
        (wildcard) =>
          wildcard.token !== token && wildcard.kind === kind && coversPattern(kind, wildcard.pattern, pattern),
      );
    };
    return all.filter((token) => !isCovered(token)).sort();
  }

  reasonsFor(token: CapabilityToken): { readonly at: Node; readonly reason: string }[] {
    const reasons = [...(this.#byToken.get(token)?.values() ?? [])];
    return reasons.sort((a, b) => a.at.start - b.at.start || (a.reason < b.reason ? -1 : 1));
  }
}

/** Tokens are made here: their names may be those that no token is parsed from. */
function parsed(token: CapabilityToken): { readonly kind: CapabilityKind; readonly pattern: string } {
  const kind = CAPABILITY_KINDS.find((each) => token.startsWith(`${each}:`)) as CapabilityKind;
  return { kind, pattern: token.slice(kind.length + 1) };
}
