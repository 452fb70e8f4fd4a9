import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { invalidArgument, rejectUnknownKeys, requireText } from '../config/check.js';
import { resolveSecrets } from '../config/resolve-secrets.js';
import { type AuditHead, type AuditRecord, MAX_LINE_BYTES, NO_RECORD, parseRecord } from './record.js';

/** Options of `verifyAuditLog`. */
export interface VerifyAuditLogOptions {
  /** The secret with which the log was written. */
  readonly secret?: string | Uint8Array;
  /** `AuditLog.head` from an earlier time, kept elsewhere: the log must have this record. */
  readonly head?: AuditHead;
}

/** A place in an audit log. */
export interface AuditLogPlace {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** What `verifyAuditLog` found. */
export interface AuditLogReport {
  /** Whether nothing is wrong: see `broken`. */
  readonly ok: boolean;
  /** The first line that is not what was written, and why. */
  readonly broken?: AuditLogPlace & { readonly reason: string };
  /** From the oldest to the newest. */
  readonly files: readonly string[];
  /** Whole records. */
  readonly records: number;
  /** Number of the first record: greater than 1 if older files are no longer kept. */
  readonly first: number;
  /** The last record before the first broken line. */
  readonly head: AuditHead;
  /**
   * Whether the log ends with the record that `close()` writes. If not, its process died, still runs, or the end was cut off: that can only
   * be told apart with `head`.
   */
  readonly isClosed: boolean;
  /** Events that could not be written, as the log itself says. */
  readonly lost: number;
  /** Lines that a process which died has not finished. The next process continued behind them, if there was one. */
  readonly torn: readonly (AuditLogPlace & { readonly bytes: number })[];
}

/**
 * Checks every record of an audit log, from its oldest rotated file on: its own hash, and that it follows the one before it. Changed, removed,
 * inserted and moved records are found. Records removed at the beginning look like rotated files that are no longer kept, see `first`; for
 * those at the end, see `isClosed` and the option `head`.
 *
 * @throws NexusError INVALID_ARGUMENT; or an Error of the system if a file cannot be read
 */
export async function verifyAuditLog(file: string, options: VerifyAuditLogOptions = {}): Promise<AuditLogReport> {
  requireText('file', file);
  rejectUnknownKeys(options, ['secret', 'head'], 'options.', 'INVALID_ARGUMENT');
  const [secret] = resolveSecrets('options.secret', options.secret);
  const { head } = options;
  if (head !== undefined && !(Number.isSafeInteger(head.seq) && typeof head.hash === 'string')) {
    throw invalidArgument('options.head', head, 'the head of an AuditLog');
  }
  const verification = new Verification(secret, head);
  const files = await filesOf(file);
  for (const path of files) {
    for await (const line of linesOf(path)) {
      verification.line(path, line);
      if (verification.broken !== undefined) return verification.report(files);
    }
  }
  verification.end(file);
  return verification.report(files);
}

class Verification {
  broken: (AuditLogPlace & { readonly reason: string }) | undefined;
  readonly #secret: Uint8Array | undefined;
  readonly #expected: AuditHead | undefined;
  readonly #torn: (AuditLogPlace & { readonly bytes: number })[] = [];
  /** Lines that are no records, up to the next one that says that they were cut off. */
  #pending: (AuditLogPlace & { readonly reason: string; bytes: number; isEnded: boolean }) | undefined;
  #last: AuditRecord | undefined;
  #first = 0;
  #records = 0;
  #lost = 0;
  #line = { file: '', line: 0 };

  constructor(secret: Uint8Array | undefined, expected: AuditHead | undefined) {
    this.#secret = secret;
    this.#expected = expected;
  }

