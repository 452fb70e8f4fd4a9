import type { CallResult } from '../../api/answers.js';
import type { NetworkRequest } from '../../api/network/network-request.js';
import { Grants } from '../../capabilities/grants.js';
import type { NetworkConfig } from '../../config/resolve-network.js';
import { eventOriginOf } from '../../execution/origin.js';
import { requestsAtOnce } from '../../execution/own-calls.js';
import type { PendingRequest, SuspendedRun } from '../../execution/suspended-run.js';
import type { Telemetry } from '../../metrics/telemetry.js';
import type { NetworkAnswer } from '../../network/client.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import { setTimeout } from '../../support/timers.js';

/** Answers a request in place of the network; for tests. */
export type RequestMock = (request: NetworkRequest, signal: AbortSignal) => Promise<NetworkAnswer>;

/** What a request needs to be made, beside itself. */
export interface RequestOrigin {
  readonly run: SuspendedRun;
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly mock?: RequestMock | undefined;
}

/** An answer that no handler has taken after this time is dropped: its handler goes on in another process. */
const KEPT_MS = 60_000;
/** The room that an answer leaves for others, in bytes. */
const MARGIN_BYTES = 64 * 1024;

interface Held {
  answer: CallResult | undefined;
  readonly arrived: Promise<void>;
}

/** Makes the requests of handlers. */
export class Requests {
  readonly #network: NetworkConfig | undefined;
  readonly #telemetry: Telemetry;
  readonly #environment: RuntimeEnvironment;
  /** Requests of suspended handlers that are under way or were answered, by the key of the call: one is not made twice in a process. */
  readonly #held = new Map<string, Held>();
  readonly #closing: AbortSignal;

  constructor(
    network: NetworkConfig | undefined,
    telemetry: Telemetry,
    environment: RuntimeEnvironment,
    closing: AbortSignal,
  ) {
    this.#network = network;
    this.#telemetry = telemetry;
    this.#environment = environment;
    this.#closing = closing;
  }

  /**
   * Makes a request.
   *
   * @throws NetworkFailure, NetworkDenial, the reason of the signal
   */
  async make({ request }: PendingRequest, { run, runId, signal, mock }: RequestOrigin): Promise<NetworkAnswer> {
    const { NetworkFailure } = await import('../../network/failure.js');
    if (request === undefined) {
      const why = 'the requests that wait are too large together; make fewer at the same time';
      throw new NetworkFailure('REQUEST_TOO_LARGE', why);
    }
    if (mock !== undefined) return mock(request, signal);
    const { makeRequest } = await import('../../network/client.js');
    const onDenied = (capability: string) => {
      this.#telemetry.events.emit('onAudit', () => ({
        ...eventOriginOf(run.origin, run.tenant),
        runId,
        time: new Date(this.#environment.now()),
        handler: run.handler.key,
        capability,
        allowed: false,
        uses: 1,
      }));
    };
    const maxResponseBytes = Math.max(0, run.limits.maxContextBytes - MARGIN_BYTES);
    const grants = Grants.parse(run.capabilities);
    return makeRequest(request, this.#network, { grants, signal, onDenied, maxResponseBytes });
  }

  /**
   * Makes the requests that a suspended handler waits for.
   *
   * @param until resolves when it is no longer waited for them
   * @returns the answers there are by then, as many as fit into the VM. All are kept, also for a call after one that failed: see
   *   {@link forget}
   */
  async answersOf(origin: Omit<RequestOrigin, 'signal'>, until: Promise<unknown>): Promise<readonly CallResult[]> {
    const { run, runId } = origin;
    const all = requestsAtOnce(run).map((pending) => {
      const key = keyOf(runId, pending.callId);
      return { key, held: this.#held.get(key) ?? this.#begin(key, pending, origin) };
    });
    await Promise.race([Promise.all(all.map(({ held }) => held.arrived)), until]);
    const taken: CallResult[] = [];
    let room = run.limits.maxContextBytes - MARGIN_BYTES;
    for (const { held } of all) {
      const { answer } = held;
      if (answer === undefined) continue;
      room -= sizeOf(answer);
      if (room < 0 && taken.length > 0) break;
      taken.push(answer);
    }
    return taken;
  }

  /** Answers with which a handler has gone on, and that nobody asks for again. */
  forget(runId: string, answers: readonly CallResult[]): void {
    for (const { callId } of answers) this.#held.delete(keyOf(runId, callId));
  }

  #begin(key: string, pending: PendingRequest, origin: Omit<RequestOrigin, 'signal'>): Held {
    const { callId } = pending;
    const arrived = this.make(pending, { ...origin, signal: this.#closing }).then(
      (value) => {
        held.answer = { callId, success: true, value };
      },
      (error: unknown) => {
        // What was ended with the runtime is made by another process.
        if (!this.#closing.aborted) held.answer = { callId, success: false, error };
      },
    );
    const held: Held = { answer: undefined, arrived };
    this.#held.set(key, held);
    void arrived.then(() => setTimeout(() => this.#held.delete(key), KEPT_MS).unref());
    return held;
  }
}

function keyOf(runId: string, callId: string): string {
  return `${runId}:${callId}`;
}

function sizeOf(answer: CallResult): number {
  if (!answer.success) return 0;
  const { body, headers, url } = answer.value as NetworkAnswer;
  return body.length + headers.reduce((sum, [name, value]) => sum + name.length + value.length, url.length);
}
