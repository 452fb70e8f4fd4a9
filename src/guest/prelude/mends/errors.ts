import {
  apply,
  dataDescriptor,
  define,
  defineProperty,
  ErrorConstructor,
  getOwnPropertyDescriptor,
  type Keyed,
  StringFunction,
  TypeErrorConstructor,
} from '../intrinsics.js';

const { indexOf, slice } = String.prototype;

/** A V8 function that is not part of the language: error classes in the style of Node call it. */
export function mendErrors(): void {
  define(
    ErrorConstructor,
    'captureStackTrace',
    {
      captureStackTrace(target: object, upTo: unknown): void {
        const isObject = (typeof target === 'object' && target !== null) || typeof target === 'function';
        if (!isObject) throw new TypeErrorConstructor('Invalid argument');
        const { stack = '' } = new ErrorConstructor();
        // This function is in no stack.
        const frames = dropLines(stack, 1);
        const value = headOf(target as Keyed) + framesAfter(frames, upTo);
        if (!defineProperty(target, 'stack', dataDescriptor(value, false))) {
          throw new TypeErrorConstructor('Cannot define property stack, object is not extensible');
        }
      },
    }.captureStackTrace,
  );
}

/** As `Error.prototype.toString` gives it. */
function headOf({ name, message }: Keyed): string {
  const what = name === undefined ? 'Error' : StringFunction(name);
  const why = message === undefined ? '' : StringFunction(message);
  if (why === '') return what + '\n';
  return (what === '' ? why : what + ': ' + why) + '\n';
}

/**
 * The frames up to and including the topmost call of a function are left out. The function is known only by
 * its name.
 */
function framesAfter(frames: string, upTo: unknown): string {
  if (typeof upTo !== 'function') return frames;
  const name = getOwnPropertyDescriptor(upTo, 'name')?.value;
  if (typeof name !== 'string' || name === '') return frames;
  const frame = '    at ' + name + ' (';
  for (let rest = frames; rest !== ''; rest = dropLines(rest, 1)) {
    if (apply(indexOf, rest, [frame]) === 0) return dropLines(rest, 1);
  }
  return frames;
}

function dropLines(text: string, count: number): string {
  let rest = text;
  for (let i = 0; i < count; i++) {
    const end = apply(indexOf, rest, ['\n']) as number;
    rest = end === -1 ? '' : (apply(slice, rest, [end + 1]) as string);
  }
  return rest;
}
