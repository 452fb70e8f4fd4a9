import { LRUCache } from 'lru-cache';
import type { ExecutionLimits } from '../../api/limits.js';
import type { ResumeTerms } from '../../protocol/messages.js';
import type { Mutable } from '../../support/mutable.js';
import type { SuspendedRun } from '../suspended-run.js';

/** Handlers whose runs wait in turn. */
const MAX_KEPT = 256;

/** Gives runs that go on under equal terms the same object for them. */
export class SharedTerms {
  /** By handler and tenant. */
  readonly #kept = new LRUCache<string, ResumeTerms>({ max: MAX_KEPT });

  /**
   * @param limits the same object for runs with equal ones
   * @returns undefined if the run depends on more than terms say
   */
  of(run: SuspendedRun, limits: ExecutionLimits): ResumeTerms | undefined {
    if (run.librarySet !== undefined || run.image !== undefined || run.prepared !== undefined) return undefined;
    const { handler, tenant, imageHash, features, localeSettings } = run;
    const { key } = handler;
    const name = tenant === undefined ? key : `${key} ${tenant}`;
    const known = this.#kept.get(name);
    const isSame =
      known !== undefined &&
      known.limits === limits &&
      known.features === features &&
      known.imageHash === imageHash &&
      known.localeSettings === localeSettings;
    if (isSame) return known;
    const terms: Mutable<ResumeTerms> = { key, imageHash, features, limits };
    if (tenant !== undefined) terms.tenant = tenant;
    if (localeSettings !== undefined) terms.localeSettings = localeSettings;
    this.#kept.set(name, terms);
    return terms;
  }
}
