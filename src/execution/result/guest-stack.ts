import { PRELUDE_FILENAME } from '../../protocol/prelude-name.js';
import { functionNameAt } from '../../source/expressions/functions.js';
import type { Tokens } from '../../source/expressions/tokens.js';
import { isAddedPlace } from '../../source/forms/rewriting.js';
import type { EnginePlace } from '../../source/source-lines.js';
import { framesOf } from '../../support/stack-frames.js';
import type { ErrorPlace, ErrorPlaces } from './error-places.js';
import type { FailedPlace } from './naming.js';

/** An overflowed stack is as deep as the limit allows; its top says what happened. */
const MAX_FRAMES = 20;
/** The guest writes its stack as it likes: nothing is read beyond these bounds. */
const MAX_STACK_CHARACTERS = 16 * 1024;
const MAX_FRAME_CHARACTERS = 500;
const ANONYMOUS = '<anonymous>';
const BUILTIN = /^ {4}at (\S+) \(native\)$/;

interface Frame {
  readonly text: string;
  /** Of a frame of the handler. */
  readonly place?: ErrorPlace;
}

/** The guest's stack without our own frames, in the author's coordinates. */
export interface GuestStack {
  /** Without a head. */
  readonly frames: string;
  /** Where the handler stood: where it made the error, and not where the error's class did. */
  readonly place: ErrorPlace | undefined;
  /** What failed, where the engine itself threw the error and the source is at hand. */
  failedPlace(): FailedPlace | undefined;
}

/**
 * @param raw as the guest has it: it begins with the error's name and message, which may have any number of lines
 * @param filename of what was compiled, as the engine has it
 */
export function readStack(raw: string, message: unknown, filename: string, places: ErrorPlaces): GuestStack {
  const frames = readFrames(framesOf(raw, message), filename, places);
  const placed = frames.filter((frame): frame is Required<Frame> => frame.place !== undefined);
  const known = placed.filter(({ place }) => !place.isUnknown);
  const candidates = known.length > 0 ? known : placed;
  // Where a class of errors calls that of which it is made, the error is not thrown yet.
  const thrown = candidates.find(({ place }) => {
    const tokens = places.tokensAt(place);
    return tokens !== undefined && !constructsError(tokens, offsetOf(place));
  });
  return {
    frames: frames.map((frame) => frame.text.replace(ANONYMOUS, () => nameOf(frame, places))).join('\n'),
    place: (thrown ?? candidates[0])?.place,
    failedPlace() {
      const [first] = frames;
      const [top] = placed;
      const tokens = top && places.tokensAt(top.place);
      if (first === undefined || top === undefined || tokens === undefined) return undefined;
      const builtin = BUILTIN.exec(first.text)?.[1];
      if (first !== top && (builtin === undefined || frames[1] !== top)) return undefined;
      return { tokens, offset: offsetOf(top.place), builtin };
    },
  };
}

/** Index into the text that has the place. */
function offsetOf({ location, lines }: ErrorPlace): number {
  return lines?.offsetOf(location) ?? -1;
}

/** `super(…)`, or the class itself when it has no constructor: its place is its end. */
function constructsError(tokens: Tokens, offset: number): boolean {
  const at = tokens.indexAt(offset);
  if (at === undefined) return false;
  const text = tokens.at(at)?.text;
  return text === '}' || (text === '(' && tokens.at(at - 1)?.text === 'super');
}

/** The engine has no name for a function that is assigned to a member. */
function nameOf({ place }: Frame, places: ErrorPlaces): string {
  const tokens = place && places.tokensAt(place);
  const at = place && tokens?.indexAt(offsetOf(place));
  return (at !== undefined && tokens !== undefined && functionNameAt(tokens, at)) || ANONYMOUS;
}

function readFrames(raw: string, filename: string, places: ErrorPlaces): Frame[] {
  const frames: Frame[] = [];
  const lines = raw.slice(0, MAX_STACK_CHARACTERS).split('\n');
  // Half a frame would no longer be known as one of our own.
  if (raw.length > MAX_STACK_CHARACTERS && lines.length > 1) lines.pop();
  for (const line of lines) {
    if (line.trim() === '' || line.includes(`${PRELUDE_FILENAME}:`)) continue;
    if (frames.length === MAX_FRAMES) {
      frames.push({ text: '    … and more' });
      break;
    }
    const text = line.slice(0, MAX_FRAME_CHARACTERS).trimEnd();
    const parsed = parseFrame(text, filename);
    if (parsed === undefined) {
      frames.push({ text });
      continue;
    }
    // Of what is around a handler that is no body.
    if (isAddedPlace(parsed.place)) continue;
    const place = places.of(parsed.place);
    const { location } = place;
    const { file = filename } = location;
    frames.push({ text: `${parsed.before}(${file}:${location.line}:${location.column})`, place });
  }
  return frames;
}

/** `    at f (handler.js:2:7)`, read from its end: what stands before is the guest's to choose. */
function parseFrame(text: string, filename: string): { before: string; place: EnginePlace } | undefined {
  const open = text.lastIndexOf(`(${filename}:`);
  if (open === -1 || !text.endsWith(')')) return undefined;
  const numbers = text.slice(open + filename.length + 2, -1).split(':');
  const [line, column] = numbers.map(Number);
  const isPlace = numbers.length === 2 && isPosition(line) && isPosition(column);
  return isPlace ? { before: text.slice(0, open), place: { line, column } } : undefined;
}

function isPosition(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}
