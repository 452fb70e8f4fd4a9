import type { ExecutionLimits } from '../config/limits.js';
import type { TraceCarrier } from '../config/tracing.js';
import type { CapabilityToken } from '../contract/capability.js';
import { compress, decompress } from './compression.js';
import { openEnvelope, sealEnvelope } from './envelope.js';
import type { EnvelopeKeys } from './envelope-keys.js';
import { incompatible } from './incompatible.js';

/** A handler that waits: all that it takes to go on with it, in any process that has its engine and libraries. */
export interface SuspendedRun {
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** SHA-256 of the image on which the snapshot was taken, hex, and the features in it. */
  readonly imageHash: string;
  readonly features: number;
  /** The VM beyond its image, see `pool/snapshot.ts`. Compressed when it is sealed. */
  readonly snapshot: Uint8Array;
  /** For errors: where it came from, and the author's lines. */
  readonly handler: { readonly key: string; readonly filename: string; readonly source: string };
  readonly capabilities: readonly CapabilityToken[];
  readonly limits: ExecutionLimits;
  /** What was used of the counted limits, by their names. */
  readonly usage: Readonly<
    Record<'maxHostCalls' | 'maxStateMutations' | 'maxEvents' | 'maxViewCommands' | 'maxLogBytes', number>
  >;
  /** Of the trace in which it was suspended. */
  readonly trace?: TraceCarrier;
  /** Milliseconds since the epoch. */
  readonly suspendedAtMs: number;
  /** Calls that wait for an answer. */
  readonly calls: readonly { readonly callId: string; readonly extensionName: string; readonly method: string }[];
  /** For whom it began: between tenants, memory is wiped. */
  readonly tenant?: string;
  readonly origin: { readonly handlerName?: string; readonly panelId?: string };
}

/** A longer source is left out: errors then have lines and no snippet. */
const MAX_SOURCE_CHARACTERS = 32 * 1024;

/** Of what a listing shows: a store takes only so much of it. */
const MAX_LISTED_CALLS = 20;
const MAX_LISTED_CHARACTERS = 100;

/** What a listing shows. The handler chooses what it calls and how often, so this is cut where the run itself is not. */
export function summariseRun({ calls, origin, handler }: SuspendedRun): Readonly<Record<string, unknown>> {
  const listed = calls.slice(0, MAX_LISTED_CALLS).map(cutTexts);
  return { ...cutTexts({ ...origin, filename: handler.filename }), calls: listed, callCount: calls.length };
}

function cutTexts(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const cut = (text: string) =>
    text.length <= MAX_LISTED_CHARACTERS ? text : `${text.slice(0, MAX_LISTED_CHARACTERS - 1)}…`;
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, cut(text)]));
}

/** @param id under which alone it can be opened */
export async function sealRun(id: string, run: SuspendedRun, keys: EnvelopeKeys): Promise<Uint8Array> {
  const { snapshot, handler, ...header } = run;
  const source = handler.source.length <= MAX_SOURCE_CHARACTERS ? handler.source : '';
  return sealEnvelope(id, { ...header, handler: { ...handler, source } }, await compress(snapshot), keys);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE when it is not whole, not ours, or of another engine than `engine` */
export async function openRun(
  id: string,
  envelope: Uint8Array,
  keys: EnvelopeKeys,
  engine: string,
): Promise<SuspendedRun> {
  const { header, payload } = openEnvelope(id, envelope, keys);
  // Sealed by this library: what is in it is what was put in.
  const run = header as Omit<SuspendedRun, 'snapshot'>;
  if (run.engine === engine) {
    try {
      return { ...run, snapshot: await decompress(payload) };
    } catch (error) {
      throw incompatible('content', `The snapshot of the handler ${id} cannot be read: ${String(error)}`, {});
    }
  }
  throw incompatible(
    'content',
    `The handler ${id} was suspended by engine ${run.engine}, this is ${engine}. It is kept; resume it with a version of the library that has its engine.`,
    { expected: run.engine, actual: engine },
  );
}
