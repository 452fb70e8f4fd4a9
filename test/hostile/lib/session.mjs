// One runtime with one worker, so that the next execution runs on the same worker.
import { createRuntime } from 'nexus-runtime';

import { within } from '../../faults/lib/findings.mjs';
import { Canary } from '../canary.mjs';
import { MEMORY_LIMIT_BYTES, mismatch, STACK_SIZE_BYTES } from './outcomes.mjs';
import { WaitingRun } from './waiting-run.mjs';

const OPTIONS = {
  maxInstances: 1,
  cacheDir: false,
  maxCacheSizeBytes: 4 * 2 ** 20,
  cacheSecret: 'a secret of the campaign',
  metrics: false,
  memoryLimitBytes: MEMORY_LIMIT_BYTES,
  stackSizeBytes: STACK_SIZE_BYTES,
  compileTimeoutMs: 3_000,
  network: {
    allow: ['api.example.com'],
    fetch: async ({ method, url }) => new Response(`${method} ${url}`),
  },
};
/** Executions until the canary is hot in the worker. */
const WARMING_EXECUTIONS = 12;
/** Longer than any timeout with its grace period: a call that takes this long does not end. */
const HANG_MS = 20_000;
/** A stack or message that contains one of these exposes the host or the prelude's own code. */
const HOST_TRACES = /nexus:|node:|node_modules|\/dist\/|file:\/\//;
const MAX_MESSAGE_CHARACTERS = 10_000;

/** Options by how handlers of runs wait: in memory that threads share, or as snapshots. */
const AWAITS = { live: {}, captured: { maxLiveBytes: 0 } };

export class Session {
  runtime;
  #options;
  #waitingRuns = 0;
  #canary;
  #workersStarted = 0;
  #onWorker = () => {
    this.#workersStarted++;
  };
  #strays = [];
  #onStray = (error) => this.#strays.push(`uncaught in the process: ${error?.stack ?? error}`);

  /** @param {'live' | 'captured'} awaits */
  static async open(awaits) {
    if (!Object.hasOwn(AWAITS, awaits)) throw new Error(`--awaits is ${awaits}: it must be live or captured`);
    const canary = new Canary();
    const options = { ...OPTIONS, ...AWAITS[awaits] };
    const fresh = await createRuntime(options);
    await canary.learn(fresh);
    await fresh.shutdown();
    const session = new Session(canary, options);
    process.on('worker', session.#onWorker);
    process.on('uncaughtException', session.#onStray).on('unhandledRejection', session.#onStray);
    session.runtime = await createRuntime(options);
    // The canary is also executed before the first program, so that every program has one before and after it.
    for (let i = 0; i < WARMING_EXECUTIONS; i++) await canary.check(session.runtime);
    return session;
  }

  constructor(canary, options) {
    this.#canary = canary;
    this.#options = options;
  }

  async close() {
    await this.runtime.shutdown({ drainTimeoutMs: 1_000 });
    process
      .off('worker', this.#onWorker)
      .off('uncaughtException', this.#onStray)
      .off('unhandledRejection', this.#onStray);
  }

  /**
   * Executes a program in one way while another run waits, then the canary.
   *
   * @param execute returns the result of one call; a rejection is also a result
   * @param isAlone whether no other run waits meanwhile
   * @returns violations, a line each, the result, and how long the call took in milliseconds
   */
  async execute(program, execute, isAlone) {
    const { expect } = program;
    const workersBefore = this.#workersStarted;
    const waiting = isAlone ? undefined : new WaitingRun(this.runtime, ++this.#waitingRuns);
    await waiting?.waits;
    const startedAt = performance.now();
    const result = await within(HANG_MS, execute(this.runtime).catch(rejected), { status: 'hung' });
    const durationMs = performance.now() - startedAt;
    const violations = [mismatch(result, [expect].flat()), ...malformations(result, program)].filter(
      (it) => it !== undefined,
    );
    if (result.status === 'hung') {
      // Its worker may be lost permanently, which is not the fault of the programs after it.
      this.runtime.shutdown({ drainTimeoutMs: 0 });
      this.runtime = await createRuntime(this.#options);
    } else if (waiting !== undefined) {
      violations.push(...(await within(HANG_MS, waiting.end(), ['the waiting run does not end'])));
    }
    violations.push(...(await within(HANG_MS, this.#checkCanary(), ['the next execution does not end'])));
    const started = this.#workersStarted - workersBefore;
    const ended = endsItsWorker(result) ? 1 : 0;
    if (started !== ended && !program.ownRuntime) violations.push(`${started} workers were started anew, not ${ended}`);
    violations.push(...this.#strays.splice(0));
    return { violations, result, durationMs };
  }

  async #checkCanary() {
    try {
      return await this.#canary.check(this.runtime);
    } catch (error) {
      return [`the next execution rejects: ${error.stack}`];
    }
  }
}

function rejected(error) {
  const { code, message, context } = error;
  return { status: 'rejected', error: { code: code ?? error.name, message, context } };
}

/** Only a worker in a native loop or in an endless compilation is ended. */
export function endsItsWorker({ error }) {
  return error?.context?.layer === 'watchdog' || /compileTimeoutMs/.test(error?.message);
}

/** The conditions that every result must meet, whatever the program did. */
function malformations({ status, error, metrics }, { source, options }) {
  const wrong = [];
  if ((status === 'error' || status === 'rejected') !== (error !== undefined)) wrong.push(`${status} with ${error}`);
  for (const text of [error?.message, error?.stack, error?.snippet]) {
    if (text === undefined) continue;
    const [trace] = HOST_TRACES.exec(text) ?? [];
    // Text that the author wrote may be shown to the author.
    const isTheirs = `${source} ${options?.filename}`.includes(trace);
    if (trace !== undefined && !isTheirs) wrong.push(`the error shows the host: ${text.slice(0, 300)}`);
    if (text.length > 2 * MAX_MESSAGE_CHARACTERS) wrong.push(`the error has a text of ${text.length} characters`);
  }
  for (const [name, figure] of Object.entries(metrics ?? {})) {
    if (typeof figure === 'number' && !(figure >= 0 && Number.isFinite(figure))) wrong.push(`${name} is ${figure}`);
  }
  if (metrics?.memoryPeakBytes > OPTIONS.memoryLimitBytes) wrong.push(`its VM had ${metrics.memoryPeakBytes} bytes`);
  return wrong;
}