  line(file: string, { text, bytes, isEnded }: Line): void {
    const line = this.#line.file === file ? this.#line.line + 1 : 1;
    this.#line = { file, line };
    const record = text === undefined ? 'is longer than any record' : parseRecord(text, this.#secret);
    if (typeof record === 'string') {
      this.#pending ??= { file, line, reason: record, bytes: 0, isEnded };
      this.#pending.bytes += bytes;
      this.#pending.isEnded = isEnded;
      return;
    }
    if (!this.#settlePending(record)) return;
    const reason = this.#faultOf(record);
    if (reason !== undefined) {
      this.broken = { file, line, reason };
      return;
    }
    this.#last = record;
    this.#records++;
    this.#lost += record.lost;
    if (this.#records === 1) this.#first = record.seq;
  }

  end(file: string): void {
    const pending = this.#pending;
    // The last write of a process that died, or that is writing right now.
    if (pending !== undefined && !pending.isEnded) this.#torn.push(placeOf(pending));
    else if (pending !== undefined) this.broken = { ...this.#placeOfPending(pending), reason: pending.reason };
    const expected = this.#expected;
    if (this.broken !== undefined || expected === undefined || expected.seq <= (this.#last?.seq ?? 0)) return;
    const reason = `is the end of the log, and record ${expected.seq} is missing behind it`;
    this.broken = { ...(this.#line.line > 0 ? this.#line : { file, line: 0 }), reason };
  }

  report(files: readonly string[]): AuditLogReport {
    const { seq, hash } = this.#last ?? NO_RECORD;
    return {
      ok: this.broken === undefined,
      ...(this.broken !== undefined && { broken: this.broken }),
      files,
      records: this.#records,
      first: this.#first,
      head: { seq, hash },
      isClosed: this.broken === undefined && this.#pending === undefined && this.#last?.kind === 'end',
      lost: this.#lost,
      torn: this.#torn,
    };
  }

  /** @returns whether the lines before a record are accounted for */
  #settlePending(record: AuditRecord): boolean {
    const pending = this.#pending;
    if (pending === undefined) return true;
    if (record.kind !== 'start' || record.torn !== pending.bytes) {
      this.broken = { ...this.#placeOfPending(pending), reason: pending.reason };
      return false;
    }
    this.#torn.push(placeOf(pending));
    this.#pending = undefined;
    return true;
  }

  #placeOfPending({ file, line }: AuditLogPlace): AuditLogPlace {
    return { file, line };
  }

  #faultOf({ seq, prev, hash }: AuditRecord): string | undefined {
    const last = this.#last ?? (seq === 1 ? NO_RECORD : undefined);
    if (last !== undefined && seq !== last.seq + 1) return `has number ${seq} where ${last.seq + 1} follows`;
    if (last !== undefined && prev !== last.hash) return 'does not follow the record before it';
    const expected = this.#expected;
    if (expected?.seq === seq && expected.hash !== hash) return `is not the record ${seq} of the given head`;
    return undefined;
  }
}

function placeOf({ file, line, bytes }: AuditLogPlace & { readonly bytes: number }) {
  return { file, line, bytes };
}

/** The files of a log, the oldest first. */
async function filesOf(file: string): Promise<string[]> {
  const name = basename(file);
  const numbers = (await readdir(dirname(file)))
    .filter((entry) => entry.startsWith(`${name}.`) && /^[1-9]\d{0,3}$/.test(entry.slice(name.length + 1)))
    .map((entry) => Number(entry.slice(name.length + 1)))
    .sort((a, b) => b - a);
  return [...numbers.map((number) => join(dirname(file), `${name}.${number}`)), file];
}

interface Line {
  /** Undefined if it is longer than any record. */
  readonly text: string | undefined;
  /** With its end. */
  readonly bytes: number;
  /** Whether it has an end. */
  readonly isEnded: boolean;
}

async function* linesOf(path: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const add = (part: Buffer) => {
    bytes += part.length;
    if (bytes <= MAX_LINE_BYTES) parts.push(part);
  };
  const take = (isEnded: boolean): Line => {
    const text = bytes > MAX_LINE_BYTES ? undefined : Buffer.concat(parts).toString('utf8');
    const line = { text, bytes: bytes + 1, isEnded };
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      add(chunk.subarray(from, at));
      yield take(true);
      from = at + 1;
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (bytes > 0) yield take(false);
}
