import { encodedBytes } from '../api/encoded.js';
import type { ExecutionLimits } from '../api/limits.js';
import { type AuditGate, gateOf } from '../audit/gate.js';
import type { RuntimeConfig } from '../config/resolve.js';
import type { EventHub } from '../metrics/event-hub.js';
import { encodeFields } from '../protocol/context-encoding.js';
import { nameOfPrepared } from '../protocol/prepared-value.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { sha256Hex } from '../support/sha256-hex.js';
import { eventOriginOf } from './origin.js';
import type { PreparedValues } from './prepared/prepared-values.js';
import { type AuditOrigin, auditEvents } from './result/audit.js';
import { newCalls } from './result/effects.js';
import type { ResultInputs, Segment } from './result/result.js';

/** What an audited segment is known by from its beginning. */
type AuditedSegment = Pick<AuditOrigin, 'runId' | 'argsHash'>;

/** A segment that has ended. */
interface EndedSegment {
  readonly segment: Segment;
  readonly inputs: ResultInputs;
  /** The key of the handler. */
  readonly handler: string;
  readonly tenant: string | undefined;
  /** Undefined if nothing listened when it began. */
  readonly audited: AuditedSegment | undefined;
  /** Called if the audit fails. */
  readonly letGo: (() => void) | undefined;
}

/** Tells listeners of `onAudit` what segments did, and lets none begin that could not be audited. */
export class SegmentAudit {
  readonly #events: EventHub;
  readonly #environment: RuntimeEnvironment;
  /** Undefined if executions do not depend on the audit. */
  readonly #gate: AuditGate | undefined;
  readonly #prepared: PreparedValues;

  constructor(config: RuntimeConfig, events: EventHub, environment: RuntimeEnvironment, prepared: PreparedValues) {
    this.#prepared = prepared;
    this.#events = events;
    this.#environment = environment;
    this.#gate = gateOf(config.observer.onAudit);
  }

  /** Whether something listens, or executions depend on it. */
  get isActive(): boolean {
    return this.#gate !== undefined || this.isWanted;
  }

  get isWanted(): boolean {
    return this.#events.hasListeners('onAudit');
  }

  /** @throws NexusError INTERNAL_ERROR if what a segment does could not be audited */
  require(): void {
    const refusal = this.#gate?.();
    if (refusal !== undefined) throw refusal;
  }

  /** @param runId default: it gets one */
  begin(runId: string | undefined, args: unknown, limits: ExecutionLimits, honoursToJson?: boolean): AuditedSegment {
    return { runId: runId ?? this.#environment.newRunId(), argsHash: this.#hashArgs(args, limits, honoursToJson) };
  }

  /**
   * Tells what a segment did that a worker began.
   *
   * @throws NexusError INTERNAL_ERROR if what it did must be audited and cannot be
   */
  note({ segment: { outcome }, inputs, handler, tenant, audited, letGo }: EndedSegment): void {
    const { context, bounds } = inputs;
    this.#events.emitAll('onAudit', () => {
      const told = outcome && { ...outcome, calls: newCalls(outcome.calls, bounds.knownCalls) };
      const time = new Date(this.#environment.now());
      return auditEvents(told, bounds.grants, { ...eventOriginOf(context, tenant), ...audited, time, handler });
    });
    const refusal = this.#gate?.();
    if (refusal === undefined) return;
    letGo?.();
    throw refusal;
  }

  /** Of the arguments of a call, as they are encoded for the VM: of a prepared value in them its hash. */
  #hashArgs(args: unknown, { maxContextBytes }: ExecutionLimits, honoursToJson = false): string {
    const packed = encodedBytes(args);
    if (packed !== undefined) return sha256Hex(packed);
    const references = this.#prepared.collect();
    const { numberOf: numberPrepared } = references;
    const encoding = { maxBytes: maxContextBytes, honoursToJson, numberPrepared, onJsonText: () => undefined };
    const encoded = encodeFields([args], ['context.args'], encoding);
    return sha256Hex(
      references.values === undefined
        ? encoded
        : Buffer.concat([encoded, Buffer.from(nameOfPrepared(references.values))]),
    );
  }
}
