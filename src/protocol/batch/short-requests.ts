import type { CheckpointArea } from '../checkpoint.js';
import type { Request } from '../messages.js';
import { areaAt, type KnownHere, type KnownToWorker } from './known.js';
import type { Placing, ShortReader, ShortWriter } from './short-form.js';
import { isLarge, type Mutable } from './tables.js';

type Resume = Extract<Request, { kind: 'resume' }>;

/** A request that goes in short form. */
export interface ShortRequest {
  readonly place: number;
  readonly request: Resume;
  /** The number of its terms. */
  readonly terms: number;
  readonly checkpoint: CheckpointArea;
  readonly area: CheckpointArea | undefined;
}

/** Place, length of the answers; terms, instructions, clock; two areas of four numbers. */
const ITEM_BYTES = 2 * 4 + 11 * 8;
const NO_BYTES = new Uint8Array(0);

/** @returns undefined if it has something that the short form has no place for, or the worker does not know enough */
export function shortRequestOf(
  request: Request,
  place: number,
  area: CheckpointArea | undefined,
  known: KnownToWorker,
): ShortRequest | undefined {
  if (request.kind !== 'resume') return undefined;
  const { terms, checkpoint, answers, now } = request;
  if (terms === undefined || checkpoint === undefined || isLarge(answers) || Number.isNaN(now)) return undefined;
  if (request.deadline !== undefined || request.logRing !== undefined || request.renewal !== undefined)
    return undefined;
  if (request.leftOut !== undefined) return undefined;
  const number = known.numberOf(terms);
  if (number === undefined || !known.hasBlockOf(checkpoint)) return undefined;
  if (area !== undefined && !known.hasBlockOf(area)) return undefined;
  return { place, request, terms: number, checkpoint, area };
}

export function shortRequestBytes({ request: { answers } }: ShortRequest): number {
  return ITEM_BYTES + answers.length;
}

export function writeShortRequest(writer: ShortWriter, item: ShortRequest): void {
  const { place, request, terms, checkpoint, area } = item;
  const { answers, instructionsBefore, now = Number.NaN } = request;
  writer.uint32(place);
  writer.uint32(answers.length);
  writer.float64(terms);
  writer.float64(instructionsBefore);
  writer.float64(now);
  writeArea(writer, checkpoint);
  writeArea(writer, area);
  writer.blob(answers);
}

/** @throws RangeError */
export function readShortRequest(reader: ShortReader, known: KnownHere): Placing<Request> {
  const place = reader.uint32();
  const length = reader.uint32();
  const number = reader.float64();
  const terms = known.terms.get(number);
  if (terms === undefined) throw new RangeError(`A message names terms ${number}, which are not known here.`);
  const instructionsBefore = reader.float64();
  const now = reader.float64();
  const checkpoint = readArea(reader, known);
  const area = readArea(reader, known);
  const { key, imageHash, features, limits, tenant, localeSettings } = terms;
  const request: Mutable<Resume> = {
    kind: 'resume',
    key,
    snapshot: NO_BYTES,
    imageHash,
    features,
    answers: reader.blob(length),
    limits,
    instructionsBefore,
  };
  if (checkpoint !== undefined) request.checkpoint = checkpoint;
  if (area !== undefined) request.area = area;
  if (!Number.isNaN(now)) request.now = now;
  if (tenant !== undefined) request.tenant = tenant;
  if (localeSettings !== undefined) request.localeSettings = localeSettings;
  return { place, item: request };
}

/** Areas are numbered from 1. */
function writeArea(writer: ShortWriter, area: CheckpointArea | undefined): void {
  writer.float64(area?.id ?? 0);
  writer.float64(area?.block ?? 0);
  writer.float64(area?.start ?? 0);
  writer.float64(area?.bytes.length ?? 0);
}

function readArea(reader: ShortReader, known: KnownHere): CheckpointArea | undefined {
  const id = reader.float64();
  const block = reader.float64();
  const start = reader.float64();
  const length = reader.float64();
  return id === 0 ? undefined : areaAt(known, id, block, start, length);
}
