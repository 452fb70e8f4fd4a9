import type { Writable } from 'node:stream';

import type { AuditEvent } from '../api/observing/observer.js';
import {
  boolean,
  integer,
  invalidOption,
  type Keys,
  readArgument,
  rejectUnknownKeys,
  requireObject,
} from '../config/check.js';
import { resolveSecrets } from '../config/resolve-secrets.js';
import { NexusError } from '../errors/nexus-error.js';
import { renderReason } from '../support/render-reason.js';
import { performance } from '../support/timers.js';
import { withGate } from './gate.js';
import { LogFile } from './log-file.js';
import { type AuditHead, formatRecord, NO_RECORD, type RecordKind } from './record.js';

/** Options of `auditLog`: either `file` or `stream`. */
export interface AuditLogOptions {
  /** Path of the file, which is created with mode 0600. Only one process may write to it. */
  readonly file?: string;
  /** Receives the lines instead of a file. Its chain begins anew in each process, and it is not ended by `close`. */
  readonly stream?: Writable;
  /**
   * What happens when an event cannot be written. `'refuse'`: calls reject with INTERNAL_ERROR, before their handler begins if that is known
   * by then; otherwise the effects of the handler are withheld. `'continue'`: handlers go on, one warning is issued (NEXUS_AUDIT), and when
   * the log can be written again, a record says how many events are missing.
   *
   * @default 'refuse'
   */
  readonly onFailure?: 'refuse' | 'continue';
  /** Size at which the file is rotated, in bytes: `file` becomes `file.1`, which becomes `file.2`. @default 64 MiB */
  readonly maxBytes?: number;
  /** Rotated files that are kept. @default 10 */
  readonly keep?: number;
  /**
   * Key of an HMAC, at least 16 bytes, in place of a plain SHA-256. Without it, anyone who can write to the file can also make a chain that
   * verifies. @default none
   */
  readonly secret?: string | Uint8Array;
  /** Whether each event is on the disk, not only with the system, before the call goes on. It takes milliseconds. @default false */
  readonly fsync?: boolean;
}

/** A log of the uses of capabilities. */
export interface AuditLog {
  /** For `observer.onAudit`. Pass this function itself: `onFailure: 'refuse'` depends on it. */
  readonly onAudit: (event: AuditEvent) => void;
  /** The last record. Kept elsewhere, it lets `verifyAuditLog` notice that the end was cut off. */
  readonly head: AuditHead;
  /** Why events cannot be written at present. */
  readonly failure: Error | undefined;
  /** Writes a last record and closes the file; call it after `shutdown()`. Later events are failures. */
  close(): Promise<void>;
}

const KEYS: Keys<AuditLogOptions> = {
  file: true,
  stream: true,
  onFailure: true,
  maxBytes: true,
  keep: true,
  secret: true,
  fsync: true,
};
const MIB = 1024 * 1024;
const DEFAULT_MAX_BYTES = 64 * MIB;
const MIN_MAX_BYTES = 4_096;
const DEFAULT_KEEP = 10;
const MAX_KEEP = 1_000;
/** What a stream that is too slow may have waiting, in bytes. */
const MAX_WAITING_BYTES = 16 * MIB;
/** A longer name of an event is cut. */
const MAX_NAME = 1_000;
/** A file that cannot be written is not opened again for each event. */
const RETRY_MS = 100;

/** Takes lines; throws if it cannot. */
interface Sink {
  readonly head: AuditHead;
  readonly torn: number;
  append(line: string): void;
  close(): void | Promise<void>;
  /** Gives up what it holds, without writing. */
  abandon?(): void;
}

/**
 * Creates an audit log: JSON lines, each of which has the hash of the one before it. A log that exists is continued.
 *
 * @throws NexusError INVALID_CONFIG naming the option; or if the file cannot be written and `onFailure` is `'refuse'`
 *
 * @example
 * const log = auditLog({ file: 'audit.log', secret: process.env.AUDIT_SECRET });
 * const runtime = await createRuntime({ observer: { onAudit: log.onAudit } });
 */
export function auditLog(options: AuditLogOptions): AuditLog {
  return readArgument('auditLog', () => new ChainedLog(checked(options)), 'INVALID_CONFIG');
}

class ChainedLog implements AuditLog {
  readonly onAudit: (event: AuditEvent) => void;
  readonly #options: CheckedOptions;
  #sink: Sink | undefined;
  #head = NO_RECORD;
  #failure: Error | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #lost = 0;
  #isClosed = false;

