import { createHash } from 'node:crypto';
import type { EventOrigin } from '../../api/observing/observer.js';
import type { ExtensionCall } from '../../api/result.js';
import type { FoundSuspension } from '../../api/suspension-store.js';
import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import type { NexusError } from '../../errors/nexus-error.js';
import { LeftOut } from '../../execution/request/left-out.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import type { WaitingRun } from '../../execution/waiting-run.js';
import { compress, decompress, InflatedTooLargeError } from '../../support/compression.js';
import { MAX_TENANT_LENGTH } from '../check.js';
import { incompatible } from '../incompatible.js';
import { openEnvelope, sealEnvelope } from './envelope.js';
import type { EnvelopeKeys } from './envelope-keys.js';
import {
  MAX_CALLS,
  MAX_SOURCE_CHARACTERS,
  MAX_SOURCE_MAP_BYTES,
  RUN_HEADER,
  type SealedRunHeader,
} from './run-header.js';
import { openPrepared, sealPrepared } from './sealed-prepared.js';
import { decodeValues, encodeValues } from './values.js';

const NOTHING = new Uint8Array(0);
/** A snapshot is a difference from an image with a table of its places: in the worst case every other word. */
const SNAPSHOT_GROWTH = 1.25;
const SNAPSHOT_MARGIN_BYTES = 1024 * 1024;

/** Of envelopes without one. */
const UNNAMED_ABI = 1;

/** Of what a listing shows: a store takes only so much of it. */
const MAX_LISTED_CALLS = 20;
const MAX_LISTED_CHARACTERS = 100;

/**
 * The content of a listing. The handler chooses the names and number of its calls, so it is cut here,
 * although the run itself is not.
 */
export function summariseRun({ calls, origin, handler }: SuspendedRun): Readonly<Record<string, unknown>> {
  const listed = calls.slice(0, MAX_LISTED_CALLS).map(cutTexts);
  return { ...cutTexts({ ...origin, filename: handler.filename }), calls: listed, callCount: calls.length };
}

/** The origin in what {@link summariseRun} made, which is neither sealed nor checked. */
export function summarisedOrigin({ info, tenant }: Pick<FoundSuspension, 'info' | 'tenant'>): EventOrigin {
  const nameIn = (field: string) => (typeof info[field] === 'string' ? { [field]: info[field] } : {});
  return { ...nameIn('handlerName'), ...nameIn('panelId'), ...(tenant !== undefined && { tenant }) };
}

function cutTexts(texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const cut = (text: string) =>
    text.length <= MAX_LISTED_CHARACTERS ? text : `${text.slice(0, MAX_LISTED_CHARACTERS - 1)}…`;
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, cut(text)]));
}

/** A tenant as stores see it: a long name is replaced by its hash. */
export function storedTenant(tenant: string | undefined): string | undefined {
  if (tenant === undefined || tenant.length <= MAX_TENANT_LENGTH) return tenant;
  return `sha256:${createHash('sha256').update(tenant).digest('hex')}`;
}

/**
 * @param id the only id under which it can be opened
 * @returns the number of pending calls, if there are more than can be read again
 */
export async function sealRun(
  id: string,
  { run, calls }: Pick<WaitingRun, 'run' | 'calls'>,
  keys: EnvelopeKeys,
): Promise<Uint8Array | { readonly maxCalls: number }> {
  const { snapshot, leftOut, handler, abi, prepared, callArguments: _, image: __, ...header } = run;
  const { sourceMap, ...named } = handler;
  const source = handler.source.length <= MAX_SOURCE_CHARACTERS ? handler.source : '';
  const isSmall = sourceMap !== undefined && sourceMap.deflated.length <= MAX_SOURCE_MAP_BYTES;
  if (run.calls.length + (run.leftCalls?.length ?? 0) > MAX_CALLS) return { maxCalls: MAX_CALLS };
  const args = await encodeArguments(calls);
  const values = await leftOut?.encode();
  const sealedPrepared = prepared && (await sealPrepared(prepared));
  const sealed: SealedRunHeader = {
    ...header,
    ...(args.length > 0 && { argumentBytes: args.length }),
    ...(sealedPrepared && { prepared: sealedPrepared.sealed }),
    ...(abi !== UNNAMED_ABI && { abi }),
    handler: { ...named, source, ...(isSmall && { sourceMap }) },
    ...(values !== undefined && { leftOutBytes: values.length }),
  };
  const parts = [args, snapshot, values ?? NOTHING].filter(({ length }) => length > 0);
  const deflated = await compress(parts.length === 1 ? snapshot : Buffer.concat(parts));
  const payload = sealedPrepared === undefined ? deflated : Buffer.concat([deflated, sealedPrepared.payload]);
  return sealEnvelope(id, sealed, payload, keys);
}

async function encodeArguments(calls: readonly ExtensionCall[]): Promise<Uint8Array> {
  if (calls.length === 0) return NOTHING;
  return encodeValues([calls.length, ...calls.map(({ args }) => args)], 'arguments');
}

