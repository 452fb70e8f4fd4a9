import type { Telemetry } from '../metrics/telemetry.js';
import type { OutputFault } from '../schemas/extension-errors.js';
import { renderIssues } from '../schemas/issues.js';
import { renderReason } from '../support/render-reason.js';

/** Tells of methods that answer what their own schemas do not allow. */
export class AnswerMismatches {
  readonly #telemetry: Telemetry;
  /** Methods of which it was told. */
  readonly #known = new Set<string>();

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  /** Observers are told each time. The warning of the process is given once for each method, because handlers choose how often they call. */
  warn({ method, issues, cause }: OutputFault): void {
    const threw = cause === undefined ? '' : ` (${renderReason(cause)})`;
    const message = `${method} answered something that does not match its output schema: ${renderIssues(issues)}${threw}`;
    if (this.#known.has(method)) this.#telemetry.events.emit('onWarning', () => ({ code: 'NEXUS_SCHEMA', message }));
    else this.#telemetry.warn({ code: 'NEXUS_SCHEMA', message });
    this.#known.add(method);
  }
}
