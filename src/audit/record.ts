import { createHash, createHmac } from 'node:crypto';

/** Of records that a log writes about itself, and of uses of capabilities. */
export const RECORD_KINDS = ['start', 'use', 'lost', 'end'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** The place of a record in the chain. */
export interface AuditHead {
  /** From 1. */
  readonly seq: number;
  /** Of the record, in hex. */
  readonly hash: string;
}

/** Before the first record. */
export const NO_RECORD: AuditHead = { seq: 0, hash: '0'.repeat(64) };

/** Longer ones are refused unread. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** The end of a line, which has the hash of what is before it. */
const TAIL = /,"hash":"([0-9a-f]{64})"\}$/;
const TAIL_LENGTH = ',"hash":""}'.length + 64;

/** A record as it was read. */
export interface AuditRecord extends AuditHead {
  readonly prev: string;
  readonly kind: RecordKind;
  /** Of a start: the bytes before it that are the rest of a write that was cut off. */
  readonly torn: number;
  /** The number of events that were not written before it. */
  readonly lost: number;
}

/** One line without its end. */
export function formatRecord(
  before: AuditHead,
  content: Readonly<Record<string, unknown>>,
  secret: Uint8Array | undefined,
): { readonly line: string; readonly head: AuditHead } {
  const seq = before.seq + 1;
  const body = JSON.stringify({ seq, prev: before.hash, ...content }).slice(0, -1);
  const hash = hashOf(body, secret);
  return { line: `${body},"hash":"${hash}"}`, head: { seq, hash } };
}

/** The record in a line, or why it is none. */
export function parseRecord(line: string, secret: Uint8Array | undefined): AuditRecord | string {
  const [, hash] = TAIL.exec(line) ?? [];
  if (hash === undefined) return 'is not a whole record';
  const body = line.slice(0, -TAIL_LENGTH);
  if (hashOf(body, secret) !== hash) return 'does not have the hash that it says';
  let record: unknown;
  try {
    record = JSON.parse(`${body}}`);
  } catch {
    return 'is not JSON';
  }
  const { seq, prev, kind, torn = 0, lost = 0 } = record as Readonly<Record<string, unknown>>;
  const isOne = Number.isSafeInteger(seq) && typeof prev === 'string' && RECORD_KINDS.includes(kind as RecordKind);
  if (!isOne || typeof torn !== 'number' || typeof lost !== 'number') return 'is not a record of an audit log';
  return { seq: seq as number, prev, kind: kind as RecordKind, torn, lost, hash };
}

function hashOf(body: string, secret: Uint8Array | undefined): string {
  const hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  return hash.update(body).digest('hex');
}