/**
 * The calls that an opened run waits for, with their arguments.
 *
 * @throws NexusError SUSPENSION_INCOMPATIBLE if they are not what was sealed, or were sealed before arguments were
 */
export async function pendingCallsOf(id: string, { calls, callArguments }: SuspendedRun): Promise<ExtensionCall[]> {
  if (calls.length === 0) return [];
  const fault = (what: string) =>
    incompatible('content', `The arguments of the calls of the handler ${id} ${what}.`, { suspensionId: id });
  if (callArguments === undefined) throw fault('were not kept by the version that suspended it');
  try {
    const [count, ...rest] = await decodeValues(callArguments);
    const args = rest.slice(0, calls.length);
    const isWhole = count === calls.length && args.length === count && args.every(Array.isArray);
    if (!isWhole) throw fault('are not those that were kept');
    return calls.map((call, index) => ({ ...call, args: args[index] as unknown[] }));
  } catch (error) {
    if (error instanceof MalformedValueError) throw fault(`cannot be read: it ${error.message}`);
    throw error;
  }
}

/** The limits of runs that a runtime can resume. */
export interface RunBounds {
  /** Those that it speaks, its own first. Default: it is only looked at, whatever it was suspended by */
  readonly abis?: readonly number[];
  /** Fingerprint. */
  readonly engine: string;
  readonly memoryLimitBytes: number;
}

/**
 * @throws NexusError SUSPENSION_INCOMPATIBLE if it is damaged, foreign, of another engine, or larger than the
 *   VMs
 */
export async function openRun(
  id: string,
  envelope: Uint8Array,
  keys: EnvelopeKeys,
  { abis, engine, memoryLimitBytes }: RunBounds,
): Promise<SuspendedRun> {
  const { header, payload } = await openEnvelope(id, envelope, keys);
  const problem = RUN_HEADER(header);
  if (problem !== undefined) {
    const message = `The suspended handler ${id} cannot be opened: its envelope has a header that ${problem}. It is kept.`;
    throw incompatible('content', message, { suspensionId: id });
  }
  const {
    abi = UNNAMED_ABI,
    argumentBytes = 0,
    leftOutBytes = 0,
    prepared: sealedPrepared,
    ...run
  } = header as SealedRunHeader;
  if (abis !== undefined && !abis.includes(abi)) throw otherAbi(id, abi, abis);
  if (abis !== undefined && run.engine !== engine) {
    throw incompatible(
      'content',
      `The handler ${id} was suspended by engine ${run.engine}, this is ${engine}. It is kept; resume it with a version of the library that has its engine, beside this one under an npm alias if need be.`,
      { expected: run.engine, actual: engine },
    );
  }
  try {
    const maxBytes = Math.ceil(memoryLimitBytes * SNAPSHOT_GROWTH) + SNAPSHOT_MARGIN_BYTES;
    const prepared = sealedPrepared && (await openPrepared(sealedPrepared, payload, maxBytes));
    const deflated = payload.subarray(0, payload.length - (prepared?.length ?? 0));
    // Values that were left out fit into a VM as well.
    const content = await decompress(deflated, maxBytes + argumentBytes + Math.min(leftOutBytes, memoryLimitBytes));
    if (argumentBytes + leftOutBytes > content.length) throw new RangeError('what belongs to the snapshot is missing');
    const end = content.length - leftOutBytes;
    return {
      ...run,
      abi,
      ...(prepared && { prepared: prepared.values }),
      ...(leftOutBytes > 0 && { leftOut: LeftOut.from(content.subarray(end)) }),
      ...(argumentBytes > 0 && { callArguments: content.subarray(0, argumentBytes) }),
      snapshot: argumentBytes + leftOutBytes === 0 ? content : content.subarray(argumentBytes, end),
    };
  } catch (error) {
    const isTooLarge = error instanceof InflatedTooLargeError;
    const what = isTooLarge
      ? `is larger than a VM of memoryLimitBytes (${memoryLimitBytes}) of this runtime. Resume it where that is higher`
      : `cannot be read: ${String(error)}`;
    const context = isTooLarge ? { limit: 'memoryLimitBytes', value: memoryLimitBytes } : {};
    throw incompatible('content', `The snapshot of the handler ${id} ${what}.`, { suspensionId: id, ...context });
  }
}

function otherAbi(id: string, abi: number, abis: readonly number[]): NexusError {
  const [ownAbi = 0] = abis;
  const isNewer = abi > ownAbi;
  const which = isNewer ? 'a newer version of the library' : 'an older version of the library';
  const remedy = isNewer
    ? 'update the library here, then resume it'
    : 'resume it with the version that suspended it, beside this one under an npm alias if need be';
  const spoken = abis.length === 1 ? `this is ${ownAbi}` : `this speaks ${[...abis].sort((a, b) => a - b).join(', ')}`;
  return incompatible(
    'version',
    `The handler ${id} was suspended by ${which} (ABI ${abi}, ${spoken}). It is kept; ${remedy}.`,
    { suspensionId: id, expected: abi, actual: ownAbi },
  );
}