  constructor(options: CheckedOptions) {
    this.#options = options;
    const onAudit = (event: AuditEvent) => this.#note(event);
    // For as long as the log lives: between two attempts an error would end the process otherwise.
    options.stream?.on('error', this.#onStreamError);
    this.onAudit = options.onFailure === 'refuse' ? withGate(onAudit, () => this.#refusal()) : onAudit;
    this.#attempt(() => {});
    if (this.#failure === undefined || options.onFailure === 'continue') return;
    throw new NexusError('INVALID_CONFIG', describeFailure(options, this.#failure), {
      cause: this.#failure,
      context: { option: 'auditLog.file', value: options.file },
    });
  }

  /** Lines that were written before may be lost; at least one is. */
  readonly #onStreamError = (error: Error): void => {
    this.#lost++;
    this.#failure = error;
    this.#failedAt = performance.now();
    this.#sink = undefined;
  };

  get head(): AuditHead {
    return this.#head;
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#attempt(() => this.#append('end', {}));
    this.#isClosed = true;
    const sink = this.#sink;
    this.#sink = undefined;
    await sink?.close();
    this.#options.stream?.off('error', this.#onStreamError);
  }

  #note(event: AuditEvent): void {
    const before = this.#failure;
    const isWritten = this.#attempt(() => this.#append('use', contentOf(event), event.time));
    if (isWritten) return;
    this.#lost++;
    if (before === undefined && this.#options.onFailure === 'continue') {
      process.emitWarning(describeFailure(this.#options, this.#failure), { type: 'NexusWarning', code: 'NEXUS_AUDIT' });
    }
  }

  /** Why nothing may be executed. What can be written again is. */
  #refusal(): NexusError | undefined {
    if (this.#failure === undefined || this.#attempt(() => {})) return undefined;
    const { file } = this.#options;
    return new NexusError('INTERNAL_ERROR', describeFailure(this.#options, this.#failure), {
      cause: this.#failure,
      context: { option: 'auditLog.onFailure', ...(file !== undefined && { file }) },
    });
  }

  /** @returns whether everything was written */
  #attempt(write: () => void): boolean {
    if (this.#failure !== undefined && performance.now() < this.#failedAt + RETRY_MS) return false;
    try {
      if (this.#isClosed) throw new Error('it was closed');
      this.#open();
      if (this.#lost > 0) {
        this.#append('lost', { lost: this.#lost });
        this.#lost = 0;
      }
      write();
      this.#failure = undefined;
      return true;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(renderReason(error));
      this.#failedAt = performance.now();
      // Part of a line may be in the file: it is read again before anything is written.
      this.#sink?.abandon?.();
      this.#sink = undefined;
      return false;
    }
  }

  #open(): void {
    if (this.#sink !== undefined) return;
    const { stream, secret, file: path = '', maxBytes, keep, fsync } = this.#options;
    this.#sink =
      stream === undefined ? LogFile.open({ path, maxBytes, keep, fsync, secret }) : new StreamSink(stream, this.#head);
    this.#head = this.#sink.head;
    const { torn } = this.#sink;
    this.#append('start', torn > 0 ? { torn } : {});
  }

  #append(kind: RecordKind, content: Readonly<Record<string, unknown>>, time = new Date()): void {
    const { line, head } = formatRecord(this.#head, { time, kind, ...content }, this.#options.secret);
    this.#sink?.append(line);
    this.#head = head;
  }
}

class StreamSink implements Sink {
  readonly head: AuditHead;
  readonly torn = 0;
  readonly #stream: Writable;

  constructor(stream: Writable, head: AuditHead) {
    this.head = head;
    this.#stream = stream;
  }

  append(line: string): void {
    const { destroyed, errored, writableEnded, writableLength } = this.#stream;
    if (errored) throw errored;
    if (destroyed || writableEnded) throw new Error('the stream has ended');
    if (writableLength > MAX_WAITING_BYTES) throw new Error(`the stream is too slow: ${writableLength} bytes wait`);
    this.#stream.write(`${line}\n`);
  }

  async close(): Promise<void> {
    const { destroyed, errored, writableEnded } = this.#stream;
    if (destroyed || errored || writableEnded) return;
    await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
  }
}

/** Names may come from requests. A record that is too long could not be read again. */
function cut(name: string | undefined): string | undefined {
  return name === undefined || name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME)}…`;
}

/** In a fixed order; nothing else of an event is written. */
function contentOf(event: AuditEvent): Readonly<Record<string, unknown>> {
  const { tenant, runId, handlerName, panelId, handler, argsHash, capability, allowed, uses, isAssumed, isCut } = event;
  const names = { tenant: cut(tenant), runId, handlerName: cut(handlerName), panelId: cut(panelId) };
  return { ...names, handler, argsHash, capability: cut(capability), allowed, uses, isAssumed, isCut };
}

function describeFailure({ file, onFailure }: CheckedOptions, failure: Error | undefined): string {
  const what = file === undefined ? 'The stream of the audit log' : `The audit log ${JSON.stringify(file)}`;
  const remedy =
    onFailure === 'refuse'
      ? "Nothing is executed until it can be written; onFailure: 'continue' would go on without it."
      : 'Handlers go on, and the log will say how many events are missing.';
  return `${what} cannot be written: ${failure?.message ?? 'unknown'}. ${remedy}`;
}

type CheckedOptions = ReturnType<typeof checked>;

function checked(options: AuditLogOptions) {
  requireObject('auditLog', options);
  rejectUnknownKeys(options, Object.keys(KEYS), 'auditLog.');
  const { file, stream, onFailure = 'refuse', fsync, secret } = options;
  if ((file === undefined) === (stream === undefined)) {
    throw invalidOption('auditLog.file', file, 'a path, or absent if there is a stream');
  }
  if (file !== undefined && (typeof file !== 'string' || file === ''))
    throw invalidOption('auditLog.file', file, 'a path');
  if (stream !== undefined && typeof stream?.write !== 'function') {
    throw invalidOption('auditLog.stream', stream, 'a Writable');
  }
  if (onFailure !== 'refuse' && onFailure !== 'continue') {
    throw invalidOption('auditLog.onFailure', onFailure, "'refuse' or 'continue'");
  }
  return {
    file,
    stream,
    onFailure,
    maxBytes: integer('auditLog.maxBytes', options.maxBytes, DEFAULT_MAX_BYTES, {
      min: MIN_MAX_BYTES,
      max: Number.MAX_SAFE_INTEGER,
    }),
    keep: integer('auditLog.keep', options.keep, DEFAULT_KEEP, { min: 1, max: MAX_KEEP }),
    fsync: boolean('auditLog.fsync', fsync, false),
    secret: resolveSecrets('auditLog.secret', secret)[0],
  };
}
