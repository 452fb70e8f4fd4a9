import {
  count,
  dictionary,
  finite,
  flag,
  list,
  oneOf,
  readShaped,
  record,
  text,
  time,
} from '../../codec/message-shape.js';
import type { Recording } from './recording.js';

/** A recording without the values in it. */
export type RecordingHeader = Omit<Recording, 'context' | 'segments' | 'calls' | 'outcome'> & {
  readonly context: Omit<Recording['context'], 'stateSnapshot' | 'args' | 'scope'>;
  readonly segments: readonly {
    readonly nowMs: number;
    readonly answers: readonly { readonly callId: string; readonly success: boolean }[];
  }[];
  readonly calls: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  /** The size of the encoded values; the outcome follows them. */
  readonly valueBytes: number;
};

/** Enough for some 10,000 calls and their answers. */
const MAX_HEADER_VALUES = 200_000;
/** Small values count as more than their size. */
const COUNTED_FACTOR = 4;
const MARGIN_BYTES = 1_024;
const MAX_LIMITS = 64;
const NAME = text(64 * 1024);
const TEXT = text(Number.POSITIVE_INFINITY);

const HEADER = record(
  {
    recordedAtMs: time,
    engine: NAME,
    libraries: list(NAME),
    handler: record({ key: NAME, filename: NAME, source: TEXT }),
    context: record(
      {},
      {
        panelId: TEXT,
        handlerName: TEXT,
        capabilities: list(NAME),
        extensionRegistry: dictionary(list(NAME)),
      },
    ),
    limits: dictionary(finite, MAX_LIMITS),
    seed: finite,
    segments: list(record({ nowMs: finite, answers: list(record({ callId: NAME, success: flag })) })),
    calls: list(record({ callId: NAME, extensionName: NAME, method: NAME })),
    valueBytes: count,
  },
  {
    toJSON: flag,
    onLogOverflow: oneOf('cut', 'error'),
    localeSettings: record({ locale: NAME, timeZone: NAME }),
    entry: NAME,
    sourceOptions: record(
      {},
      {
        wrap: record({}, { prologue: TEXT, epilogue: TEXT }),
        returnLastExpression: flag,
        normalise: oneOf('model'),
      },
    ),
  },
);

/** @throws MalformedMessageError if a field is unknown or missing */
export function readRecordingHeader(encoded: Uint8Array): RecordingHeader {
  const maxBytes = encoded.length * COUNTED_FACTOR + MARGIN_BYTES;
  return readShaped(encoded, { maxBytes, maxValues: MAX_HEADER_VALUES }, HEADER) as unknown as RecordingHeader;
}
