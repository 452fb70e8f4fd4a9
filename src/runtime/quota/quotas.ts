import type { EventOrigin } from '../../api/observing/observer.js';
import type { TracedCallName } from '../../api/observing/tracing.js';
import type { UsageCounts } from '../../api/observing/usage.js';
import type { Quota, QuotaRequest } from '../../api/quota.js';
import type { WasmError } from '../../api/result.js';
import { NexusError } from '../../errors/nexus-error.js';
import { noUsage } from '../../metrics/meter.js';
import { callListener, warnOfIgnored } from '../../support/call-listener.js';
import { debug } from '../../support/debug.js';
import type { Mutable } from '../../support/mutable.js';
import { renderReason } from '../../support/render-reason.js';

interface Permit {
  readonly request: QuotaRequest;
  readonly usage: Mutable<UsageCounts>;
}

/** Asks the quota of the application before each call, and tells it after the call what it used. */
export class Quotas {
  readonly #quota: Quota;
  /** Of calls under way, by their origin, which is an object of each call. */
  readonly #permits = new Map<EventOrigin, Permit>();

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  /**
   * @returns why the call may not begin; undefined if it may
   * @throws NexusError INTERNAL_ERROR if the quota throws: a call that nothing admits does not begin
   */
  async begin(call: TracedCallName, origin: EventOrigin): Promise<WasmError | undefined> {
    const request: QuotaRequest = Object.freeze({ ...origin, call });
    let refusal: unknown;
    try {
      refusal = await this.#quota.begin(request);
    } catch (cause) {
      const message = `The quota threw, so the call did not begin: ${renderReason(cause)}`;
      throw new NexusError('INTERNAL_ERROR', message, { cause, context: { option: 'quota' } });
    }
    if (refusal === undefined || refusal === null) {
      if (debug.quota.hasSubscribers) debug.quota.publish({ step: 'admitted', ...request });
      this.#permits.set(origin, { request, usage: noUsage() });
      return undefined;
    }
    const error = describeRefusal(refusal, origin);
    if (debug.quota.hasSubscribers) debug.quota.publish({ step: 'refused', ...request, ...error.context });
    return error;
  }

  /** The sum of a call's segments so far; undefined if it was not let begin. */
  usageOf(origin: EventOrigin): Mutable<UsageCounts> | undefined {
    return this.#permits.get(origin)?.usage;
  }

  end(origin: EventOrigin): void {
    const permit = this.#permits.get(origin);
    if (permit === undefined) return;
    this.#permits.delete(origin);
    if (debug.quota.hasSubscribers) debug.quota.publish({ step: 'ended', ...permit.request, ...permit.usage });
    callListener(
      () => this.#quota.end(permit.request, permit.usage),
      (error) => warnOfIgnored('quota.end', error),
    );
  }
}

/** @param refusal what a quota of the application returned: anything but undefined refuses */
function describeRefusal(refusal: unknown, { tenant }: EventOrigin): WasmError {
  const given: Readonly<Record<string, unknown>> =
    typeof refusal === 'object' && refusal !== null ? { ...refusal } : {};
  const { reason, ...facts } = given;
  const message = `The quota refuses the execution: ${typeof reason === 'string' ? reason : 'it gave no reason'}.`;
  return {
    code: 'RESOURCE_LIMIT',
    message,
    context: { ...facts, limit: 'quota', ...(tenant !== undefined && { tenant }) },
  };
}
