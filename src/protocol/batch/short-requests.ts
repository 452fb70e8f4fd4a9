import type { Mutable } from '../../support/mutable.js';
import type { CheckpointArea } from '../checkpoint.js';
import type { Request } from '../messages.js';
import { areaAt, type KnownHere, type KnownToWorker } from './known.js';
import type { ShortItem } from './short-form.js';
import { isLarge } from './tables.js';

/** Terms, instructions, clock; two areas of four numbers. */
export const REQUEST_NUMBERS = 11;
const NO_BYTES = new Uint8Array(0);

/** @returns undefined if it has something that the short form has no place for, or the worker does not know enough */
export function shortRequestOf(
  request: Request,
  place: number,
  area: CheckpointArea | undefined,
  known: KnownToWorker,
): ShortItem | undefined {
  if (request.kind !== 'resume') return undefined;
  const { terms, checkpoint, answers, now = Number.NaN } = request;
  if (terms === undefined || checkpoint === undefined || isLarge(answers)) return undefined;
  const { deadline, logRing, renewal, leftOut } = request;
  if ((deadline ?? logRing ?? renewal ?? leftOut) !== undefined) return undefined;
  const number = known.numberOf(terms);
  if (number === undefined || !known.hasBlockOf(checkpoint)) return undefined;
  if (area !== undefined && !known.hasBlockOf(area)) return undefined;
  const numbers = [number, request.instructionsBefore, now, ...numbersOf(checkpoint), ...numbersOf(area)];
  return { place, numbers, blob: answers };
}

/** @throws RangeError */
export function readShortRequest({ numbers, blob }: ShortItem, known: KnownHere): Request {
  const terms = known.terms.get(numbers[0] as number);
  if (terms === undefined) throw new RangeError(`A message names terms ${numbers[0]}, which are not known here.`);
  const now = numbers[2] as number;
  const checkpoint = readArea(numbers, 3, known);
  const area = readArea(numbers, 7, known);
  const request: Mutable<Extract<Request, { kind: 'resume' }>> = {
    kind: 'resume',
    ...terms,
    snapshot: NO_BYTES,
    answers: blob,
    instructionsBefore: numbers[1] as number,
  };
  if (checkpoint !== undefined) request.checkpoint = checkpoint;
  if (area !== undefined) request.area = area;
  if (!Number.isNaN(now)) request.now = now;
  return request;
}

/** Areas are numbered from 1. */
function numbersOf(area: CheckpointArea | undefined): readonly number[] {
  return area === undefined ? [0, 0, 0, 0] : [area.id, area.block, area.start, area.bytes.length];
}

function readArea(numbers: readonly number[], from: number, known: KnownHere): CheckpointArea | undefined {
  const [id = 0, block = 0, start = 0, length = 0] = numbers.slice(from, from + 4);
  return id === 0 ? undefined : areaAt(known, id, block, start, length);
}
